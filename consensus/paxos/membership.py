"""Another committee: how a replica leaves one and enters the next (Lamport 2001; 2009, "Vertical Paxos").

The ledger says with every executed height up to where it knows the committee (`Applied.until`), and
the change itself comes with the execution of such a height E. A replica neither proposes, accepts nor
decides above `until`; so heights up to E belong to the former committee, all above to the present
one, and whoever speaks of a height above E has executed E.

Majorities of the two need not meet: those of {1, 2, 3} and of {1, 2, 4} do not if they are {1, 3} and
{2, 4}. So no ballot reaches across: at E every leader steps down, and heights above E take a ballot
that a majority of the present committee has promised, of which each member answers only for itself
and for what it has accepted above E, where it was nobody's acceptor before. The former leader stands
again at once, if it is still a member, so a change costs one election without its waiting.

A leader that has decided E confirms no reads until it is elected again: others may have gone on.

E is a checkpoint height. Its certificate is the former committee's, also of those who leave: they
repeat that vote until it is certified. Whoever comes in has promised nothing under its new id.
"""

from collections.abc import Iterator

from consensus.committee import Former
from consensus.effects import Effect, Rewrite
from consensus.events import Applied
from consensus.message import Height
from consensus.paxos.ballot import Ballot
from consensus.paxos.causes import Cause
from consensus.paxos.election import stand
from consensus.paxos.heartbeat import announce
from consensus.paxos.journal import durable_records
from consensus.paxos.replica import Replica, Role
from consensus.paxos.standing import lose_leader

LOWEST = Ballot(0, 0)
"""What a new member promises, and writes down at once: a journal that it has written to and that is
found empty later was lost."""


def take_seats(replica: Replica, event: Applied) -> Iterator[Effect]:
    """The last height of a committee is executed: another one sits."""
    assert replica.decided == event.height
    was_leading = replica.is_leading
    was_member = replica.me is not None and replica.committee.is_member(replica.me)
    yield from announce(replica)
    yield from lose_leader(replica, Cause.COMMITTEE_CHANGED)
    replica.count("committee_changed")
    replica.former, replica.handover = Former(event.height, replica.committee), None
    replica.committee = event.committee
    if event.me is None:
        replica.role, replica.tickets = Role.FOLLOWER, {}
        return
    replica.me = event.me
    if not was_member:
        replica.role = Role.VOTER if replica.remembers else Role.OBSERVER
        replica.promised = max(replica.promised, LOWEST)
        yield Rewrite(durable_records(replica))
    elif was_leading:
        yield from stand(replica)


def owes_vote(replica: Replica, height: Height) -> bool:
    """Does this replica's vote belong under a checkpoint; one that was removed still owes the last."""
    if replica.me is None or replica.role not in {Role.VOTER, Role.FOLLOWER}:
        return False
    return replica.committee_at(height).is_member(replica.me)


def has_debts(replica: Replica) -> bool:
    """Was this replica removed, and is its last checkpoint not certified yet."""
    if replica.role is not Role.FOLLOWER or replica.me is None:
        return False
    return any(owes_vote(replica, height) for height in replica.own_checkpoints)
