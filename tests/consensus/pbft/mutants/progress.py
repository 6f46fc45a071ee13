"""Bugs that lose no decision but stop the chain."""

from collections.abc import Iterator
from typing import Any

from consensus import idling
from consensus.committee import ReplicaId
from consensus.effects import Effect
from consensus.events import Pending
from consensus.pbft import claims, suspicion, timing, view_change
from consensus.pbft.replica import Phase, Replica
from consensus.simulation.request import Request, WorldKind
from tests.consensus.mutants.planting import Ground, Mutant

STOPS = ("bounded-progress",)


def do_nothing(*_arguments: Any) -> Iterator[Effect]:
    """No effect."""
    return iter(())


def stay_alone(ground: Ground) -> None:
    """Others leave a view, and a replica takes no notice."""
    real = suspicion.compute_suspects

    def compute(replica: Replica) -> set[ReplicaId]:
        left = {r for r, s in replica.view_changes.items() if s.body.view > replica.view}
        return real(replica) - (left - set(replica.suspicions))

    ground.swap(view_change.join_view_change, do_nothing)
    ground.swap(real, compute)


def never_double(ground: Ground) -> None:
    """Every view gets the same time."""

    def compute(replica: Replica) -> int:
        return replica.parameters.timeout_ms

    ground.swap(timing.compute_timeout_ms, compute)


def never_repeat(ground: Ground) -> None:
    """What was lost stays lost."""

    def is_unfinished(_replica: Replica) -> bool:
        return False

    ground.swap(timing.is_unfinished, is_unfinished)


def never_idle(ground: Ground) -> None:
    """No empty payload is ordered, so the last heights are never certified."""

    def is_idling(_replica: Replica) -> bool:
        return False

    ground.swap(idling.is_idling, is_idling)


def wait_for_ever(ground: Ground) -> None:
    """A new primary that does not open its view is never skipped."""
    real = suspicion.on_waited_in_vain

    def wait(replica: Replica) -> Iterator[Effect]:
        return iter(()) if replica.phase is Phase.CHANGING else real(replica)

    ground.swap(real, wait)


def never_fetch(ground: Ground) -> None:
    """Who is far behind stays there."""
    ground.swap(claims.fetch, do_nothing)


def bear_censorship(ground: Ground) -> None:
    """That work is passed over is nobody's concern."""
    real = suspicion.on_pending

    def overlook(replica: Replica, event: Pending) -> Iterator[Effect]:
        return real(replica, Pending(event.some, overdue=False))

    ground.swap(real, overlook)


MUTANTS = (
    Mutant(
        "stays-alone",
        "a replica neither joins f + 1 others that leave a view nor counts them",
        STOPS,
        stay_alone,
    ),
    Mutant(
        "never-doubles",
        "timeouts are not doubled, so a view never lasts long enough for slow links",
        STOPS,
        never_double,
        Request(timing=WorldKind.UNKNOWN_BOUND),
    ),
    Mutant("never-repeats", "lost votes are not sent again", STOPS, never_repeat),
    Mutant(
        "never-idles",
        "a primary without work orders no empty values, so the last heights stay uncertified",
        STOPS,
        never_idle,
    ),
    Mutant(
        "waits-for-ever",
        "a new primary that never opens its view is not skipped",
        STOPS,
        wait_for_ever,
    ),
    Mutant(
        "never-fetches", "a replica that is behind does not fetch what it lacks", STOPS, never_fetch
    ),
    Mutant(
        "bears-censorship",
        "a primary that passes work over is not suspected",
        STOPS,
        bear_censorship,
        Request(faults=("censor",), faulty=1),
    ),
)
