"""What the mempool keeps of one transaction, and of one account."""

import msgspec

from ledger.leaves import AccountState
from ledger.transaction import Envelope


class Entry(msgspec.Struct, gc=False):
    """A waiting transaction; the fields that policy looks at are copied out of it."""

    envelope: Envelope
    id: bytes
    sender: bytes
    nonce: int
    fee: int
    cost: int
    valid_until: int
    size_bytes: int
    arrival: int
    """Counts up; unique."""
    live: bool = True
    """False once it has left."""
    executable: bool = False
    """Every earlier nonce of the account is used or waits here too."""
    ready_height: int = 0
    """The head's height when it last became executable."""

    def __lt__(self, other: "Entry") -> bool:
        """Only asked in a heap between two mentions of one entry, whose order does not matter."""
        return False

    @property
    def urgency(self) -> tuple[bool, int]:
        """What is pushed out first: behind a gap, then the lowest fee."""
        return self.executable, self.fee


class Queue:
    """One account's waiting transactions by nonce."""

    __slots__ = ("cost", "entries", "nonce", "run_end", "tail")

    def __init__(self, nonce: int) -> None:
        self.nonce = nonce
        """The next nonce that the ledger accepts."""
        self.run_end = nonce
        """The first nonce from there on that is missing."""
        self.entries: dict[int, Entry] = {}
        self.tail: Entry | None = None
        """The entry of the greatest nonce."""
        self.cost = 0
        """Fees and amounts of all entries."""

    @property
    def head(self) -> Entry | None:
        """The entry that could be executed now."""
        return self.entries.get(self.nonce)

    def can_pay(self, account: AccountState, cost: int, instead_of: Entry | None) -> bool:
        """Would the balance cover all entries together with a new one."""
        spared = instead_of.cost if instead_of is not None else 0
        return self.cost - spared + cost <= account.balance

    def put(self, entry: Entry) -> bool:
        """Add an entry, or replace the one of its nonce; the result says if it is the tail."""
        self.entries[entry.nonce] = entry
        self.cost += entry.cost
        if self.tail is None or entry.nonce >= self.tail.nonce:
            self.tail = entry
            return True
        return False

    def take(self, entry: Entry) -> bool:
        """Remove an entry; the result says if the tail changed (`tail` may be None then)."""
        del self.entries[entry.nonce]
        self.cost -= entry.cost
        if self.tail is not entry:
            return False
        self.tail = self.entries.get(entry.nonce - 1)
        if self.tail is None and self.entries:
            self.tail = self.entries[max(self.entries)]
        return True
