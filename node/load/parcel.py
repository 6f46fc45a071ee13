"""One signed transaction on its way, and what became of it."""

from dataclasses import dataclass
from enum import Enum


class Fate(Enum):
    """Where a parcel stands; those from FINAL on do not change again."""

    UNSENT = "unsent"
    """Not answered yet: perhaps never sent, perhaps the answer is missing."""
    ACCEPTED = "accepted"
    """A node said that it is on its disk."""
    FINAL = "final"
    FAILED = "failed"
    DROPPED = "dropped"
    REFUSED = "refused"


SETTLED = frozenset({Fate.FINAL, Fate.FAILED, Fate.DROPPED, Fate.REFUSED})


@dataclass(slots=True, eq=False)
class Parcel:
    """The canonical bytes of a transaction and their history; times are the event loop's."""

    id: str
    """Lower-case hex, as the API spells it."""
    raw: bytes
    intended_at: float
    """When it was due to be sent; latencies count from here."""
    fate: Fate = Fate.UNSENT
    was_accepted: bool = False
    reason: str | None = None
    node: int = 0
    """The node that took it last."""
    sent_at: float = 0.0
    settled_at: float = 0.0

    @property
    def is_settled(self) -> bool:
        """Has the last word been said."""
        return self.fate in SETTLED

    def accept(self, node: int) -> None:
        """A node has it on its disk; what is settled stays so."""
        self.was_accepted, self.node = True, node
        if self.fate is Fate.UNSENT:
            self.fate = Fate.ACCEPTED

    def settle(self, fate: Fate, now: float, reason: str | None = None) -> None:
        """Note the last word; only the first one counts."""
        if not self.is_settled:
            self.fate, self.settled_at, self.reason = fate, now, reason
