import pytest

from ledger.apply import apply_transactions, unite
from ledger.block import Receipt, encode_payload
from ledger.hashing import compute_payloads_digest
from ledger.reasons import Reason
from ledger.state import View
from ledger.transaction import Envelope
from tests.ledger.support import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    GENESIS,
    PROPOSER,
    VALIDATORS,
    World,
    record,
    transfer,
)

IDS = [bytes([number]) * 32 for number in range(6)]
A, B, C = (key.public_key for key in VALIDATORS[:3])


def run(*envelopes: Envelope, height: int = 1) -> tuple[View, list[str]]:
    """Execute on the genesis state; the result tells what became of each."""
    world = World()
    view = View(world.chain._state)
    ordered = [(envelope, PROPOSER.public_key) for envelope in envelopes]
    outcome = apply_transactions(view, ordered, height, GENESIS.chain_id)
    fates = {receipt.id: f"{receipt.status} {receipt.reason}" for receipt in outcome.receipts}
    fates |= {envelope.id: f"skipped {reason}" for envelope, reason in outcome.skipped}
    assert [receipt.id for receipt in outcome.receipts] == [e.id for e in outcome.included]
    return view, [fates[envelope.id] for envelope in envelopes]


def balance(view: View, key: object) -> int:
    return view.account(key.public_key).balance  # type: ignore[attr-defined]


def test_a_transfer_moves_amount_and_fee() -> None:
    view, fates = run(transfer(amount=100, fee=7))
    assert fates == ["applied none"]
    assert balance(view, ALICE) == 1_000_000 - 107
    assert balance(view, BOB) == 1_100
    assert balance(view, PROPOSER) == 7
    assert view.account(ALICE.public_key).nonce == 1


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        (transfer(nonce=1), Reason.TX_NONCE_GAP),
        (transfer(valid_until=4), Reason.TX_EXPIRED),
        (transfer(sender=CAROL, fee=11), Reason.TX_FEE_UNAFFORDABLE),
        (transfer(sender=DAVE), Reason.TX_FEE_UNAFFORDABLE),
        (transfer(chain_id=bytes(32)), Reason.TX_WRONG_CHAIN),
    ],
)
def test_skipped_has_no_effect(envelope: Envelope, reason: Reason) -> None:
    view, fates = run(envelope, height=5)
    assert fates == [f"skipped {reason}"]
    assert view.seal().leaves == []


def test_a_stale_nonce_is_skipped() -> None:
    view, fates = run(transfer(), transfer(amount=50))
    assert fates == ["applied none", "skipped tx-stale-nonce"]
    assert balance(view, BOB) == 1_001


def test_valid_until_is_the_last_height() -> None:
    assert run(transfer(valid_until=5), height=5)[1] == ["applied none"]
    assert run(transfer(valid_until=5), height=6)[1] == ["skipped tx-expired"]


def test_failed_uses_fee_and_nonce() -> None:
    view, fates = run(transfer(sender=CAROL, amount=10, fee=1), transfer(CAROL, 1, amount=9, fee=0))
    assert fates == ["failed tx-insufficient-balance", "applied none"]
    assert balance(view, CAROL) == 0
    assert balance(view, PROPOSER) == 1
    assert view.account(CAROL.public_key).nonce == 2


def test_paying_oneself_costs_the_fee() -> None:
    view, fates = run(transfer(to=ALICE.public_key, amount=500, fee=3))
    assert fates == ["applied none"]
    assert balance(view, ALICE) == 1_000_000 - 3


def test_money_that_arrives_in_the_block_can_be_spent_in_it() -> None:
    _, fates = run(
        transfer(to=DAVE.public_key, amount=50), transfer(sender=DAVE, amount=40, fee=10)
    )
    assert fates == ["applied none", "applied none"]


def test_fees_arrive_after_the_last_transaction() -> None:
    _, fates = run(transfer(fee=50), transfer(sender=PROPOSER, amount=1, fee=1))
    assert fates == ["applied none", "skipped tx-fee-unaffordable"]


def test_records_of_one_block_overwrite_each_other() -> None:
    view, fates = run(record(value=b"1"), record(nonce=1, value=b"2"), record(BOB, value=b"3"))
    assert fates == ["applied none"] * 3
    assert sorted(value or b"" for value in view._records.values()) == [b"2", b"3"]


def test_nonces_after_the_block_are_told() -> None:
    world = World()
    ordered = [(e, A) for e in (transfer(), transfer(nonce=1), transfer(BOB), transfer(DAVE))]
    outcome = apply_transactions(View(world.chain._state), ordered, 1, GENESIS.chain_id)
    assert outcome.nonces == {ALICE.public_key: 2, BOB.public_key: 1}
    assert outcome.receipts[0] == Receipt(outcome.included[0].id, "applied", "none", 1)


# What was decided, united.


def payload(proposer: bytes, ids: list[bytes], timestamp_ms: int = 50) -> bytes:
    return encode_payload(timestamp_ms, proposer, ids)


def test_one_value() -> None:
    value = payload(A, IDS[:3])
    order = unite((value,), 10)
    assert list(order.ids) == IDS[:3]
    assert set(order.ids.values()) == {A}
    assert (order.proposer, order.timestamp_ms) == (A, 50)
    assert order.digest == compute_payloads_digest((value,))


@pytest.mark.parametrize("values", [(), (b"",), (b"garbage",), (b"", b"garbage")])
def test_a_null_or_garbage_orders_nothing(values: tuple[bytes, ...]) -> None:
    order = unite(values, 10)
    assert (order.ids, order.timestamp_ms, order.proposer) == ({}, 11, b"")


def test_time_never_stands_still() -> None:
    assert unite((payload(A, [], 50),), 49).timestamp_ms == 50
    assert unite((payload(A, [], 50),), 50).timestamp_ms == 51
    assert unite((payload(A, [], 0),), 70).timestamp_ms == 71


def test_several_values_are_united_in_order() -> None:
    order = unite((payload(A, IDS[:2]), payload(B, IDS[1:4]), payload(C, [IDS[5], IDS[0]])), 0)
    assert list(order.ids.items()) == [
        (IDS[0], A),
        (IDS[1], A),
        (IDS[2], B),
        (IDS[3], B),
        (IDS[5], C),
    ]
    assert order.proposer == b""


def test_the_median_clock_counts() -> None:
    times = (900_000, 50, 60)
    values = tuple(payload(A, [], time) for time in times)
    assert unite(values, 0).timestamp_ms == 60
    assert unite(values[:2], 0).timestamp_ms == 50


def test_repeated_ids_count_once() -> None:
    assert list(unite((payload(A, [IDS[0], IDS[1], IDS[0]]),), 0).ids) == IDS[:2]
