"""What a campaign asks for, and what becomes of one seed: plain values that cross processes."""

from enum import Enum

import msgspec

from consensus.simulation.schedule import Violation


class WorldKind(Enum):
    """In which of the worlds of `consensus.model.timing` a storm takes place."""

    SYNCHRONOUS = "synchronous"
    """At most 20 ms, always; nothing is lost, nobody pauses."""
    PARTIAL = "partial"
    """Anything until a random moment, then at most a known bound (DLS 1988, second form)."""
    UNKNOWN_BOUND = "unknown-bound"
    """At most a bound that is drawn and that nobody knows (DLS 1988, first form)."""
    ASYNCHRONOUS = "asynchronous"
    """Anything, for ever: only safety can be demanded."""


class Request(msgspec.Struct, frozen=True):
    """What the seeds of a campaign have in common.

    `nodes` 0 draws a size from the seed; `f` None takes the most that the engine stands; `faults`
    are names of features, none for all; `faulty` liars, None for at most f by the seed;
    `duration_ms` is the longest chaos; `parameters` override the drawn ones of the engine.
    """

    engine: str = "pbft"
    nodes: int = 4
    f: int | None = None
    timing: WorldKind = WorldKind.PARTIAL
    faults: tuple[str, ...] = ()
    faulty: int | None = None
    beyond_bound: bool = False
    application: str = "bare"
    duration_ms: int = 5_000
    parameters: dict[str, int] = {}


class Outcome(msgspec.Struct, frozen=True):
    """What became of one seed: `decided` heights, `events` that happened, virtual time."""

    seed: int
    violation: Violation | None
    decided: int
    events: int
    sim_ms: int
    probes: dict[str, int]
    digest: str
