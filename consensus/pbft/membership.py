"""Another committee: how a replica leaves one and enters the next.

The ledger counts votes for a change and says with every executed height up to where it knows the
committee (`Applied.until`); the change itself comes with the execution of such a height E. A replica
says and believes nothing of heights above `until`, so

- no height above E is proposed, voted on or decided before E is executed, by anybody: whoever has
  executed less knows less, and stays below. Heights up to E belong to the former committee, all
  above to the present one, and no quorum ever holds votes of both;
- E is a checkpoint height, and the checkpoint is the former committee's last duty: its members go on
  signing it, also those who leave, until a quorum has. `handing_over` lasts from the execution of E
  to its stable checkpoint, and meanwhile a replica votes in no view (`handover`);
- then the new committee begins with a view change. Its members leave all views of the former one for
  the next number, with the checkpoint of E as C and with no P, for there is nothing above E yet.
  The primary of that view, one of their own, opens it with a quorum of them. So at its first vote a
  quorum stands at E, and from there on everything is as ever.

A view change counts in one committee alone: before E those with a checkpoint below `until`, after it
those with a checkpoint at E or above. A replica's views go up across the change, so a promise that
it made on one side (to vote in no earlier view) holds on the other.

A replica that was not a member has said nothing yet under its new id, so it needs no records; unless
it is not known to remember (its journal was lost once): then it observes first. Who leaves follows.
"""

from consensus.committee import Former
from consensus.events import Applied
from consensus.message import Height, Signed
from consensus.pbft.causes import Cause
from consensus.pbft.messages import NewView, ViewChange
from consensus.pbft.quorums import compute_proposals
from consensus.pbft.replica import Ordering, Phase, Replica, Role


def take_seats(replica: Replica, event: Applied) -> None:
    """The last height of a committee is executed: another one sits, and hands over what is open."""
    replica.former, replica.handover = Former(event.height, replica.committee), None
    was_member = replica.me is not None and replica.committee.is_member(replica.me)
    replica.count("committee_changed")
    replica.sit(event.committee)
    if event.me is not None and event.committee.is_member(event.me):
        if not was_member:
            replica.role = Role.VOTER if replica.remembers else Role.OBSERVER
        replica.me = event.me
    elif replica.role is Role.OBSERVER:
        replica.me, replica.role, replica.remembers = None, Role.FOLLOWER, False
    elif was_member:
        replica.role = Role.FOLLOWER
    forget_strangers(replica)
    if replica.me is not None:
        replica.count_left(Cause.COMMITTEE_CHANGED)
        leave_views(replica)


def forget_strangers(replica: Replica) -> None:
    """What was heard of the former committee's views, and from those who are gone, is of no use."""
    members = set(replica.committee.members)
    replica.view_changes.clear()
    replica.later_views.clear()
    replica.suspicions.clear()
    replica.welcomes.clear()
    replica.claims = {r: height for r, height in replica.claims.items() if r in members}
    replica.returned = {r: height for r, height in replica.returned.items() if r in members}
    replica.trusted_claim = replica.compute_trusted_claim()
    replica.fetching = min(replica.fetching, replica.trusted_claim)


def leave_views(replica: Replica) -> None:
    """Stand before the first view of this committee: its number is known, its proof is not.

    What led to the last view stays in the journal until there is something better to tell its number.
    """
    replica.handing_over = True
    replica.enter(replica.view + 1, Phase.CHANGING)
    replica.suspected_at = None
    replica.imposed_to = replica.barrier = 0
    replica.ordering = Ordering()
    replica.clock.restart, replica.clock.resends = True, 0


def retire(replica: Replica) -> None:
    """Nothing is owed any more: only follow."""
    replica.view_change = replica.new_view = None
    replica.enter(replica.view, Phase.NORMAL)


def has_left_views(replica: Replica) -> bool:
    """Do the records of a replica say that it stands in a view of this committee already."""
    assert replica.former is not None
    first = replica.former.height
    if replica.stable < first:
        return False
    if replica.phase is Phase.CHANGING and replica.view_change is not None:
        return replica.view_change.stable >= first
    return replica.new_view is not None and find_low_mark(replica.new_view.body) >= first


def find_low_mark(new_view: NewView) -> Height:
    """min-s: the stable checkpoint that a view begins with."""
    lowest, _ = compute_proposals(new_view.view, new_view.view_changes)
    return lowest


def find_first_view_change(replica: Replica) -> Signed[ViewChange] | None:
    """This replica's view change for the first view of a committee, for those who came to E later."""
    former, own = replica.former, replica.view_change
    if former is None or own is None or replica.me is None or own.stable != former.height:
        return None
    return replica.view_changes.get(replica.me) or Signed(replica.me, own)
