"""Execution: what was decided is executed, come what may. Nothing here raises on decided content.

An ordered transaction is
*skipped* when its nonce, fee or `valid_until` does not fit (no effect, it may be ordered again),
*failed* when it pays its fee and uses its nonce but cannot do what it asks, or *applied*.
Fees are credited to the proposers after the block's last transaction.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from ledger.apps import accounts, committee, records
from ledger.apps.committee import Assembly
from ledger.block import (
    NO_PROPOSER,
    Header,
    Payload,
    Receipt,
    ReceiptStatus,
    Skipped,
    decode_payload,
)
from ledger.errors import PayloadError
from ledger.hashing import compute_payloads_digest
from ledger.reasons import Reason
from ledger.state import View, WorkingAccount
from ledger.transaction import Envelope, Record, Transaction, Transfer

GetBody: TypeAlias = Callable[[bytes], Envelope | None]

_APPLIED = ReceiptStatus.APPLIED.value
_FAILED = ReceiptStatus.FAILED.value
_NONE = Reason.NONE.value


@dataclass(frozen=True, slots=True)
class AppliedBlock:
    """What one height did.

    `ids` and `receipts` are of the included transactions, in order. `nonces` holds, for every
    account that sent one of them, its nonce after the block. `size_bytes` is what the bodies of the
    included transactions take.
    """

    header: Header
    block_id: bytes
    ids: tuple[bytes, ...]
    receipts: tuple[Receipt, ...]
    skipped: tuple[Skipped, ...]
    nonces: dict[bytes, int]
    size_bytes: int = 0


class Order(NamedTuple):
    """The values of one height, united: every id once, with the proposer who named it first."""

    ids: dict[bytes, bytes]
    digest: bytes
    timestamp_ms: int
    proposer: bytes


def _decode_all(values: Iterable[bytes]) -> list[Payload]:
    """The payloads; a value that is none orders nothing (only a broken quorum decides one)."""
    payloads = []
    for value in values:
        try:
            payloads.append(decode_payload(value))
        except PayloadError:
            continue
    return payloads


def unite(values: tuple[bytes, ...], parent_ms: int) -> Order:
    """Order and time of what was decided at one height.

    Time is max(parent + 1, payload time); of several payloads the lower median counts, which lies
    between correct clocks as long as most proposers are correct. Several have no one proposer.
    """
    payloads = _decode_all(values)
    ids: dict[bytes, bytes] = {}
    for payload in payloads:
        for transaction_id in payload.split_ids():
            ids.setdefault(transaction_id, payload.proposer)
    times = sorted(payload.timestamp_ms for payload in payloads) or [0]
    proposer = payloads[0].proposer if len(payloads) == 1 else NO_PROPOSER
    timestamp_ms = max(parent_ms + 1, times[(len(times) - 1) // 2])
    return Order(ids, compute_payloads_digest(values), timestamp_ms, proposer)


@dataclass(slots=True)
class Outcome:
    """Transactions by what became of them; `receipts` belong to `included`, in order."""

    included: list[Envelope] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    skipped: list[tuple[Envelope, Reason]] = field(default_factory=list)
    nonces: dict[bytes, int] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """What the bodies of the included take."""
        return sum([len(envelope.raw) for envelope in self.included])


def find_skip_reason(
    transaction: Transaction, sender: WorkingAccount, height: int, chain_id: bytes
) -> Reason | None:
    """Why an ordered transaction has no effect at all, or None if it has one."""
    if transaction.nonce != sender.nonce:
        return Reason.TX_STALE_NONCE if transaction.nonce < sender.nonce else Reason.TX_NONCE_GAP
    if transaction.valid_until < height:
        return Reason.TX_EXPIRED
    if transaction.fee > sender.balance:
        return Reason.TX_FEE_UNAFFORDABLE
    if transaction.chain_id != chain_id:
        return Reason.TX_WRONG_CHAIN
    return None


def apply_payload(
    view: View, sender: WorkingAccount, transaction: Transaction, assembly: Assembly | None = None
) -> Reason | None:
    """Do what the transaction asks, or say why it cannot be done."""
    payload = transaction.payload
    if type(payload) is Transfer:
        return accounts.apply(view, sender, payload)
    if type(payload) is Record:
        return records.apply(view, sender, payload)
    return committee.apply(assembly, sender, payload)  # type: ignore[arg-type]


def apply_transactions(
    view: View,
    ordered: Iterable[tuple[Envelope, bytes]],
    height: int,
    chain_id: bytes,
    assembly: Assembly | None = None,
) -> Outcome:
    """Execute (envelope, proposer) pairs in order on a view.

    `assembly` counts votes for another committee; without it the committee is fixed.
    """
    outcome = Outcome()
    include, receive, nonces = outcome.included.append, outcome.receipts.append, outcome.nonces
    fees: dict[bytes, int] = {}
    for envelope, proposer in ordered:
        transaction = envelope.transaction
        sender = view.account(transaction.sender)
        if reason := find_skip_reason(transaction, sender, height, chain_id):
            outcome.skipped.append((envelope, reason))
            continue
        fee = transaction.fee
        sender.nonce += 1
        sender.balance -= fee
        fees[proposer] = fees.get(proposer, 0) + fee
        nonces[transaction.sender] = sender.nonce
        failure = apply_payload(view, sender, transaction, assembly)
        include(envelope)
        if failure is None:
            receive(Receipt(envelope.id, _APPLIED, _NONE, fee))
        else:
            receive(Receipt(envelope.id, _FAILED, failure.value, fee))
    for proposer, fee in fees.items():
        view.account(proposer).balance += fee
    return outcome
