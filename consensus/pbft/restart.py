"""The first event: where the ledger stands, and what the journal says this replica has promised.

Journal and ledger can be torn against each other. If the journal is ahead, its votes are said again
and the height is decided once more; if the ledger is ahead, older records are only kept for the
certificates that a view change still has to carry.

A member without records whose journal is not known to be new has lost it. Anything it says could
contradict what it said before, so it observes first (see `returning`). A single replica has nobody to contradict.
"""

from collections.abc import Iterator

from consensus.effects import Effect, Ignore, Persist
from consensus.events import Started
from consensus.pbft.catch_up import resend
from consensus.pbft.checkpoint import certify_applied, vote_checkpoint
from consensus.pbft.journal import restore
from consensus.pbft.membership import has_left_views, leave_views, retire
from consensus.pbft.messages import Checkpoint, Observing
from consensus.pbft.normal_case import advance
from consensus.pbft.probes import count_restart
from consensus.pbft.refusals import Refusal
from consensus.pbft.replica import Replica, Role


def on_started(replica: Replica, event: Started) -> Iterator[Effect]:
    """Stand up, and say again what was promised."""
    if replica.started:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    replica.started = True
    replica.sit(event.committee)
    replica.until, replica.former = event.until, event.former
    replica.ledger_certified = event.certified
    replica.decided = replica.applied = event.height
    if not is_known(replica):
        replica.me, replica.role = None, Role.FOLLOWER
        yield from remember_loss(replica, event)
        return
    replica.role = Role.VOTER
    restore(replica, event.records)
    count_restart(replica)
    if not event.records and not event.fresh and event.committee.size > 1:
        replica.role = Role.OBSERVER
        replica.count("observing")
        yield Persist(Observing(0))
    if replica.former is not None:
        resume_handover(replica)
    yield from repeat_promises(replica, event)


def is_known(replica: Replica) -> bool:
    """Is this a member, or was it one until the last change."""
    me, former = replica.me, replica.former
    if me is None:
        return False
    return replica.committee.is_member(me) or (
        former is not None and former.committee.is_member(me)
    )


def remember_loss(replica: Replica, event: Started) -> Iterator[Effect]:
    """A follower may become a member: it has to know then whether its journal was ever lost."""
    if event.until is None:
        return
    is_lost = not event.records and not event.fresh
    observed = any(isinstance(record, Observing) for record in event.records)
    replica.remembers = not is_lost and not observed
    if is_lost:
        yield Persist(Observing(0))


def resume_handover(replica: Replica) -> None:
    """The ledger knows of a change: what the journal says may be from before it."""
    assert replica.former is not None
    assert replica.me is not None
    if replica.committee.is_member(replica.me):
        if not has_left_views(replica):
            leave_views(replica)
        return
    if replica.role is Role.OBSERVER:
        replica.me, replica.remembers = None, False
    replica.role = Role.FOLLOWER
    retire(replica)
    if replica.me is not None and replica.stable < replica.former.height:
        leave_views(replica)


def repeat_promises(replica: Replica, event: Started) -> Iterator[Effect]:
    """Repeat votes that may never have left, and ask the others where they stand."""
    replica.ordering.next_height = compute_next_height(replica)
    height, interval = event.height, replica.parameters.checkpoint_interval
    if height and height % interval == 0:
        yield from vote_checkpoint(replica, Checkpoint(height, event.block_id))
    yield from certify_applied(replica)
    for undecided in replica.undecided():
        yield from advance(replica, undecided, replica.slots[undecided])
    if event.records or event.height or replica.role is Role.OBSERVER:
        yield from resend(replica)


def compute_next_height(replica: Replica) -> int:
    """The first height that this replica, if it leads its view, has not proposed in it."""
    proposed = [
        height for height, slot in replica.slots.items() if slot.accepted_view == replica.view
    ]
    return max([replica.decided, replica.stable, replica.imposed_to, *proposed]) + 1
