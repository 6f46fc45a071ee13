"""Who takes part and how many may fail: the one home of quorum arithmetic.

With n members of which at most f fail, two quorums of q members share at least 2q - n of them. For
lying members that number has to exceed f, so q = (n + f) // 2 + 1; this equals 2f + 1 only when
n = 3f + 1. For members that merely crash it has to exceed 0, so q = n // 2 + 1.
"""

from dataclasses import dataclass
from typing import TypeAlias

ReplicaId: TypeAlias = int
View: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Committee:
    """The replicas of one engine, in order, and the number of faults it must stand.

    `members` are replica ids, distinct and in the order in which they lead; `faults` is f.
    """

    members: tuple[ReplicaId, ...]
    faults: int

    @classmethod
    def of(cls, size: int, faults: int) -> "Committee":
        """Members 0 … size - 1."""
        return cls(tuple(range(size)), faults)

    @property
    def size(self) -> int:
        """The number of members, n."""
        return len(self.members)

    @property
    def quorum(self) -> int:
        """Any two sets of this size share a correct member, though f members lie."""
        return (len(self.members) + self.faults) // 2 + 1

    @property
    def weak_quorum(self) -> int:
        """Any set of this size holds a correct member."""
        return self.faults + 1

    @property
    def lasting_quorum(self) -> int:
        """Any set of this size holds f + 1 correct members: what they all say is believed for good."""
        return self.faults + self.weak_quorum

    @property
    def awaited(self) -> int:
        """So many members speak; to wait for more could be for ever."""
        return self.size - self.faults

    @property
    def majority(self) -> int:
        """Any two sets of this size share a member; enough where members only crash."""
        return self.size // 2 + 1

    def primary(self, view: View) -> ReplicaId:
        """The member that leads `view`, in turn."""
        return self.members[view % len(self.members)]

    def is_member(self, replica: ReplicaId) -> bool:
        """Does `replica` vote here."""
        return replica in self.members


@dataclass(frozen=True, slots=True)
class Former:
    """The committee that decided the heights up to `height`, the last one before the present."""

    height: int
    committee: Committee


def largest_byzantine_faults(size: int) -> int:
    """The greatest f with n > 3f (Pease, Shostak and Lamport 1980; partial synchrony: DLS 1988)."""
    return (size - 1) // 3


def largest_crash_faults(size: int) -> int:
    """The greatest f with n > 2f (Dwork, Lynch and Stockmeyer 1988)."""
    return (size - 1) // 2


def largest_minority(size: int) -> int:
    """The greatest f with n > 2f: less than half of equals (Nakamoto 2008, by work)."""
    return (size - 1) // 2
