"""The first event: where the ledger stands, and what the journal says this replica has promised.

A network begins in ballot (0, first member): nothing can have been accepted in a lower one, so its
proposer needs no phase 1. Only a journal that is known to be new says that the network begins; every
member writes that first promise down before anything else, so nobody takes a restart for it.

A member whose journal was lost does not know what it promised. It never votes again under this
name: any answer of its could undo a choice (see `acceptor`). It learns, and says so; to replace it
takes a new member.
"""

from collections.abc import Iterator

from consensus.effects import Effect, Ignore, Persist, Rewrite
from consensus.events import Started
from consensus.paxos.ballot import Ballot
from consensus.paxos.catch_up import resend
from consensus.paxos.checkpoint import vote
from consensus.paxos.journal import durable_records, restore, restore_vote
from consensus.paxos.messages import Checkpoint, Lost
from consensus.paxos.refusals import Refusal
from consensus.paxos.replica import Leading, Ordering, Phase, Replica, Role
from consensus.paxos.standing import watch


def on_started(replica: Replica, event: Started) -> Iterator[Effect]:
    """Stand up, and say again what may never have left."""
    if replica.started:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    replica.started = True
    replica.committee = event.committee
    replica.until, replica.former = event.until, event.former
    replica.decided = replica.applied = replica.known = event.height
    replica.ledger_certified = event.certified
    if replica.me is None or not event.committee.is_member(replica.me):
        yield from start_following(replica, event)
        return
    replica.role = Role.VOTER
    restore(replica, event.records)
    if event.records:
        count_restart(replica)
    elif event.fresh and not event.height:
        yield from open_first_ballot(replica)
    elif not event.fresh and event.committee.size > 1:
        replica.role = Role.OBSERVER
        replica.count("observing")
        yield Rewrite(durable_records(replica))
    if event.height and event.height % replica.parameters.checkpoint_interval == 0:
        yield from vote(replica, Checkpoint(event.height, event.block_id))
    if event.records or event.height or replica.role is Role.OBSERVER:
        yield from resend(replica)


def start_following(replica: Replica, event: Started) -> Iterator[Effect]:
    """Outside the committee: one that was removed still owes its vote under the last checkpoint.

    A follower may become a member, so it writes down if its journal was ever lost.
    """
    replica.role = Role.FOLLOWER
    is_lost = not event.records and not event.fresh
    was_lost = any(isinstance(record, Lost) for record in event.records)
    replica.remembers = not is_lost and not was_lost
    if is_lost and event.until is not None:
        yield Persist(Lost())
    former = replica.former
    if former is None or replica.me is None or not former.committee.is_member(replica.me):
        replica.me = None
    elif not was_lost:
        for record in event.records:
            if isinstance(record, Checkpoint):
                restore_vote(replica, record)
        if event.height == former.height:
            yield from vote(replica, Checkpoint(event.height, event.block_id))


def open_first_ballot(replica: Replica) -> Iterator[Effect]:
    """The network begins: everybody has promised the first ballot."""
    first = Ballot(0, replica.committee.members[0])
    replica.promised = replica.seen = replica.leader = first
    yield Persist(*durable_records(replica))
    if first.proposer == replica.me:
        replica.candidate, replica.phase = first, Phase.LEADING
        replica.leading = Leading()
        replica.ordering = Ordering(replica.decided + 1)
    yield from watch(replica)


def count_restart(replica: Replica) -> None:
    """In what state journal and ledger have survived."""
    replica.count("restarted")
    if replica.slots:
        replica.count("restarted_accepted")
