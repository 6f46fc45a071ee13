"""Which timers run: computed from the record after every step, never set inside a handler.

election  runs at a voter without a trusted leader, for a time drawn from T to 2T: at its end it
          stands, or tries again with twice the patience.
beat      runs at a leader: each `heartbeat_ms` it says that it lives.
silence   runs at voters: each `silence_ms`, more after failures, they look who was heard.
learn     runs at a leader that has decided more than it has announced.
idle      runs at a leader that waits for a value while the chain has to move.
resend    runs while anything is unfinished; its pauses double up to RESEND_DOUBLINGS_MAX times.
"""

from collections.abc import Iterator

from consensus.effects import CancelTimer, Effect, SetTimer
from consensus.events import Elapsed, Timer
from consensus.idling import is_idling, require_value
from consensus.patience import compute_patience_ms
from consensus.paxos.catch_up import lacks_certificate, resend
from consensus.paxos.election import stand
from consensus.paxos.heartbeat import announce, beat, look_around
from consensus.paxos.membership import has_debts
from consensus.paxos.proposing import unexecuted_digests
from consensus.paxos.replica import Phase, Replica, Role

ELECTION: Timer = ("election",)
BEAT: Timer = ("beat",)
SILENCE: Timer = ("silence",)
LEARN: Timer = ("learn",)
IDLE: Timer = ("idle",)
RESEND: Timer = ("resend",)
RESEND_DOUBLINGS_MAX = 3


def on_elapsed(replica: Replica, event: Elapsed) -> Iterator[Effect]:
    """A timer ran out; one that this replica does not know changes nothing."""
    clock = replica.clock
    match event.timer:
        case ("election",) if clock.election:
            clock.election = False
            if replica.is_seeking:
                yield from stand(replica)
        case ("beat",) if clock.beat:
            clock.beat = False
            if replica.is_leading:
                yield from beat(replica)
        case ("silence",) if clock.silence:
            clock.silence = False
            yield from look_around(replica)
        case ("learn",) if clock.learn:
            clock.learn = False
            yield from announce(replica)
        case ("idle",) if clock.idle:
            clock.idle = False
            yield from require_value(replica, unexecuted_digests(replica))
        case ("resend",) if clock.resend:
            clock.resend = False
            clock.resends += 1
            yield from resend(replica)


def keep_time(replica: Replica) -> Iterator[Effect]:
    """Set and cancel timers so that exactly the right ones run; mostly they do already."""
    clock, parameters = replica.clock, replica.parameters
    restart, progressed = clock.restart, clock.progressed
    clock.restart = clock.progressed = False
    has_peers = replica.committee.size > 1
    wanted = replica.is_seeking
    if wanted and (restart or not clock.election):
        patience_ms = compute_election_ms(replica)
        yield SetTimer(ELECTION, patience_ms if has_peers else 1, patience_ms if has_peers else 0)
    elif clock.election and not wanted:
        yield CancelTimer(ELECTION)
    clock.election = wanted
    if clock.beat != (wanted := replica.is_leading and has_peers):
        clock.beat = wanted
        yield turn(BEAT, parameters.heartbeat_ms, is_on=wanted)
    if clock.silence != (wanted := replica.is_voting and has_peers):
        clock.silence = wanted
        yield turn(SILENCE, compute_look_ms(replica), is_on=wanted)
    if clock.learn != (wanted := has_news(replica) and has_peers):
        clock.learn = wanted
        yield turn(LEARN, parameters.learn_ms, is_on=wanted)
    if clock.idle != (wanted := is_idling(replica)):
        clock.idle = wanted
        yield turn(IDLE, parameters.idle_block_ms, is_on=wanted)
    wanted = is_unfinished(replica)
    if clock.resend and wanted and (restart or (progressed and not is_ailing(replica))):
        clock.resend = False
    if clock.resend != wanted:
        clock.resend = wanted
        yield turn(RESEND, compute_resend_ms(replica), is_on=wanted)


def turn(timer: Timer, after_ms: int, *, is_on: bool) -> Effect:
    """Start a timer, or stop it."""
    return SetTimer(timer, after_ms) if is_on else CancelTimer(timer)


def has_news(replica: Replica) -> bool:
    """Has this leader decided what it has not announced."""
    return replica.is_leading and replica.ordering.announced < replica.decided


def is_unfinished(replica: Replica) -> bool:
    """Is there anything that a lost message could keep from ending."""
    role, phase = replica.role, replica.phase
    if role is Role.FOLLOWER or role is Role.HALTED:
        return has_debts(replica)
    if phase is Phase.CANVASSING or phase is Phase.PREPARING or is_ailing(replica):
        return True
    return bool(replica.tickets) or (replica.is_leading and bool(replica.slots))


def is_ailing(replica: Replica) -> bool:
    """Does this replica lack what decided heights do not bring."""
    return replica.known > replica.decided or lacks_certificate(replica)


def compute_election_ms(replica: Replica) -> int:
    """T, doubled for each failure, capped."""
    parameters = replica.parameters
    failures = replica.clock.failures
    return compute_patience_ms(parameters.election_ms, failures, parameters.election_max_ms)


def compute_look_ms(replica: Replica) -> int:
    """The pause between two looks: longer than a majority's answers take, in the end."""
    parameters = replica.parameters
    longest_ms = max(parameters.silence_ms, parameters.election_max_ms)
    return compute_patience_ms(parameters.silence_ms, replica.clock.failures, longest_ms)


def compute_resend_ms(replica: Replica) -> int:
    """The pause before the next repetition."""
    return replica.parameters.resend_ms << min(replica.clock.resends, RESEND_DOUBLINGS_MAX)
