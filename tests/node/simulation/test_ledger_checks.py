"""The checks of ledgers after a run: silent about sound ones, and each finds what it is for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from consensus.simulation.application import Block
from consensus.simulation.history import ViolationError
from ledger.apps.accounts import apply as accounts_apply
from ledger.block import encode_payload
from ledger.leaves import AccountState, account_key, hash_key
from ledger.mempool_log import forget_batch, log_batch
from ledger.reasons import Reason
from ledger.state import View, WorkingAccount
from ledger.store.schema import CERTIFICATE, META_KEY, STATE, at_height
from ledger.store.store import Batch
from ledger.transaction import Transfer
from node.simulation.ledger import LedgerApplication
from node.simulation.ledger_book import Book
from node.simulation.ledger_checks import check_ledgers, make_judge, pick
from tests.node.simulation.ledgers import COMMITTEE, Ledgers, make_certificate


def make_run() -> Ledgers:
    """Six certified blocks and one that is not, some work that waits, one host behind."""
    ledgers = Ledgers()
    for height in range(6):
        ledgers.order(*(f"pay{height}.{number}" for number in range(5)), proposer=height % 4)
    ledgers.certify()
    ledgers.submit("last")
    ledgers.decide(ledgers.propose(1), at=range(3))
    ledgers.submit("later")
    return ledgers


def find(hosts: list[LedgerApplication]) -> str:
    with pytest.raises(ViolationError) as caught:
        check_ledgers(hosts, COMMITTEE)
    return caught.value.property_name


def overwrite(host: LedgerApplication, key: bytes, value: bytes | None) -> None:
    """Damage a database behind its chain's back."""
    batch = Batch()
    batch.extend([(key, value)])
    host.store.write(batch)


def account_leaf(host: LedgerApplication, number: int) -> bytes:
    key = host.network.accounts[number].public_key
    return STATE + hash_key(account_key(key))


def test_a_sound_run_passes() -> None:
    ledgers = make_run()
    check_ledgers(ledgers.hosts, COMMITTEE)
    ledgers[1].crash(loses_unsynced=True)
    ledgers[2].wipe()
    check_ledgers(ledgers.hosts, COMMITTEE)
    check_ledgers([], COMMITTEE)


def test_a_run_without_a_block_or_certificate_passes() -> None:
    ledgers = Ledgers()
    check_ledgers(ledgers.hosts, COMMITTEE)
    ledgers.order("pay")
    check_ledgers(ledgers.hosts, COMMITTEE)


def test_two_blocks_at_a_height() -> None:
    ledgers = make_run()
    ledgers.decide(ledgers.propose(0), at=[0])
    ledgers.decide(at=[1])
    assert find(ledgers.hosts) == "ledger-prefix"


def test_another_block_below_the_longest_head() -> None:
    ledgers = make_run()
    ledgers.decide(at=[3])
    assert find(ledgers.hosts) == "ledger-prefix"


def test_a_state_that_is_not_the_heads() -> None:
    ledgers = make_run()
    overwrite(ledgers[2], account_leaf(ledgers[2], 3), msgspec.msgpack.encode(AccountState(1, 1)))
    assert find(ledgers.hosts) == "ledger-state"


def test_money_from_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    ledgers = make_run()
    monkeypatch.setattr(type(ledgers[0].chain), "compute_total_supply", lambda chain: 7)
    assert find(ledgers.hosts) == "ledger-supply"


def test_a_block_that_the_engine_was_not_told() -> None:
    ledgers = make_run()
    told = ledgers[0].blocks
    told[2] = replace(told[2], values=())
    assert find([ledgers[0]]) == "ledger-links"
    told[2] = Block(3, ledgers[1].blocks[2].values, None, bytes(32))
    assert find([ledgers[0]]) == "ledger-links"


def test_a_transaction_whose_signature_nobody_checked() -> None:
    ledgers = make_run()
    ledgers[0].submit("!8")
    bad = ledgers.bodies.by_item["!8"]
    ledgers.decide(
        encode_payload(9, ledgers.bodies.network.genesis.validators[0], [bad.id]), at=range(3)
    )
    assert "!8" in ledgers[0].executed
    assert find(ledgers.hosts) == "ledger-signature"


Bend = Callable[[Book], None]


def move_a_balance(book: Book) -> None:
    book.balances[next(iter(book.balances))] += 1


def use_a_nonce(book: Book) -> None:
    book.nonces[b"\x05" * 32] = 1


def write_a_record(book: Book) -> None:
    book.records[b"\x05" * 32, b"key"] = b"value"


@pytest.mark.parametrize("bend", [move_a_balance, use_a_nonce, write_a_record])
def test_a_state_that_its_receipts_do_not_explain(
    bend: Bend, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = Book.compare

    def bent(book: Book, chain: object) -> None:
        bend(book)
        compare(book, chain)  # type: ignore[arg-type]

    monkeypatch.setattr(Book, "compare", bent)
    assert find(make_run().hosts) == "ledger-effect"


def pay_twice(view: View, sender: WorkingAccount, payload: Transfer) -> Reason | None:
    sender.balance -= payload.amount
    view.account(payload.recipient).balance += 2 * payload.amount
    return None


def pay_somebody_else(view: View, sender: WorkingAccount, payload: Transfer) -> Reason | None:
    sender.balance -= payload.amount
    view.account(sender.public_key[::-1]).balance += payload.amount
    return None


def say_that_it_failed(view: View, sender: WorkingAccount, payload: Transfer) -> Reason | None:
    accounts_apply(view, sender, payload)
    return Reason.TX_INSUFFICIENT_BALANCE


@pytest.mark.parametrize(
    ("apply", "found"),
    [
        (pay_twice, "ledger-supply"),
        (pay_somebody_else, "ledger-effect"),
        (say_that_it_failed, "ledger-effect"),
    ],
)
def test_a_mistake_that_all_ledgers_make(
    apply: Any, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.apps.accounts.apply", apply)
    ledgers = make_run()
    assert len({host.chain.head_id for host in ledgers.hosts[:3]}) == 1
    assert find(ledgers.hosts) == found


def test_a_database_that_does_not_open_again() -> None:
    ledgers = make_run()
    overwrite(ledgers[0], META_KEY, None)
    assert find([ledgers[0]]) == "ledger-recovery"


def test_a_log_that_is_not_what_waits() -> None:
    ledgers = make_run()
    waiting = ledgers.bodies.make("later")
    ledgers[0].store.write(forget_batch([waiting.id]))
    assert find([ledgers[0]]) == "ledger-mempool"
    ledgers[0].store.write(log_batch([waiting]))
    check_ledgers([ledgers[0]], COMMITTEE)
    done = ledgers.bodies.make("last")
    ledgers[0].store.write(log_batch([done]))
    assert find([ledgers[0]]) == "ledger-mempool"


@pytest.mark.parametrize("signers", [range(2), [0, 1, 7], []])
def test_a_certificate_without_a_quorum_of_members(signers: list[int]) -> None:
    ledgers = make_run()
    certificate = make_certificate(6, ledgers[0].blocks[5].block_id, signers)
    ledgers[0].certify(6, certificate)
    assert find([ledgers[0]]) == "ledger-proof"


def test_a_certificate_that_is_none() -> None:
    ledgers = make_run()
    overwrite(ledgers[0], at_height(CERTIFICATE, 6), b"no certificate")
    assert find([ledgers[0]]) == "ledger-proof"


def test_the_judge_checks_signatures() -> None:
    ledgers = make_run()
    judge, head = make_judge(ledgers.bodies.network, COMMITTEE), ledgers[0].blocks[5]
    good = make_certificate(6, head.block_id, range(3))
    forged = msgspec.structs.replace(
        good, votes=(*good.votes[:2], msgspec.structs.replace(good.votes[2], signature=bytes(64)))
    )
    assert judge(msgspec.msgpack.encode(good)) == (6, head.block_id)
    assert judge(msgspec.msgpack.encode(forged)) is None


def test_the_first_and_the_last_are_proved() -> None:
    assert pick(0) == []
    assert set(pick(1)) == {0}
    assert pick(9) == [0, 4, 8]
