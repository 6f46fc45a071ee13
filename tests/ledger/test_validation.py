from collections.abc import Callable

import msgspec
import pytest

from ledger.block import Payload, encode_payload
from ledger.codec import U64_MAX, encode
from ledger.errors import LedgerError, PayloadError, TransactionError
from ledger.leaves import AccountState
from ledger.limits import Limits
from ledger.reasons import Blame, Reason
from ledger.transaction import Envelope, Transfer, decode_transaction
from ledger.validation import (
    check_payload,
    check_payload_bodies,
    check_payload_time,
    check_signature,
    check_transaction,
    compute_cost,
    validate_transaction,
)
from tests.ledger.support import BOB, GENESIS, PROPOSER, record, transfer

LIMITS = Limits(
    block_transactions_max=3,
    block_bytes_max=500,
    transaction_bytes_max=400,
    record_key_bytes_max=8,
    record_value_bytes_max=100,
    clock_drift_ms=50,
)
IDS = [bytes([number]) * 32 for number in range(5)]


def refuse(call: Callable[[], object]) -> Reason:
    with pytest.raises(LedgerError) as caught:
        call()
    return caught.value.reason


def change(envelope: Envelope, **fields: object) -> Envelope:
    return decode_transaction(encode(msgspec.structs.replace(envelope.transaction, **fields)))


def check(envelope: Envelope) -> None:
    check_transaction(envelope, GENESIS.chain_id, LIMITS)


def test_good_transactions_pass() -> None:
    check(transfer())
    check(record(value=bytes(100)))
    check(record(key=b"12345678", value=b""))
    check_signature(transfer())


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        (change(transfer(), version=2), Reason.TX_BAD_VERSION),
        (change(transfer(), version=0), Reason.TX_BAD_VERSION),
        (transfer(chain_id=bytes(32)), Reason.TX_WRONG_CHAIN),
        (transfer(amount=0), Reason.TX_ZERO_AMOUNT),
        (transfer(amount=U64_MAX, fee=1), Reason.TX_AMOUNT_OVERFLOW),
        (transfer(amount=1, fee=U64_MAX), Reason.TX_AMOUNT_OVERFLOW),
        (transfer(nonce=U64_MAX), Reason.TX_MALFORMED),
        (record(key=b""), Reason.TX_RECORD_KEY_SIZE),
        (record(key=b"123456789"), Reason.TX_RECORD_KEY_SIZE),
        (record(value=bytes(101)), Reason.TX_RECORD_VALUE_SIZE),
        (record(value=bytes(500)), Reason.TX_TOO_LARGE),
    ],
)
def test_bad_form(envelope: Envelope, reason: Reason) -> None:
    assert refuse(lambda: check(envelope)) is reason
    assert reason.blame is Blame.SENDER


def test_the_largest_sum_is_allowed() -> None:
    check(transfer(amount=U64_MAX - 1, fee=1))


def test_a_signature_of_somebody_else() -> None:
    signature = transfer(sender=BOB).transaction.signature
    forged = change(transfer(), signature=signature)
    assert refuse(lambda: check_signature(forged)) is Reason.TX_BAD_SIGNATURE


@pytest.mark.parametrize(
    ("account", "height", "reason"),
    [
        (AccountState(100, 6), 10, Reason.TX_STALE_NONCE),
        (AccountState(100, 5), 21, Reason.TX_EXPIRED),
        (AccountState(12, 5), 10, Reason.TX_INSUFFICIENT_BALANCE),
        (AccountState(13, 5), 20, None),
        (AccountState(13, 0), 10, None),
    ],
)
def test_against_the_state(account: AccountState, height: int, reason: Reason | None) -> None:
    transaction = transfer(nonce=5, amount=10, fee=3, valid_until=20).transaction
    if reason is None:
        validate_transaction(transaction, account, height)
        return
    assert refuse(lambda: validate_transaction(transaction, account, height)) is reason
    assert reason.blame is Blame.NOBODY


def test_cost() -> None:
    assert compute_cost(transfer(amount=10, fee=3).transaction) == 13
    assert compute_cost(record(fee=3).transaction) == 3


def test_a_payload_within_limits() -> None:
    payload = check_payload(encode_payload(5, PROPOSER.public_key, IDS[:3]), LIMITS)
    assert payload == Payload(5, PROPOSER.public_key, b"".join(IDS[:3]))
    assert payload.split_ids() == IDS[:3]
    assert check_payload(encode_payload(5, PROPOSER.public_key, []), LIMITS).count == 0


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", Reason.PAYLOAD_MALFORMED),
        (b"garbage", Reason.PAYLOAD_MALFORMED),
        (encode(Payload(1, bytes(31), b"")), Reason.PAYLOAD_MALFORMED),
        (encode(Payload(1, b"", b"")), Reason.PAYLOAD_MALFORMED),
        (encode(Payload(1, bytes(32), bytes(33))), Reason.PAYLOAD_MALFORMED),
        (b"\x93\xcc\x01" + encode(Payload(1, bytes(32)))[2:], Reason.PAYLOAD_NOT_CANONICAL),
        (encode_payload(1, bytes(32), IDS[:4]), Reason.PAYLOAD_TOO_MANY),
        (encode_payload(1, bytes(32), [IDS[0], IDS[1], IDS[0]]), Reason.PAYLOAD_DUPLICATE),
    ],
)
def test_a_payload_that_no_correct_proposer_makes(value: bytes, reason: Reason) -> None:
    assert refuse(lambda: check_payload(value, LIMITS)) is reason
    assert reason.blame is Blame.SENDER


def test_bodies_together() -> None:
    bodies = [transfer(nonce=nonce) for nonce in range(3)]
    check_payload_bodies(bodies[:2], LIMITS)
    assert refuse(lambda: check_payload_bodies(bodies, LIMITS)) is Reason.PAYLOAD_TOO_LARGE


def test_time() -> None:
    payload = Payload(1_000, bytes(32))
    check_payload_time(payload, 950, LIMITS)
    with pytest.raises(PayloadError) as caught:
        check_payload_time(payload, 949, LIMITS)
    assert caught.value.reason is Reason.PAYLOAD_TIME_AHEAD
    assert caught.value.blame is Blame.NOBODY


def test_errors_are_of_their_kind() -> None:
    with pytest.raises(TransactionError):
        check(transfer(amount=0))
    assert isinstance(transfer().transaction.payload, Transfer)
