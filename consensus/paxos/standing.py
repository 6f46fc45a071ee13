"""Whom a replica follows, and how it stops: the state that candidates, leaders and acceptors share."""

from collections.abc import Iterator

from consensus.effects import Effect, Watch
from consensus.paxos.ballot import NO_BALLOT, Ballot
from consensus.paxos.causes import Cause
from consensus.paxos.replica import FOLLOWING, Leading, Phase, Replica


def follow(replica: Replica, ballot: Ballot) -> Iterator[Effect]:
    """The proposer of `ballot` speaks as leader, and nothing higher was promised here."""
    assert ballot >= replica.bar
    replica.has_spoken = True
    replica.seen = max(replica.seen, ballot)
    if replica.leader == ballot:
        trust(replica)
        return
    if ballot != replica.candidate:
        stand_down(replica)
    if replica.leader is not None:
        replica.count_left(replica.grievance)
    replica.leader, replica.chosen = ballot, 0
    replica.suspects, replica.idle_looks = False, 0
    replica.clock.restart = True
    ask_reads_again(replica)
    yield from watch(replica)


def trust(replica: Replica) -> None:
    """The leader is heard, whatever the failure detector said."""
    if replica.suspects:
        replica.suspects = False
        replica.count("suspicion_withdrawn")
        if replica.phase is Phase.CANVASSING:
            stand_down(replica)


def lose_leader(replica: Replica, cause: Cause | None = None) -> Iterator[Effect]:
    """Nobody leads any more as far as this replica knows; by default because of its grievance."""
    if replica.leader is not None:
        replica.count_left(cause or replica.grievance)
    stand_down(replica)
    replica.leader = None
    replica.suspects, replica.idle_looks = False, 0
    replica.clock.restart = True
    ask_reads_again(replica)
    yield from watch(replica)


def stand_down(replica: Replica) -> None:
    """Give up a candidacy or a leadership, if there is one."""
    if replica.phase is FOLLOWING:
        return
    replica.phase, replica.candidate = Phase.FOLLOWING, NO_BALLOT
    replica.supporters, replica.promises = set(), {}
    replica.ordering.requested, replica.ordering.required = None, False
    replica.leading = Leading()
    for slot in replica.slots.values():
        slot.voices.clear()
    replica.clock.restart = True


def lose_patience(replica: Replica) -> None:
    """A candidacy or a leadership came to nothing: wait twice as long before the next."""
    replica.clock.failures += 1
    replica.clock.calm = 0


def watch(replica: Replica) -> Iterator[Effect]:
    """Have the failure detector watch the leader, if that is somebody else."""
    leader = replica.leader.proposer if replica.leader else None
    wanted = None if leader == replica.me or not replica.is_voting else leader
    if wanted != replica.watched or wanted is not None:
        replica.watched = wanted
        yield Watch(wanted)


def ask_reads_again(replica: Replica) -> None:
    """What the former leader was asked, the next one has to be asked."""
    replica.tickets = dict.fromkeys(replica.tickets, False)
