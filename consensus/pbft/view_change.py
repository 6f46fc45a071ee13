"""View changes: replacing a primary without losing what may be decided (4.4).

Liveness. Each replica runs a timer while something is pending or undecided; it restarts on every
decided height. When it runs out, the replica suspects the primary, and as soon as f + 1 do (see
`suspicion`), it stops the traffic of its view and asks for the next one, with C (its stable
checkpoint) and P (its prepared certificates above it). With a quorum of
view changes for its view or later ones it gives the new primary 2T, then asks for v + 2, and so on:
doubled each time, capped, and brought down again by decided heights. f + 1 view changes for later
views make it join the smallest of them, so nobody is left alone and f liars cannot start one.

Safety. If d was decided at s in view v, a quorum prepared it, so each quorum V of view changes holds
a correct replica with that certificate (or with a stable checkpoint at or above s). By induction
over the views no later certificate for s names another digest, so the rule "highest view wins"
picks d. Every certificate is checked by everybody: a new primary computes O, and each backup
computes it again and refuses another. A replica that has asked for view v + 1 votes in no view
before it, ever: it cannot return to the view it left.

O(n) signed certificates in each of n view changes: O(n^2) messages, O(n^3) votes in them.
"""

from collections.abc import Iterator

from consensus.committee import ReplicaId, View
from consensus.effects import Broadcast, Effect, Ignore, Persist, Rewrite
from consensus.message import Signed
from consensus.pbft.accusing import accuse
from consensus.pbft.causes import Cause
from consensus.pbft.checkpoint import accept_certificate
from consensus.pbft.journal import durable_records
from consensus.pbft.messages import CheckpointCertificate, NewView, ViewChange
from consensus.pbft.normal_case import advance
from consensus.pbft.probes import count_imposed
from consensus.pbft.quorums import compute_proposals, is_valid_new_view, is_valid_view_change
from consensus.pbft.refusals import Refusal
from consensus.pbft.replica import Ordering, Phase, Replica, Role
from consensus.pbft.returning import become_voter, is_void


def enter_view_change(replica: Replica, view: View, cause: Cause) -> Iterator[Effect]:
    """Leave all views before `view`, durably, and say so with proof of what was prepared."""
    if replica.role is not Role.VOTER or replica.handing_over:
        return
    assert replica.me is not None
    assert view > replica.view
    replica.enter(view, Phase.CHANGING)
    replica.new_view = None
    replica.ordering = Ordering()
    forget_suspicions(replica)
    clock = replica.clock
    clock.failures, clock.calm, clock.resends, clock.restart = clock.failures + 1, 0, 0, True
    replica.count("view_changes")
    replica.count_left(cause)
    replica.view_change = compute_view_change(replica)
    yield Persist(replica.view_change)
    yield Broadcast(Signed(replica.me, replica.view_change))
    yield from announce_new_view(replica)


def forget_suspicions(replica: Replica) -> None:
    """They concerned the primary of another view."""
    replica.suspected_at = None
    replica.suspicions.clear()


def compute_view_change(replica: Replica) -> ViewChange:
    """C and P: the stable checkpoint, and the certificate of the highest view for each height."""
    certificates = (
        slot.certificate
        for height, slot in sorted(replica.slots.items())
        if replica.stable < height <= replica.ceiling and slot.certificate
    )
    votes = replica.certificate.votes if replica.certificate else ()
    return ViewChange(replica.view, replica.stable, votes, tuple(certificates))


def on_view_change(
    replica: Replica, sender: ReplicaId, signed: Signed[ViewChange]
) -> Iterator[Effect]:
    """Somebody left the views before `signed.body.view`."""
    if refusal := refuse_view_change(replica, sender, signed):
        known = replica.view_changes.get(sender)
        if refusal is Refusal.EQUIVOCATION and known:
            yield from accuse(replica, sender, (known, signed))
        yield Ignore(signed, refusal)
        return
    replica.view_changes[sender] = signed
    yield from examine_certificates(replica, signed.body)
    yield from join_view_change(replica)
    yield from announce_new_view(replica)


def refuse_view_change(
    replica: Replica, sender: ReplicaId, signed: Signed[ViewChange]
) -> Refusal | None:
    """Why a view change is not looked at; proofs are checked last, for they cost most."""
    change, parameters = signed.body, replica.parameters
    if signed.signer != sender:
        return Refusal.NOT_THE_SIGNER
    if change.view < replica.view or (change.view == replica.view and replica.is_settled):
        return Refusal.STALE_VIEW
    known = replica.view_changes.get(sender)
    if known and (refusal := refuse_another(known.body, change)):
        return refusal
    if is_void(replica, signed):
        return Refusal.VOID
    if is_beyond(replica, signed):
        return Refusal.BEYOND_WINDOW
    window, interval = parameters.window, parameters.checkpoint_interval
    if not is_valid_view_change(signed, replica.committee, window, interval, replica.former):
        return Refusal.BAD_CERTIFICATE
    return None


def is_beyond(replica: Replica, signed: Signed[ViewChange]) -> bool:
    """Does a view change come from where the committee is another one, or may be."""
    return replica.until is not None and signed.body.stable >= replica.until


def refuse_another(known: ViewChange, change: ViewChange) -> Refusal | None:
    """Why the same replica's view change does not replace the known one.

    For one view there are two of a correct replica only if it lost its journal in between; then the
    later has the higher checkpoint (see `returning`).
    """
    if known == change:
        return Refusal.DUPLICATE
    if (known.view, known.stable) == (change.view, change.stable):
        return Refusal.EQUIVOCATION
    is_later = (known.view, known.stable) < (change.view, change.stable)
    return None if is_later else Refusal.STALE_VIEW


def examine_certificates(replica: Replica, change: ViewChange) -> Iterator[Effect]:
    """A view change also teaches: a later stable checkpoint, or a primary with two faces."""
    if change.stable > replica.stable:
        yield from accept_certificate(replica, CheckpointCertificate(change.checkpoint))
    for certificate in change.prepared:
        theirs = certificate.proposal
        slot = replica.slots.get(theirs.body.height)
        ours = slot.proposal if slot else None
        if ours and ours.body.view == theirs.body.view and ours.body != theirs.body:
            yield from accuse(replica, ours.signer, (ours, theirs))


def join_view_change(replica: Replica) -> Iterator[Effect]:
    """Once f + 1 replicas ask for later views, go to the smallest of these (4.5.2)."""
    later = sorted(
        signed.body.view
        for signed in replica.view_changes.values()
        if signed.body.view > replica.view
    )
    if len(later) >= replica.committee.weak_quorum and replica.role is Role.VOTER:
        replica.count("view_joined")
        yield from enter_view_change(replica, later[0], Cause.OTHERS_LEFT)


def count_changing(replica: Replica) -> int:
    """How many ask for this view or a later one; a quorum starts the new primary's time."""
    return sum(signed.body.view >= replica.view for signed in replica.view_changes.values())


def announce_new_view(replica: Replica) -> Iterator[Effect]:
    """The new primary holds a quorum of view changes: open the view, durably (4.4)."""
    if replica.role is not Role.VOTER or replica.phase is not Phase.CHANGING:
        return
    if replica.me != replica.primary or replica.new_view is not None:
        return
    asking = [
        signed
        for _, signed in sorted(replica.view_changes.items())
        if signed.body.view == replica.view
    ]
    if len(asking) < replica.committee.quorum:
        return
    assert replica.me is not None
    chosen = tuple(asking[: replica.committee.quorum])
    _, proposals = compute_proposals(replica.view, chosen)
    signed_proposals = tuple(Signed(replica.me, proposal) for proposal in proposals)
    replica.new_view = Signed(replica.me, NewView(replica.view, chosen, signed_proposals))
    yield Persist(replica.new_view)
    yield Broadcast(replica.new_view)


def on_new_view(replica: Replica, signed: Signed[NewView]) -> Iterator[Effect]:
    """The primary of a view opens it; anybody may hand its word on, for it proves itself."""
    if refusal := refuse_new_view(replica, signed):
        if refusal is Refusal.EQUIVOCATION and replica.new_view:
            yield from accuse(replica, signed.signer, (replica.new_view, signed))
        yield Ignore(signed, refusal)
        if refusal is Refusal.VOID:  # no view that this replica will ever enter: on to the next one
            yield from enter_view_change(replica, signed.body.view + 1, Cause.VIEW_VOID)
        return
    yield from enter_view(replica, signed)


def refuse_new_view(replica: Replica, signed: Signed[NewView]) -> Refusal | None:
    """Why a new view is not entered."""
    new_view, parameters = signed.body, replica.parameters
    if replica.role is Role.FOLLOWER:
        return Refusal.NOT_VOTING
    if signed.signer != replica.committee.primary(new_view.view):
        return Refusal.NOT_THE_PRIMARY
    if new_view.view < replica.view:
        return Refusal.STALE_VIEW
    if new_view.view == replica.view and replica.is_settled:
        if replica.new_view is None or replica.new_view.body == new_view:
            return Refusal.DUPLICATE
        return Refusal.EQUIVOCATION
    if any(is_beyond(replica, change) for change in new_view.view_changes):
        return Refusal.BEYOND_WINDOW
    window, interval = parameters.window, parameters.checkpoint_interval
    if not is_valid_new_view(signed, replica.committee, window, interval, replica.former):
        return Refusal.BAD_NEW_VIEW
    return Refusal.VOID if any(is_void(replica, c) for c in new_view.view_changes) else None


def enter_view(replica: Replica, signed: Signed[NewView]) -> Iterator[Effect]:
    """Adopt the view: its low mark, its proposals for every height up to max-s, nothing else."""
    new_view = signed.body
    if new_view.view > replica.view:
        replica.count_left(Cause.BROUGHT_ALONG)
    replica.enter(new_view.view, Phase.NORMAL)
    replica.new_view, replica.view_change = signed, None
    replica.decided_in_view = 0
    forget_suspicions(replica)
    replica.clock.restart, replica.clock.resends = True, 0
    replica.count("views_entered")
    count_imposed(replica, new_view)
    later = {r: s for r, s in replica.view_changes.items() if s.body.view > replica.view}
    replica.view_changes = later
    impose_proposals(replica, new_view)
    become_voter(replica)
    yield Rewrite(durable_records(replica))
    for change in new_view.view_changes:
        if change.body.stable > replica.stable:
            yield from accept_certificate(replica, CheckpointCertificate(change.body.checkpoint))
    for proposal in new_view.proposals:
        slot = replica.slots.get(proposal.body.height)
        if slot and slot.proposal is proposal:
            yield from advance(replica, proposal.body.height, slot)


def impose_proposals(replica: Replica, new_view: NewView) -> None:
    """Set each slot's proposal to what follows from the view changes, and forget older ones."""
    lowest, _ = compute_proposals(new_view.view, new_view.view_changes)
    replica.imposed_to = lowest + len(new_view.proposals)
    replica.ordering = Ordering(next_height=replica.imposed_to + 1)
    for slot in replica.slots.values():
        slot.proposal, slot.asked = None, None
        current = {r: v for r, v in slot.prepares.items() if v.body.view >= new_view.view}
        slot.prepares = current
    for proposal in new_view.proposals:
        if proposal.body.height > replica.floor:
            replica.slot(proposal.body.height).proposal = proposal
