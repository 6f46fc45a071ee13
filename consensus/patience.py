"""How timeouts that have doubled come back down: with heights decided in peace."""

from typing import Protocol

DOUBLINGS_MAX = 32
"""Beyond this a timeout has long reached its cap, or is longer than anybody waits."""


class Patience(Protocol):
    """What a replica's clock says of its timeouts: see `pbft.replica.Clock` and `paxos.replica.Clock`."""

    progressed: bool
    failures: int
    calm: int
    resends: int


def calm_down(clock: Patience, heights: int) -> None:
    """A height is decided: repetitions wait, and each `heights` of them take one doubling back."""
    clock.progressed = True
    clock.resends = 0
    clock.calm += 1
    if clock.calm >= heights:
        clock.calm = 0
        clock.failures = max(0, clock.failures - 1)


def compute_patience_ms(first_ms: int, failures: int, most_ms: int) -> int:
    """A timeout, doubled for each failure, capped."""
    return min(first_ms << min(failures, DOUBLINGS_MAX), most_ms)
