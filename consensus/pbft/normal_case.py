"""The normal case: proposal, prepare, commit, decide (Castro and Liskov 1999, 4.2).

The primary of a view assigns a value to a height; backups that find it valid say prepare; whoever
holds the proposal and enough prepares says commit; a quorum of commits decides. Two quorums share a
correct replica, and that one says a single digest per view and height, so no two digests can be
prepared in one view. Across views the argument continues in `view_change`.

2n(n-1) messages per height: n-1 proposals, (n-1)^2 prepares (the proposal is the primary's), n(n-1)
commits.

Where we differ. Votes are on digests; the host stores the value before this replica prepares it.
A quorum of commits decides whatever this replica has prepared, in whatever view it stands: such a
quorum is the seal that also convinces outsiders. Votes that come early, also those of a later view,
wait in their slot, one per member and kind.
"""

from collections.abc import Iterator
from typing import Any

from consensus.committee import ReplicaId
from consensus.effects import Broadcast, Effect, Ignore, Persist
from consensus.events import Checked, Verdict
from consensus.message import NULL_VALUE, Height, Message, Signed
from consensus.pbft.accusing import accuse
from consensus.pbft.deciding import deliver
from consensus.pbft.messages import (
    Accepted,
    Commit,
    CommitSeal,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Proposal,
)
from consensus.pbft.refusals import Refusal, ignore
from consensus.pbft.replica import (
    CHANGING,
    FOLLOWER,
    STORED,
    VALUES_HEARD,
    Judgement,
    Outcome,
    Replica,
    Slot,
)
from consensus.pbft.values import has_digest, keep_value, missing_digest, want_value


def on_pre_prepare(replica: Replica, sender: ReplicaId, message: PrePrepare) -> Iterator[Effect]:
    """The primary proposes a value; the host is asked whether it is valid."""
    proposal = message.proposal.body
    if refusal := refuse_pre_prepare(replica, sender, message):
        return ignore(message, refusal)
    known = replica.slots.get(proposal.height)
    if known and known.proposal and known.proposal.body != proposal:
        return convict(replica, known.proposal, message.proposal, message)
    if not has_digest(known, message):
        return ignore(message, Refusal.BAD_DIGEST)
    assert proposal.view == replica.view
    slot = replica.slot(proposal.height)
    slot.proposal = slot.proposal or message.proposal
    keep_value(replica, slot, proposal.digest, message.value)
    return advance(replica, proposal.height, slot)


def refuse_pre_prepare(replica: Replica, sender: ReplicaId, message: PrePrepare) -> Refusal | None:
    """Why a proposal is not looked at, cheapest reason first."""
    signed, proposal = message.proposal, message.proposal.body
    if signed.signer != sender:
        return Refusal.NOT_THE_SIGNER
    if signed.signer != replica.committee.primary(proposal.view):
        return Refusal.NOT_THE_PRIMARY
    if refusal := refuse_height(replica, proposal.height):
        return refusal
    if proposal.view > replica.view or (
        proposal.view == replica.view and replica.phase is CHANGING
    ):
        return Refusal.FUTURE_VIEW
    if proposal.view < replica.view:
        return Refusal.STALE_VIEW
    slot = replica.slots.get(proposal.height)
    if slot is None or slot.proposal is None:
        if message.value == NULL_VALUE:
            return Refusal.NULL_VALUE
        return Refusal.NOT_IN_NEW_VIEW if proposal.height <= replica.imposed_to else None
    if slot.proposal.body == proposal and slot.has_value(proposal.digest):
        return Refusal.DUPLICATE
    return None


def hear_pre_prepare(replica: Replica, sender: ReplicaId, message: PrePrepare) -> Iterator[Effect]:
    """One who may not vote on a proposal keeps its value: commits may decide it yet."""
    proposal = message.proposal.body
    refusal = refuse_height(replica, proposal.height)
    if message.proposal.signer != replica.committee.primary(proposal.view):
        refusal = Refusal.NOT_THE_PRIMARY
    if message.proposal.signer != sender:
        refusal = Refusal.NOT_THE_SIGNER
    if refusal or proposal.height <= replica.decided:
        yield Ignore(message, refusal or Refusal.DECIDED)
        return
    known = replica.slots.get(proposal.height)
    if known and (known.has_value(proposal.digest) or len(known.values) >= VALUES_HEARD):
        yield Ignore(message, Refusal.DUPLICATE)
    elif not has_digest(known, message):
        yield Ignore(message, Refusal.BAD_DIGEST)
    else:
        slot = replica.slot(proposal.height)
        keep_value(replica, slot, proposal.digest, message.value)
        yield from advance(replica, proposal.height, slot)


def is_only_heard(replica: Replica, message: PrePrepare) -> bool:
    """Is this a proposal that the replica cannot vote on, but whose value may be decided."""
    if replica.role is FOLLOWER:
        return True
    view = message.proposal.body.view
    return view < replica.view


def on_prepare(replica: Replica, sender: ReplicaId, vote: Signed[Prepare]) -> Iterator[Effect]:
    """A backup accepted a proposal."""
    if refusal := refuse_prepare(replica, sender, vote):
        return ignore(vote, refusal)
    slot = replica.slot(vote.body.height)
    return add_vote(replica, slot, slot.prepares, vote)


def refuse_prepare(replica: Replica, sender: ReplicaId, vote: Signed[Prepare]) -> Refusal | None:
    """Why a prepare is not counted."""
    if vote.signer != sender:
        return Refusal.NOT_THE_SIGNER
    if refusal := refuse_height(replica, vote.body.height):
        return refusal
    if vote.body.view < replica.view:
        return Refusal.STALE_VIEW
    if sender == replica.committee.primary(vote.body.view):
        return Refusal.PRIMARY_PREPARES
    return None


def on_commit(replica: Replica, sender: ReplicaId, vote: Signed[Commit]) -> Iterator[Effect]:
    """A replica holds a prepared certificate; any view's quorum of these decides."""
    if refusal := refuse_commit(replica, sender, vote):
        return ignore(vote, refusal)
    slot = replica.slot(vote.body.height)
    return add_vote(replica, slot, slot.commits, vote)


def refuse_commit(replica: Replica, sender: ReplicaId, vote: Signed[Commit]) -> Refusal | None:
    """Why a commit is not counted."""
    if vote.signer != sender:
        return Refusal.NOT_THE_SIGNER
    if refusal := refuse_height(replica, vote.body.height):
        return refusal
    return Refusal.DECIDED if vote.body.height <= replica.decided else None


def add_vote(
    replica: Replica,
    slot: Slot,
    votes: dict[ReplicaId, Signed[Prepare]] | dict[ReplicaId, Signed[Commit]],
    vote: Signed[Prepare] | Signed[Commit],
) -> Iterator[Effect]:
    """Keep the vote of the highest view; two in one view convict their signer."""
    signer, body = vote.signer, vote.body
    if body.view > replica.view and body.view > replica.later_views.get(signer, 0):
        replica.later_views[signer] = body.view
    known = votes.get(signer)
    if known is None or known.body.view < body.view:
        votes[signer] = vote  # type: ignore[assignment]
        return advance(replica, body.height, slot)
    if known.body == body:
        return ignore(vote, Refusal.DUPLICATE)
    if known.body.view > body.view:
        return ignore(vote, Refusal.STALE_VIEW)
    return convict(replica, known, vote)


def convict(
    replica: Replica, known: Signed[Any], other: Signed[Any], message: Message | None = None
) -> Iterator[Effect]:
    """Two votes of one kind, view and height that differ: show both, keep the first."""
    yield from accuse(replica, other.signer, (known, other))
    yield Ignore(message or other, Refusal.EQUIVOCATION)


def refuse_height(replica: Replica, height: Height) -> Refusal | None:
    """Is the height outside the window; the floor is never above the low mark."""
    above = height - replica.stable
    if replica.until is not None and height > replica.until:
        return Refusal.BEYOND_WINDOW
    if above > 0:
        return Refusal.BEYOND_WINDOW if above > replica.parameters.window else None
    return Refusal.BELOW_WINDOW if height <= replica.floor else None


def on_checked(replica: Replica, event: Checked) -> Iterator[Effect]:
    """The host's word on a value, for every height that waits for it."""
    if event.verdict is Verdict.LATER:
        return
    digest = event.digest
    waiting = [item for item in replica.slots.items() if digest in item[1].judgements]
    for height, slot in sorted(waiting):
        if event.verdict is Verdict.VALID:
            slot.judgements[digest] = STORED
            yield from advance(replica, height, slot)
        elif slot.judgements[digest] is Judgement.ASKED:
            slot.judgements[digest] = Judgement.INVALID


def advance(replica: Replica, height: Height, slot: Slot) -> Iterator[Effect]:
    """Say and do whatever the evidence now allows, once each; all handlers of a height end here.

    A commit is the last word of a voter in its view, so with a certificate it only listens.
    """
    quorum = replica.committee.quorum
    if slot.outcome is None and len(slot.commits) >= quorum:
        find_outcome(slot, quorum)
    if (digest := missing_digest(replica, height, slot)) is not None:
        yield from want_value(replica, height, slot, digest)
    proposal = slot.proposal
    if proposal is not None and slot.certificate_view < replica.view and replica.is_voting:
        if slot.accepted_view < replica.view:
            yield from cast_prepare(replica, height, slot, proposal)
        if len(slot.prepares) + 1 >= quorum:
            yield from cast_commit(replica, slot, proposal)
    if slot.outcome is not None:
        yield from deliver(replica)


def cast_prepare(
    replica: Replica, height: Height, slot: Slot, signed: Signed[Proposal]
) -> Iterator[Effect]:
    """Vote for the view's proposal once its value is stored, durably first.

    The primary's vote is the proposal itself; for a height that its new view imposes it writes the
    same record and says nothing more.
    """
    assert replica.is_voting
    assert slot.accepted_view < replica.view
    proposal = signed.body
    if height > replica.ceiling or contradicts_decision(slot, proposal):
        return
    if not slot.is_stored(proposal.digest) and height > replica.decided:
        return
    slot.accepted = Accepted(signed, slot.value(proposal.digest))
    yield Persist(slot.accepted)
    if not replica.is_leading:
        assert replica.me is not None
        vote = Prepare(proposal.view, height, proposal.digest)
        yield Broadcast(Signed(replica.me, vote))


def cast_commit(replica: Replica, slot: Slot, signed: Signed[Proposal]) -> Iterator[Effect]:
    """Prepared: write the certificate down, which is this replica's commit, and say it."""
    assert replica.is_voting
    assert slot.certificate_view < replica.view
    proposal, quorum = signed.body, replica.committee.quorum
    if slot.accepted_view != replica.view or not slot.has_enough_prepares(quorum):
        return
    prepares = slot.matching_prepares(proposal)[: quorum - 1]
    slot.certificate = PreparedCertificate(signed, tuple(prepares))
    yield Persist(slot.certificate)
    assert replica.me is not None
    vote = Commit(proposal.view, proposal.height, proposal.digest)
    yield Broadcast(Signed(replica.me, vote))


def find_outcome(slot: Slot, quorum: int) -> None:
    """Committed-local for outsiders too: a quorum of equal commits is the seal."""
    for commit in {vote.body: None for vote in slot.commits.values()}:
        votes = slot.matching_commits(commit)
        if len(votes) >= quorum:
            slot.outcome = Outcome(commit.digest, CommitSeal(tuple(votes[:quorum])))
            return


def contradicts_decision(slot: Slot, proposal: Proposal) -> bool:
    """Does a proposal name another value than the decided one: never within the bound."""
    return slot.outcome is not None and slot.outcome.digest != proposal.digest
