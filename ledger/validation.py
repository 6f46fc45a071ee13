"""Validity in stages, each with reasons of its own.

`check_*` needs no state, only bytes, limits and at most a clock reading that is passed in: it runs
at the door, in parallel. `validate_*` needs the state. Signatures are verified apart, in batches
(`ledger.keys.verify_many` over `ledger.transaction.signing_bytes`). Mempool policy is elsewhere.
"""

from collections.abc import Iterable

from ledger.apps import accounts, committee, records
from ledger.block import Payload, decode_payload
from ledger.codec import U64_MAX
from ledger.errors import PayloadError, TransactionError
from ledger.keys import verify
from ledger.leaves import AccountState
from ledger.limits import Limits
from ledger.reasons import Reason
from ledger.transaction import (
    VERSION,
    Envelope,
    Record,
    Transaction,
    Transfer,
    signing_bytes,
)


def check_transaction(envelope: Envelope, chain_id: bytes, limits: Limits) -> None:
    """Form and limits; raises `TransactionError`."""
    transaction = envelope.transaction
    if len(envelope.raw) > limits.transaction_bytes_max:
        raise TransactionError(Reason.TX_TOO_LARGE, f"more than {limits.transaction_bytes_max}")
    if transaction.version != VERSION:
        raise TransactionError(Reason.TX_BAD_VERSION, f"version {transaction.version}")
    if transaction.chain_id != chain_id:
        raise TransactionError(Reason.TX_WRONG_CHAIN, f"this network is {chain_id.hex()}")
    if transaction.nonce == U64_MAX:
        raise TransactionError(Reason.TX_MALFORMED, "the last nonce cannot be used")
    payload = transaction.payload
    if isinstance(payload, Transfer):
        accounts.check(payload, limits)
        if payload.amount + transaction.fee > U64_MAX:
            raise TransactionError(Reason.TX_AMOUNT_OVERFLOW, "amount and fee exceed 64 bits")
    elif isinstance(payload, Record):
        records.check(payload, limits)
    else:
        committee.check(payload, limits)


def check_signature(envelope: Envelope) -> None:
    """One signature; raises `TransactionError`. Batches go through `verify_many`."""
    transaction = envelope.transaction
    if not verify(transaction.sender, signing_bytes(envelope), transaction.signature):
        raise TransactionError(Reason.TX_BAD_SIGNATURE, "not signed by the sender")


def compute_cost(transaction: Transaction) -> int:
    """What the sender needs to hold for the transaction to be applied: fee and amount."""
    payload = transaction.payload
    return transaction.fee + (payload.amount if isinstance(payload, Transfer) else 0)


def validate_transaction(transaction: Transaction, account: AccountState, height: int) -> None:
    """Could it be applied in block `height` or later, given the sender's account as it stands now.

    A nonce beyond the account's is no fault here: transactions in between may be on their way.
    """
    if transaction.nonce < account.nonce:
        raise TransactionError(Reason.TX_STALE_NONCE, f"the account stands at {account.nonce}")
    if transaction.valid_until < height:
        raise TransactionError(Reason.TX_EXPIRED, f"the next block has height {height}")
    if (cost := compute_cost(transaction)) > account.balance:
        raise TransactionError(Reason.TX_INSUFFICIENT_BALANCE, f"costs {cost} of {account.balance}")


def check_payload(value: bytes, limits: Limits) -> Payload:
    """Form and limits of an ordered value; raises `PayloadError`."""
    payload = decode_payload(value)
    if payload.count > limits.block_transactions_max:
        raise PayloadError(Reason.PAYLOAD_TOO_MANY, f"{payload.count} transactions")
    if len(set(payload.split_ids())) != payload.count:
        raise PayloadError(Reason.PAYLOAD_DUPLICATE, "an id stands twice")
    return payload


def check_payload_bodies(bodies: Iterable[Envelope], limits: Limits) -> None:
    """The bodies of one payload together keep within the limit; raises `PayloadError`."""
    if (size := sum(len(body.raw) for body in bodies)) > limits.block_bytes_max:
        raise PayloadError(Reason.PAYLOAD_TOO_LARGE, f"{size} bytes of transactions")


def check_payload_time(payload: Payload, now_ms: int, limits: Limits) -> None:
    """The payload's time has come; raises `PayloadError` with payload-time-ahead if not yet."""
    if payload.timestamp_ms > now_ms + limits.clock_drift_ms:
        raise PayloadError(
            Reason.PAYLOAD_TIME_AHEAD, f"{payload.timestamp_ms - now_ms} ms ahead of the clock"
        )
