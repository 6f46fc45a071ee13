"""Links lose messages: saying things again, asking, and the timers that see to it."""

from collections.abc import Iterator

from consensus.chaining import catch_up, checkpoint
from consensus.chaining.chain import Chain
from consensus.chaining.keeper import Role
from consensus.chaining.messages import (
    Outcome,
    compute_values_digest,
)
from consensus.chaining.proposing import is_idling
from consensus.effects import (
    Broadcast,
    CancelTimer,
    Effect,
    Request,
    Send,
    SetTimer,
)
from consensus.events import (
    Elapsed,
    Timer,
)
from consensus.message import Signed

RESEND: Timer = ("resend",)
IDLE: Timer = ("idle",)
RESEND_DOUBLINGS_MAX = 3


def on_elapsed(chain: Chain, event: Elapsed) -> Iterator[Effect]:
    """A timer of the chain itself."""
    clock = chain.clock
    match event.timer:
        case ("idle",) if clock.idle:
            clock.idle = False
            if is_idling(chain):
                chain.required = True
                yield Request(chain.keeper.decided + 1, chain.keeper.unexecuted(), required=True)
        case ("resend",) if clock.resend:
            clock.resend = False
            clock.resends += 1
            yield from resend(chain)


def resend(chain: Chain) -> Iterator[Effect]:
    """Say again what was said of the next height, and ask whether others are done with it."""
    keeper, height = chain.keeper, chain.keeper.decided + 1
    if chain.current is not None:
        for to, message in chain.current.said:
            yield Broadcast(message) if to is None else Send(to, message)
    result = keeper.results.get(height)
    if keeper.terms.proves and keeper.is_voting and chain.current and chain.current.has_ended:
        assert keeper.me is not None
        assert result is not None
        outcome = Outcome(height, compute_values_digest(result.values))
        yield Broadcast(Signed(keeper.me, outcome))
    yield from checkpoint.repeat_votes(keeper)
    yield from catch_up.ask(keeper)


def is_unfinished(chain: Chain) -> bool:
    """Is there anything that a lost message could keep from ending."""
    keeper, height = chain.keeper, chain.keeper.decided + 1
    if keeper.is_voting and (height in chain.instances or height in keeper.results):
        return True
    is_lacking = keeper.is_behind or checkpoint.lacks_certificate(keeper)
    return is_lacking and keeper.role is not Role.HALTED


def keep_time(chain: Chain) -> Iterator[Effect]:
    """Set and cancel timers so that exactly the right ones run."""
    clock, parameters = chain.clock, chain.parameters
    progressed, clock.progressed = clock.progressed, False
    if clock.idle != (wanted := is_idling(chain)):
        clock.idle = wanted
        yield SetTimer(IDLE, parameters.idle_block_ms) if wanted else CancelTimer(IDLE)
    wanted = is_unfinished(chain)
    if clock.resend and wanted and progressed:
        clock.resend = False
    if clock.resend != wanted:
        clock.resend = wanted
        pause_ms = parameters.resend_ms << min(clock.resends, RESEND_DOUBLINGS_MAX)
        yield SetTimer(RESEND, pause_ms) if wanted else CancelTimer(RESEND)
