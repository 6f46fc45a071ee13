"""The leader's pulse: it says that it lives, and hears whether a majority still answers.

A leader whom no majority answers any more resigns, for others may not be able to tell that it is of
no use: they hear it. So does one that has proposed and decides nothing for a whole look. A leader that
lives but does not hear of the work that all others hold is suspected by them after a few looks.
"""

from collections.abc import Iterator

from consensus.committee import ReplicaId
from consensus.effects import Broadcast, Effect, Ignore, Send
from consensus.paxos.acceptor import refuse, refuse_ballot
from consensus.paxos.causes import Cause
from consensus.paxos.learner import claim, learn
from consensus.paxos.messages import Alive, Heartbeat
from consensus.paxos.refusals import Refusal
from consensus.paxos.replica import IDLE_LOOKS_MAX, Replica
from consensus.paxos.standing import follow, lose_leader, lose_patience


def beat(replica: Replica) -> Iterator[Effect]:
    """Say that this leader lives, and want answers."""
    leading = replica.leading
    leading.beats += 1
    replica.ordering.announced = replica.decided
    yield Broadcast(Heartbeat(replica.candidate, replica.decided, leading.beats))


def announce(replica: Replica) -> Iterator[Effect]:
    """Say what was decided, since no proposal has carried the news."""
    if replica.is_leading and replica.ordering.announced < replica.decided:
        replica.ordering.announced = replica.decided
        yield Broadcast(Heartbeat(replica.candidate, replica.decided, 0))


def on_heartbeat(replica: Replica, sender: ReplicaId, heartbeat: Heartbeat) -> Iterator[Effect]:
    """The leader speaks: follow it, learn, and answer if it wants to know."""
    ballot = heartbeat.ballot
    if refusal := refuse_ballot(replica, sender, ballot):
        yield from refuse(replica, sender, heartbeat, ballot, refusal)
        return
    yield from follow(replica, ballot)
    claim(replica, heartbeat.chosen)
    yield from learn(replica, ballot, heartbeat.chosen)
    if heartbeat.beat and replica.is_voting:
        yield Send(sender, Alive(ballot, heartbeat.beat, replica.decided))


def on_alive(replica: Replica, sender: ReplicaId, alive: Alive) -> Iterator[Effect]:
    """A member has promised nothing above this leader's ballot, up to this beat."""
    if not replica.is_leading or alive.ballot != replica.candidate:
        yield Ignore(alive, Refusal.NOT_LEADING)
        return
    leading = replica.leading
    leading.spoke.add(sender)
    leading.beat_voices[sender] = max(alive.beat, leading.beat_voices.get(sender, 0))
    claim(replica, alive.decided)


def look_around(replica: Replica) -> Iterator[Effect]:
    """Each `silence_ms`: at a leader, is it of any use; elsewhere, is the leader."""
    is_still = replica.decided_before == replica.decided
    replica.decided_before = replica.decided
    if replica.is_leading:
        is_alone = not replica.has_majority(len(replica.leading.spoke))
        replica.leading.spoke = set()
        if is_alone or (is_still and has_to_move(replica)):
            yield from resign(replica)
    elif replica.leader is not None:
        judge_leader(replica, is_still=is_still)
    replica.has_spoken = False


def judge_leader(replica: Replica, *, is_still: bool) -> None:
    """A leader that was not heard is suspected, and one that lives but lets work wait too long."""
    if not replica.has_spoken and not replica.suspects:
        replica.suspects, replica.doubt = True, Cause.LEADER_UNHEARD
        replica.count("leader_unheard")
    replica.idle_looks = replica.idle_looks + 1 if is_still and replica.pending else 0
    if replica.idle_looks == IDLE_LOOKS_MAX:
        replica.count("leader_idle")


def resign(replica: Replica) -> Iterator[Effect]:
    """This leader cannot lead: let others try, and be more patient next time."""
    replica.count("resigned")
    lose_patience(replica)
    yield from lose_leader(replica, Cause.LEADER_RESIGNED)


def has_to_move(replica: Replica) -> bool:
    """Is there at a leader what only decided heights can end."""
    return bool(replica.slots) or not replica.is_settled
