"""Items become signed transactions, the same everywhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from consensus.simulation.scenario import SIZE_MAX
from ledger.block import encode_payload
from ledger.chain import Chain
from ledger.errors import TransactionError
from ledger.genesis import compute_genesis_id
from ledger.store.memory import MemoryStore
from ledger.transaction import Envelope, Record, Transfer
from ledger.validation import check_signature, check_transaction
from node.simulation.ledger_workload import (
    ACCOUNTS,
    BALANCE,
    FLAWS,
    Bodies,
    is_sound,
    make_key,
    make_network,
    make_transaction,
)

NETWORK = make_network("pbft")
GENESIS = NETWORK.genesis


def execute_all(envelopes: list[Envelope]) -> list[str]:
    """The statuses of transactions that are executed in one block."""
    chain = Chain.open(MemoryStore(), GENESIS)
    bodies = {envelope.id: envelope for envelope in envelopes}
    value = encode_payload(0, GENESIS.validators[0], list(bodies))
    return [receipt.status for receipt in chain.execute(1, (value,), b"", bodies.get).receipts]


def test_the_network_starts_from_its_genesis() -> None:
    assert NETWORK.genesis_id == compute_genesis_id(GENESIS)
    assert GENESIS.total_supply == ACCOUNTS * BALANCE
    assert len(GENESIS.validators) == SIZE_MAX
    assert NETWORK is make_network("pbft")
    assert GENESIS.chain_id != make_network("other").genesis.chain_id


def test_a_transaction_follows_from_word_and_number() -> None:
    bytes_before = make_transaction(NETWORK, "pay1", 1).raw
    make_transaction.cache_clear()
    assert make_transaction(NETWORK, "pay1", 1).raw == bytes_before
    assert make_transaction(NETWORK, "pay2", 1).raw != bytes_before
    assert make_transaction(NETWORK, "pay1", 2).raw != bytes_before


@pytest.mark.parametrize("hash_seed", ["0", "77"])
def test_another_process_makes_the_same_bytes(hash_seed: str) -> None:
    code = (
        "from tests.node.simulation.test_ledger_workload import NETWORK, make_transaction;"
        "print(*(make_transaction(NETWORK, w, 3).id.hex() for w in ('pay3', '!pay3', 'x')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        env={"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    here = [make_transaction(NETWORK, word, 3).id.hex() for word in ("pay3", "!pay3", "x")]
    assert run.stdout.split() == here


def test_all_items_of_a_long_run_are_sound_and_execute() -> None:
    bodies = Bodies(NETWORK)
    envelopes = [bodies.make(f"pay{number}") for number in range(3 * ACCOUNTS)]
    assert bodies.sound == {envelope.id for envelope in envelopes}
    assert len({envelope.transaction.sender for envelope in envelopes}) == len(envelopes)
    assert set(execute_all(envelopes)) == {"applied"}
    assert len(execute_all(envelopes[::-1])) == len(envelopes)


def test_items_differ_in_what_they_ask_and_pay() -> None:
    transactions = [make_transaction(NETWORK, f"pay{n}", n).transaction for n in range(100)]
    kinds = [type(transaction.payload) for transaction in transactions]
    assert kinds.count(Transfer) > 60
    assert kinds.count(Record) > 2
    assert {transaction.fee for transaction in transactions} == {1, 2, 3, 4}
    strangers = make_transaction(NETWORK, "late", ACCOUNTS).transaction
    assert isinstance(strangers.payload, Record)
    assert strangers.fee == 0
    assert strangers.sender not in GENESIS.allocations


def find_reason(envelope: Envelope) -> str:
    """Why the door refuses a transaction."""
    try:
        check_transaction(envelope, GENESIS.chain_id, GENESIS.limits)
        check_signature(envelope)
    except TransactionError as error:
        return error.reason.value
    return "none"


def test_each_flaw_is_found_at_the_door() -> None:
    reasons = []
    for flaw in FLAWS:
        envelope = flaw(NETWORK, "!bad", 7)
        assert not is_sound(NETWORK, envelope.raw)
        reasons.append(find_reason(envelope))
    assert reasons == ["tx-bad-signature", "tx-bad-signature", "tx-zero-amount", "tx-wrong-chain"]


def test_invalid_words_meet_every_flaw() -> None:
    found = {
        make_transaction(NETWORK, f"!bad{number}", number).raw
        == flaw(NETWORK, f"!bad{number}", number).raw
        and flaw.__name__
        for number in range(40)
        for flaw in FLAWS
    }
    assert found == {False, *(flaw.__name__ for flaw in FLAWS)}


def test_bytes_that_are_no_transaction_are_not_sound() -> None:
    assert not is_sound(NETWORK, b"\x00")


def test_bodies_know_an_item_by_name_and_id() -> None:
    bodies = Bodies(NETWORK)
    good, bad = bodies.make("pay1"), bodies.make("!pay2")
    assert bodies.make("pay1") is good
    assert bodies.names == {good.id: "pay1", bad.id: "!pay2"}
    assert bodies.by_id == {good.id: good, bad.id: bad}
    assert bodies.sound == {good.id}
    assert good.transaction.sender == NETWORK.accounts[0].public_key
    assert bad.transaction.sender == NETWORK.accounts[1].public_key


def test_keys_have_names() -> None:
    assert make_key("a").public_key == make_key("a").public_key != make_key("b").public_key
