"""From outcomes to decisions: in height order, each once, and never before the host holds it."""

from collections.abc import Iterator

from consensus.effects import Decide, Effect
from consensus.message import NULL_DIGEST, Height
from consensus.patience import calm_down
from consensus.pbft.messages import Decision
from consensus.pbft.replica import Outcome, Replica, Slot

CALM_HEIGHTS = 8
"""So many heights decided in peace take one doubling of the timeout back."""


def deliver(replica: Replica) -> Iterator[Effect]:
    """Decide as many of the next heights as have an outcome and a stored value."""
    while True:
        height = replica.decided + 1
        slot = replica.slots.get(height)
        if slot is None or slot.outcome is None or not slot.is_stored(slot.outcome.digest):
            return
        yield from decide(replica, height, slot, slot.outcome)


def decide(replica: Replica, height: Height, slot: Slot, outcome: Outcome) -> Iterator[Effect]:
    """The word is final; remember it for those who missed it, and start the timers anew."""
    assert height == replica.decided + 1
    null = outcome.digest == NULL_DIGEST
    values = () if null else (slot.values[outcome.digest],)
    replica.decided = height
    replica.decided_in_view += 1
    replica.history[height] = Decision(height, values, outcome.seal)
    replica.history.pop(height - replica.parameters.window, None)
    replica.count("nulls" if null else "decided")
    calm_down(replica.clock, CALM_HEIGHTS)
    yield Decide(height, values, outcome.seal)


def prune(replica: Replica) -> None:
    """Forget the evidence at or below the floor."""
    floor = replica.floor
    for height in [height for height in replica.slots if height <= floor]:
        del replica.slots[height]
