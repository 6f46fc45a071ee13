"""Faults: what a faulty replica may do, which kinds include which, and how many there may be.

    crash < crash-recovery < losing the unsynced tail <
    crash < send omission, receive omission           < general omission < timing < Byzantine

A kind includes another if each of the other's behaviours is one of its own, so a proof against it
holds against the other, and an impossibility for the other holds for it. Crash, omission, timing
and Byzantine: Cristian, Aghili, Strong and Dolev (1985); send and receive omission: Hadzilacos
(1984), Perry and Toueg (1986).

Recovery. A replica that comes back with its journal did nothing but miss messages and not send its
own for a while: a general omission. That stays so if a power failure takes what it had not synced,
but only because nothing leaves before it is durable (`Persist` before `Send`): what is lost was
never said. A replica that loses what it *had* synced may contradict its own votes, and no kind
below Byzantine describes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from consensus.errors import ModelError


class FaultKind(Enum):
    """What a faulty replica may do. See `includes` for the order between kinds."""

    CRASH = "crash"
    """It stops, perhaps in the middle of a broadcast, for ever."""
    CRASH_RECOVERY = "crash-recovery"
    """It stops and starts again, any number of times, with all that it wrote."""
    CRASH_RECOVERY_TAIL = "crash-recovery-losing-tail"
    """The same, without what it had written and not synced."""
    SEND_OMISSION = "send-omission"
    """It does not send some of its messages."""
    RECEIVE_OMISSION = "receive-omission"
    """It does not receive some of its messages."""
    GENERAL_OMISSION = "general-omission"
    """Both."""
    TIMING = "timing"
    """It acts too early or too late: omission where late is discarded, and disorder besides."""
    BYZANTINE = "byzantine"
    """Anything, in league with all other faulty replicas; but it cannot forge signatures."""

    def includes(self, other: "FaultKind") -> bool:
        """Is whatever `other` allows allowed by this kind too; a partial order."""
        return self is other or any(kind.includes(other) for kind in DIRECTLY_INCLUDES[self])


DIRECTLY_INCLUDES: dict[FaultKind, tuple[FaultKind, ...]] = {
    FaultKind.CRASH: (),
    FaultKind.CRASH_RECOVERY: (FaultKind.CRASH,),
    FaultKind.CRASH_RECOVERY_TAIL: (FaultKind.CRASH_RECOVERY,),
    FaultKind.SEND_OMISSION: (FaultKind.CRASH,),
    FaultKind.RECEIVE_OMISSION: (FaultKind.CRASH,),
    FaultKind.GENERAL_OMISSION: (
        FaultKind.CRASH_RECOVERY_TAIL,
        FaultKind.SEND_OMISSION,
        FaultKind.RECEIVE_OMISSION,
    ),
    FaultKind.TIMING: (FaultKind.GENERAL_OMISSION,),
    FaultKind.BYZANTINE: (FaultKind.TIMING,),
}
"""The covering pairs of the order; everything else follows by transitivity."""

SOURCES: dict[FaultKind, str] = {
    FaultKind.CRASH: "Schlichting and Schneider 1983",
    FaultKind.CRASH_RECOVERY: "Aguilera, Chen and Toueg 2000",
    FaultKind.CRASH_RECOVERY_TAIL: "Mohan et al. 1992 (write-ahead logging)",
    FaultKind.SEND_OMISSION: "Hadzilacos 1984",
    FaultKind.RECEIVE_OMISSION: "Perry and Toueg 1986",
    FaultKind.GENERAL_OMISSION: "Perry and Toueg 1986",
    FaultKind.TIMING: "Cristian, Aghili, Strong and Dolev 1985",
    FaultKind.BYZANTINE: "Pease, Shostak and Lamport 1980",
}
"""Where each kind is described."""


class Choice(Enum):
    """When the faulty replicas are chosen."""

    STATIC = "static"
    """Before the run."""
    DYNAMIC = "dynamic"
    """During the run, by an adversary that sees it; who was chosen stays faulty."""

    def includes(self, other: "Choice") -> bool:
        """May this adversary do whatever the other may."""
        return self is other or self is Choice.DYNAMIC


def join(kinds: Iterable[FaultKind]) -> FaultKind:
    """The least kind that includes all of `kinds`; raises `ModelError` if there are none."""
    wanted = set(kinds)
    if not wanted:
        raise ModelError("no kinds of fault are given")
    upper = [kind for kind in FaultKind if all(kind.includes(other) for other in wanted)]
    return next(kind for kind in upper if all(other.includes(kind) for other in upper))


@dataclass(frozen=True, slots=True)
class FaultAssumption:
    """At most `faults` replicas (f) fail in a run, in ways of these kinds.

    Mobile faults, where more than f replicas fail one after another, are not modelled.
    """

    kinds: frozenset[FaultKind]
    faults: int
    choice: Choice = Choice.DYNAMIC

    def __post_init__(self) -> None:
        """Raise `ModelError` if there are no kinds or a negative number of faults."""
        if not self.kinds or self.faults < 0:
            raise ModelError("a fault assumption names kinds, and at least 0 faults")

    @property
    def worst(self) -> FaultKind:
        """The least single kind that includes all of these."""
        return join(self.kinds)

    def allows(self, kind: FaultKind, faulty: int) -> bool:
        """May `faulty` replicas fail in this way."""
        return faulty == 0 or (
            faulty <= self.faults and any(own.includes(kind) for own in self.kinds)
        )

    def includes(self, other: "FaultAssumption") -> bool:
        """Is an engine that stands this one safe to run where `other` is all that happens."""
        return (
            other.faults <= self.faults
            and self.choice.includes(other.choice)
            and all(any(own.includes(kind) for own in self.kinds) for kind in other.kinds)
        )
