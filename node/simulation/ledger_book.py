"""A second bookkeeping: balances, nonces and records worked out from receipts alone.

It shares no code with `ledger.apply` or the state: a plain dict of sums, so that a mistake in one of
them shows as a difference.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from consensus.simulation.history import ViolationError
from ledger.block import Receipt, ReceiptStatus, decode_payload
from ledger.blocks import StoredBlock
from ledger.errors import PayloadError
from ledger.ledger import Ledger
from ledger.transaction import Record, Transaction, Transfer, decode_transaction

EFFECT = "ledger-effect"


@dataclass(slots=True)
class Book:
    """What everybody should own after the blocks that were added."""

    balances: Counter[bytes]
    nonces: Counter[bytes] = field(default_factory=Counter)
    records: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)
    included: set[bytes] = field(default_factory=set)

    @classmethod
    def of(cls, allocations: Mapping[bytes, int]) -> "Book":
        """As the genesis says."""
        return cls(Counter(allocations))

    def add(self, block: StoredBlock, bodies: list[bytes]) -> None:
        """Follow the receipts of one block, whose included bodies come first in `bodies`."""
        proposers = _name_proposers(block.values)
        for receipt, raw in zip(block.receipts, bodies, strict=False):
            envelope = decode_transaction(raw)
            if envelope.id != receipt.id or envelope.id in self.included:
                raise ViolationError(EFFECT, f"{receipt.id.hex()} stands where it must not")
            if envelope.id not in proposers:
                raise ViolationError(EFFECT, f"nobody ordered {envelope.id.hex()}")
            self.included.add(envelope.id)
            self._follow(envelope.transaction, receipt, proposers[envelope.id])

    def _follow(self, transaction: Transaction, receipt: Receipt, proposer: bytes) -> None:
        sender, payload = transaction.sender, transaction.payload
        if transaction.nonce != self.nonces[sender] or receipt.fee != transaction.fee:
            raise ViolationError(EFFECT, f"{receipt.id.hex()} has a nonce or fee that does not fit")
        self.nonces[sender] += 1
        self.balances[sender] -= receipt.fee
        self.balances[proposer] += receipt.fee
        if receipt.status != ReceiptStatus.APPLIED.value:
            return
        if isinstance(payload, Transfer):
            self.balances[sender] -= payload.amount
            self.balances[payload.recipient] += payload.amount
        elif isinstance(payload, Record):
            self._write(sender, payload)

    def _write(self, sender: bytes, payload: Record) -> None:
        self.records[sender, payload.key] = payload.value

    def compare(self, chain: Ledger) -> None:
        """Raise `ViolationError` where the chain's state is another."""
        for key in self.balances.keys() | self.nonces.keys():
            found, expected = chain.account(key), (self.balances[key], self.nonces[key])
            if (found.balance, found.nonce) != expected:
                raise ViolationError(
                    EFFECT, f"account {key.hex()} has {found}, by its receipts {expected}"
                )
        for (owner, name), value in self.records.items():
            if (chain.get_record(owner, name) or b"") != value:
                raise ViolationError(EFFECT, f"record {name.hex()} of {owner.hex()} is another")


def _name_proposers(values: tuple[bytes, ...]) -> dict[bytes, bytes]:
    """Each ordered id, and who ordered it first."""
    proposers: dict[bytes, bytes] = {}
    for value in values:
        try:
            payload = decode_payload(value)
        except PayloadError:
            continue
        for id_ in payload.split_ids():
            proposers.setdefault(id_, payload.proposer)
    return proposers
