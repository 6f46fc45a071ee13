"""What a replay sends: fundings from the purse, then payments, each account in nonce order."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from ledger.keys import KeyPair
from ledger.transaction import Transfer, build
from node.load.parcel import Parcel
from node.replay.book import Book, Sender
from node.replay.rows import Row

VALID_HEIGHTS = 10_000_000
FUNDING_IN_FLIGHT_MAX = 512
"""Below what a node takes ahead of one account's nonce."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What every transaction of a replay has in common."""

    chain_id: bytes
    fee: int
    valid_until: int

    @classmethod
    def at(cls, chain_id: bytes, fee: int, height: int) -> "Terms":
        """Terms that a second run will choose again, so that it makes the same bytes."""
        return cls(chain_id, fee, (height // VALID_HEIGHTS + 2) * VALID_HEIGHTS)

    def pay(self, key: KeyPair, nonce: int, to: bytes, amount: int, due_at: float) -> Parcel:
        """One signed payment."""
        payment = Transfer(to, amount)
        made = build(self.chain_id, key, nonce, self.fee, self.valid_until, payment)
        return Parcel(made.id.hex(), made.raw, due_at)


class Funding:
    """From the purse to each sender from number `first` on, a bounded number at a time."""

    def __init__(self, book: Book, terms: Terms, first: int) -> None:
        self._book = book
        self._terms = terms
        self._next = first
        self._sent: deque[Parcel] = deque()

    def make(self, now: float, most: int) -> list[Parcel]:
        """The next fundings, as far as the network has kept up."""
        while self._sent and self._sent[0].is_settled:
            self._sent.popleft()
        room = min(most, FUNDING_IN_FLIGHT_MAX - len(self._sent))
        last = min(self._next + max(room, 0), len(self._book.senders))
        parcels = [self._fund(number, now) for number in range(self._next, last)]
        self._next = last
        self._sent.extend(parcels)
        return parcels

    def _fund(self, number: int, now: float) -> Parcel:
        sender, fee = self._book.senders[number], self._terms.fee
        amount = sender.compute_need(fee)
        return self._terms.pay(self._book.purse, number, sender.key.public_key, amount, now)

    def is_done(self) -> bool:
        """Was every sender's funding sent."""
        return self._next == len(self._book.senders)


@dataclass(frozen=True, slots=True)
class Due:
    """A row that is still to be paid: after how many seconds, and under which nonce."""

    after_s: float
    row: Row
    nonce: int


class Payments:
    """The rows of some senders, each when it is due, counted from the first call."""

    def __init__(self, book: Book, terms: Terms, due: Sequence[Due]) -> None:
        self._book = book
        self._terms = terms
        self._due = deque(due)
        self._started_at: float | None = None
        self._last: dict[str, Parcel] = {}
        self.withheld: Counter[str] = Counter()
        """Payments not sent, by the reason for which an earlier one of the sender was refused."""

    def make(self, now: float, most: int) -> list[Parcel]:
        """What is due, in the order of the file."""
        if self._started_at is None:
            self._started_at = now
        parcels: list[Parcel] = []
        while self._due and len(parcels) < most:
            due_at = self._started_at + self._due[0].after_s
            if due_at > now:
                break
            if parcel := self._pay(self._due.popleft(), due_at):
                parcels.append(parcel)
        return parcels

    def _pay(self, due: Due, due_at: float) -> Parcel | None:
        row = due.row
        last = self._last.get(row.sender)
        if last is not None and last.is_settled and not last.was_accepted:
            self.withheld[last.reason or "unknown"] += 1
            return None
        to = self._book.key_of(row.recipient).public_key
        key = self._book.key_of(row.sender)
        parcel = self._terms.pay(key, due.nonce, to, row.amount, due_at)
        self._last[row.sender] = parcel
        return parcel

    @property
    def left(self) -> int:
        """Rows that were not reached."""
        return len(self._due)

    def is_done(self) -> bool:
        """Was every row sent."""
        return not self._due


def plan_payments(
    senders: Sequence[Sender], done: Sequence[int], rate: float, lanes: int
) -> list[list[Due]]:
    """The rows still to be paid, one list per lane, in the order of the file.

    `done` says how many payments of each sender the chain holds. A sender keeps to one lane, which
    its name alone decides.
    """
    left = [
        (row, nonce, sender)
        for sender, first in zip(senders, done, strict=True)
        for nonce, row in enumerate(sender.rows)
        if nonce >= first
    ]
    left.sort(key=lambda item: item[0].line)
    plan: list[list[Due]] = [[] for _ in range(lanes)]
    for number, (row, nonce, sender) in enumerate(left):
        plan[crc32(sender.name.encode()) % lanes].append(Due(number / rate, row, nonce))
    return plan
