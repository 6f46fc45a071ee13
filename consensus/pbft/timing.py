"""Which timers run: computed from the record after every step, never set inside a handler.

progress  runs while something is pending or undecided; at its end the primary is suspected. Restarts on
          every decided height, stops when idle, and does not run while this replica knows itself
          behind, for then the primary has done its work. While the view is not open it starts with
          a quorum of view changes.
starved   runs while work waits and the primary has proposed nothing that is undecided: at STARVED_PERMILLE
          of the timeout it is suspected. Without it each decided height buys a primary a whole timeout,
          and one that always waits until just before its end would hold a busy chain down to `pipeline`
          heights per timeout (Clement et al. 2009, section 4). A correct primary proposes as soon as it
          may. Does not run once the timeout has reached its cap: then patience is all that is left.
resend    runs while anything is unfinished; its pauses double up to RESEND_DOUBLINGS_MAX times. A
          decided height restarts it, so that a busy chain repeats nothing, unless the replica lacks
          what decided heights do not bring.
idle      runs at a primary that waits for a value while the chain has to move.
answers   is set where an answer is given; until it ends the same question is not answered again.
"""

from collections.abc import Iterator

from consensus.effects import CancelTimer, Effect, SetTimer
from consensus.events import Elapsed, Timer
from consensus.idling import is_idling, must_move, require_value
from consensus.pbft.catch_up import resend
from consensus.pbft.parameters import STARVED_PERMILLE
from consensus.pbft.proposing import unexecuted_digests
from consensus.pbft.replica import CHANGING, OBSERVER, VOTER, Replica, Slot
from consensus.pbft.returning import may_return
from consensus.pbft.suspicion import on_waited_in_vain
from consensus.pbft.view_change import count_changing

PROGRESS: Timer = ("progress",)
RESEND: Timer = ("resend",)
IDLE: Timer = ("idle",)
STARVED: Timer = ("starved",)
RESEND_DOUBLINGS_MAX = 3


def on_elapsed(replica: Replica, event: Elapsed) -> Iterator[Effect]:
    """A timer ran out; one that this replica does not know changes nothing."""
    clock = replica.clock
    match event.timer:
        case ("progress",) if clock.progress:
            clock.progress = False
            if is_waiting(replica):
                yield from on_waited_in_vain(replica)
        case ("starved",) if clock.starved:
            clock.starved = False
            if is_starved(replica):
                yield from on_waited_in_vain(replica)
        case ("resend",) if clock.resend:
            clock.resend = False
            clock.resends += 1
            yield from resend(replica)
        case ("idle",) if clock.idle:
            clock.idle = False
            yield from require_value(replica, unexecuted_digests(replica))
        case ("answers",) if clock.answers:
            clock.answers = False
            replica.answered.clear()


def keep_time(replica: Replica) -> Iterator[Effect]:
    """Set and cancel timers so that exactly the right ones run; mostly they do already."""
    clock = replica.clock
    waiting, unfinished, idling = is_waiting(replica), is_unfinished(replica), is_idling(replica)
    starved = is_starved(replica)
    is_right = waiting == clock.progress and unfinished == clock.resend and idling == clock.idle
    if is_right and starved == clock.starved and not clock.restart and not clock.progressed:
        return iter(())
    return change_timers(
        replica, waiting=waiting, unfinished=unfinished, idling=idling, starved=starved
    )


def change_timers(
    replica: Replica, *, waiting: bool, unfinished: bool, idling: bool, starved: bool
) -> Iterator[Effect]:
    """Let run what is wanted, anew if a view or a height has passed."""
    clock = replica.clock
    restart, opened = clock.restart or clock.progressed, clock.restart
    repeat_later = clock.restart or (clock.progressed and not is_ailing(replica))
    clock.restart = clock.progressed = False
    if waiting and (restart or not clock.progress):
        yield SetTimer(PROGRESS, compute_timeout_ms(replica))
    elif clock.progress and not waiting:
        yield CancelTimer(PROGRESS)
    if unfinished and (repeat_later or not clock.resend):
        yield SetTimer(RESEND, compute_resend_ms(replica))
    elif clock.resend and not unfinished:
        yield CancelTimer(RESEND)
    if idling and not clock.idle:
        yield SetTimer(IDLE, compute_idle_ms(replica))
    elif clock.idle and not idling:
        yield CancelTimer(IDLE)
    if starved and (opened or not clock.starved):
        yield SetTimer(STARVED, compute_timeout_ms(replica) * STARVED_PERMILLE // 1_000)
    elif clock.starved and not starved:
        yield CancelTimer(STARVED)
    clock.progress, clock.resend, clock.idle = waiting, unfinished, idling
    clock.starved = starved


def is_waiting(replica: Replica) -> bool:
    """Does this replica wait for its primary."""
    if replica.role is not VOTER or replica.handing_over:
        return False
    if replica.phase is CHANGING:
        return count_changing(replica) >= replica.committee.quorum
    return not replica.is_behind and (
        must_move(replica, replica.parameters) or has_undecided(replica)
    )


def is_starved(replica: Replica) -> bool:
    """Does work wait while the primary of an open view has proposed nothing that is undecided."""
    if not replica.pending or not replica.is_voting or replica.is_leading:
        return False
    decided = replica.decided
    following = replica.slots.get(decided + 1)
    if following is not None and following.proposal is not None:
        return False
    if replica.suspected_at is not None or replica.is_behind:
        return False
    if compute_timeout_ms(replica) >= replica.parameters.timeout_max_ms:
        return False
    return not any(h > decided and slot.proposal for h, slot in replica.slots.items())


def has_undecided(replica: Replica) -> bool:
    """Does a height wait for its primary: a proposal, or f + 1 voices, but no outcome yet.

    One liar's voice does not count, and a known outcome only waits for its value.
    """
    decided, weak = replica.decided, replica.committee.weak_quorum
    for height, slot in replica.slots.items():
        if height > decided and slot.outcome is None and is_under_way(replica, slot, weak):
            return True
    return False


def is_under_way(replica: Replica, slot: Slot, voices: int) -> bool:
    """Does enough of what this view left in a slot say that its height is being decided."""
    if slot.proposal is not None or slot.accepted_view == replica.view:
        return True
    if len(slot.prepares) + len(slot.commits) < voices:
        return False
    return slot.voices(replica.view) >= voices


def is_unfinished(replica: Replica) -> bool:
    """Is there anything that a lost message could keep from ending."""
    if replica.role is not VOTER and replica.role is not OBSERVER:
        return replica.handing_over
    decided = replica.decided
    following = replica.slots.get(decided + 1)
    if following is not None and following.proposal is not None:
        return True
    if is_ailing(replica):
        return True
    if replica.own_checkpoints and max(replica.own_checkpoints) > replica.stable:
        return True
    for height, slot in replica.slots.items():
        if height > decided and (slot.outcome is not None or is_under_way(replica, slot, 1)):
            return True
    return False


def is_ailing(replica: Replica) -> bool:
    """Does this replica lack something that decided heights do not cure.

    Then they must not put off the next repetition, however fast they come.
    """
    if replica.phase is CHANGING or replica.is_outdated or replica.is_behind:
        return True
    if replica.suspected_at is not None or (replica.role is OBSERVER and not may_return(replica)):
        return True
    return replica.decided - replica.stable >= replica.parameters.checkpoint_interval


def compute_timeout_ms(replica: Replica) -> int:
    """T, doubled for each failed view, capped."""
    parameters = replica.parameters
    doublings = min(replica.clock.failures, 32)
    return min(parameters.timeout_ms << doublings, parameters.timeout_max_ms)


def compute_resend_ms(replica: Replica) -> int:
    """The pause before the next repetition."""
    return replica.parameters.resend_ms << min(replica.clock.resends, RESEND_DOUBLINGS_MAX)


def compute_idle_ms(replica: Replica) -> int:
    """How long a primary waits for work."""
    return replica.parameters.idle_block_ms
