"""What this replica would have decided: asked for while the height before is being confirmed."""

from collections.abc import Iterator

from consensus.chaining.refusals import Refusal
from consensus.effects import Effect, Ignore, Request
from consensus.events import Proposed
from consensus.lockstep.paced import Paced


def request(paced: Paced) -> Iterator[Effect]:
    """After every step: ask for a value for the next height that has none, if this replica may vote."""
    keeper, wish = paced.keeper, paced.wish
    height = paced.front + bool(paced.tentative)
    if not keeper.is_voting or paced.is_behind or height > keeper.ceiling:
        return
    required = is_overdue(paced)
    if wish.height == height or (wish.requested == height and wish.required >= required):
        return
    wish.requested, wish.required = height, required
    yield Request(height, paced.list_unexecuted(), required)


def is_overdue(paced: Paced) -> bool:
    """Nobody has had a value for so long, and there is work, or a height that waits for a checkpoint."""
    keeper, parameters = paced.keeper, paced.parameters
    idle_ms = paced.idle_slots * paced.rounds * parameters.delta_ms
    is_unfinished = (paced.front - 1) % parameters.checkpoint_interval != 0
    return idle_ms >= parameters.idle_block_ms and (keeper.pending or is_unfinished)


def on_proposed(paced: Paced, event: Proposed) -> Iterator[Effect]:
    """The host gives a value; it is brought in when the next slot begins."""
    wish = paced.wish
    if event.height != wish.requested or not paced.keeper.is_voting:
        yield Ignore(event, Refusal.UNWANTED)
        return
    wish.height, wish.value = event.height, event.value
    wish.requested, wish.required = None, False
