"""Voting again after the journal was lost, without contradicting what nobody remembers.

A replica X whose journal is gone may have voted at any height up to H = S + L above its last stable
checkpoint S, and may have signed view changes that show none of the votes it is going to cast: a
faulty primary could still build a new view on one of these. So X observes, and

- names a barrier b (`Returning`). A member whose last checkpoint height is c writes it down and
  answers (`Welcome`) if c + L <= b; from then on it accepts no view change of X, alone or in a new
  view, whose stable checkpoint lies below b;
- is a voter again once q - 1 others have answered for b, a stable checkpoint covers b, what is below
  is executed, and its view is at least each of the views in which those q - 1 answered.

Heights. X counts among the f while it observes, so the quorum that certified S shares a correct
member with those who answered. Hence S <= c and H <= b: no old vote of X is at a height where it
votes again.

Views. X voted for d at s > b in view u, and somebody builds a new view v > u on an old view change
of X. Of the q that answered (X among them) no correct one enters v: not before its answer, for its
view was at most u; not after it, for it refuses. At most n - q others and f liars are left, fewer
than a quorum, so nothing is ever prepared in v, and the view changes for v + 1 show d.

Liveness. A view may be open already, on an old view change of X, when X comes back. Whoever has
written the barrier down and was not in that view cannot enter it any more, so it asks for the next
one at once. It loses nothing by that, and a liar needs a quorum of view changes to bring it about.

A member that loses its own journal is told again by those who welcome it. The quorum of X and those
of such a member share another one that is correct. Barriers lie on checkpoint heights + L and within
2L of the member's own checkpoint, so a faulty X can void its view changes few times while the chain
stands still. (Castro's thesis 2001, section 4.3, recovers replicas that kept their state; the loss
of the journal is not treated there.)
"""

from collections.abc import Iterator

from consensus.committee import ReplicaId, View
from consensus.effects import Broadcast, Effect, Ignore, Persist, Rewrite, Send
from consensus.message import Height, Signed
from consensus.pbft.journal import durable_records
from consensus.pbft.messages import Observing, Returned, Returning, ViewChange, Welcome
from consensus.pbft.refusals import Refusal
from consensus.pbft.replica import OBSERVER, Replica, Role


def seek_return(replica: Replica) -> Iterator[Effect]:
    """An observer names its barrier, a higher one if the others are further than it thought."""
    if replica.role is not Role.OBSERVER or is_welcome(replica):
        return
    if len(replica.claims) >= replica.committee.weak_quorum:
        barrier = compute_barrier(replica)
        if barrier > replica.barrier:
            replica.barrier = barrier
            replica.welcomes.clear()
            yield Persist(Observing(barrier))
    if replica.barrier:
        yield Broadcast(Returning(replica.barrier))


def compute_barrier(replica: Replica) -> Height:
    """L above the checkpoint height that follows what some correct member has decided."""
    interval = replica.parameters.checkpoint_interval
    return compute_reached(replica) + interval + replica.parameters.window


def compute_reached(replica: Replica) -> Height:
    """The last checkpoint height that some correct member has decided."""
    interval = replica.parameters.checkpoint_interval
    return max(replica.decided, replica.trusted_claim) // interval * interval


def on_returning(replica: Replica, sender: ReplicaId, returning: Returning) -> Iterator[Effect]:
    """A member lost its journal: void its old view changes, durably, and say so."""
    if sender == replica.me or replica.me is None:
        return
    if refusal := refuse_returning(replica, sender, returning.barrier):
        yield Ignore(returning, refusal)
        return
    if returning.barrier > replica.returned.get(sender, 0):
        yield from note_returned(replica, Returned(sender, returning.barrier))
    if replica.role is Role.VOTER:
        yield Send(sender, Welcome(returning.barrier, replica.view, list_returned(replica)))


def refuse_returning(replica: Replica, sender: ReplicaId, barrier: Height) -> Refusal | None:
    """Why a barrier is not written down: this replica could vote above it, or it is too far."""
    window, interval = replica.parameters.window, replica.parameters.checkpoint_interval
    own = replica.decided // interval * interval
    if barrier < own + window or barrier < replica.returned.get(sender, 0):
        return Refusal.BELOW_WINDOW
    if barrier > own + 2 * window:
        return Refusal.BEYOND_WINDOW
    return Refusal.NOT_A_CHECKPOINT if (barrier - window) % interval else None


def note_returned(replica: Replica, returned: Returned) -> Iterator[Effect]:
    """Nothing that this member said of views before counts here any more."""
    replica.returned[returned.member] = returned.barrier
    known = replica.view_changes.get(returned.member)
    if known and is_void(replica, known):
        del replica.view_changes[returned.member]
    yield Persist(returned)


def list_returned(replica: Replica) -> tuple[Returned, ...]:
    """Whose view changes are void below which checkpoint, by member."""
    return tuple(Returned(member, replica.returned[member]) for member in sorted(replica.returned))


def on_welcome(replica: Replica, sender: ReplicaId, welcome: Welcome) -> Iterator[Effect]:
    """A member has written this observer's barrier down, and hands on those of others."""
    if replica.role is not Role.OBSERVER or welcome.barrier != replica.barrier:
        yield Ignore(welcome, Refusal.UNWANTED)
        return
    farthest = compute_barrier(replica) + replica.parameters.window
    for returned in welcome.returned:
        known = replica.returned.get(returned.member, 0)
        is_other = returned.member != replica.me and replica.committee.is_member(returned.member)
        if is_other and known < returned.barrier <= farthest:
            yield from note_returned(replica, returned)
    first = replica.welcomes.setdefault(sender, welcome.view)
    replica.welcomes[sender] = min(first, welcome.view)
    if become_voter(replica):
        yield Rewrite(durable_records(replica))


def is_welcome(replica: Replica) -> bool:
    """Have enough others written the barrier down."""
    return len(replica.welcomes) >= replica.committee.quorum - 1


def compute_first_view(replica: Replica) -> View:
    """Where a welcome observer may vote again: the least view that q - 1 answers do not exceed."""
    return sorted(replica.welcomes.values())[replica.committee.quorum - 2]


def may_return(replica: Replica) -> bool:
    """Is an observer welcome in its view."""
    return is_welcome(replica) and replica.view >= compute_first_view(replica)


def become_voter(replica: Replica) -> bool:
    """Does an observer that has met all conditions vote again from now on."""
    if replica.role is not OBSERVER or not 0 < replica.barrier <= replica.floor:
        return False
    if not may_return(replica):
        return False
    assert replica.me is not None
    replica.role, replica.remembers = Role.VOTER, True
    replica.returned[replica.me] = replica.barrier
    replica.welcomes.clear()
    replica.count("observer_freed")
    return True


def is_void(replica: Replica, signed: Signed[ViewChange]) -> bool:
    """Does a view change come from before its signer lost its journal."""
    return signed.body.stable < replica.returned.get(signed.signer, 0)
