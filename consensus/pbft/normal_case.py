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
from consensus.effects import Accuse, Broadcast, Check, Effect, Ignore, Persist
from consensus.events import Checked, Verdict
from consensus.message import NULL_DIGEST, NULL_VALUE, Digest, Height, Signed, compute_digest
from consensus.pbft.deciding import deliver
from consensus.pbft.messages import (
    Accepted,
    Ask,
    Commit,
    CommitSeal,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Proposal,
)
from consensus.pbft.refusals import Refusal
from consensus.pbft.replica import (
    VALUES_HEARD,
    VALUES_PER_SLOT,
    Judgement,
    Outcome,
    Phase,
    Replica,
    Role,
    Slot,
)


def on_pre_prepare(replica: Replica, sender: ReplicaId, message: PrePrepare) -> Iterator[Effect]:
    """The primary proposes a value; the host is asked whether it is valid."""
    proposal = message.proposal.body
    if refusal := refuse_pre_prepare(replica, sender, message):
        yield Ignore(message, refusal)
        return
    known = replica.slots.get(proposal.height)
    if known and known.proposal and known.proposal.body != proposal:
        yield from accuse(replica, sender, (known.proposal, message.proposal))
        yield Ignore(message, Refusal.EQUIVOCATION)
        return
    if not has_digest(known, message):
        yield Ignore(message, Refusal.BAD_DIGEST)
        return
    assert proposal.view == replica.view
    slot = replica.slot(proposal.height)
    slot.proposal = slot.proposal or message.proposal
    keep_value(slot, proposal.digest, message.value)
    yield from advance(replica, proposal.height, slot)


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
        proposal.view == replica.view and replica.phase is Phase.CHANGING
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
        keep_value(slot, proposal.digest, message.value)
        yield from advance(replica, proposal.height, slot)


def is_only_heard(replica: Replica, message: PrePrepare) -> bool:
    """Is this a proposal that the replica cannot vote on, but whose value may be decided."""
    if replica.role is Role.FOLLOWER:
        return True
    view = message.proposal.body.view
    return view < replica.view


def on_prepare(replica: Replica, sender: ReplicaId, vote: Signed[Prepare]) -> Iterator[Effect]:
    """A backup accepted a proposal."""
    body = vote.body
    refusal = refuse_vote(replica, sender, vote)
    if refusal is None and body.view < replica.view:
        refusal = Refusal.STALE_VIEW
    if refusal is None and sender == replica.committee.primary(body.view):
        refusal = Refusal.PRIMARY_PREPARES
    if refusal:
        yield Ignore(vote, refusal)
        return
    slot = replica.slot(body.height)
    yield from add_vote(replica, slot, slot.prepares, vote)


def on_commit(replica: Replica, sender: ReplicaId, vote: Signed[Commit]) -> Iterator[Effect]:
    """A replica holds a prepared certificate; any view's quorum of these decides."""
    body = vote.body
    refusal = refuse_vote(replica, sender, vote)
    if refusal is None and body.height <= replica.decided:
        refusal = Refusal.DECIDED
    if refusal:
        yield Ignore(vote, refusal)
        return
    slot = replica.slot(body.height)
    yield from add_vote(replica, slot, slot.commits, vote)


def add_vote(
    replica: Replica,
    slot: Slot,
    votes: dict[ReplicaId, Signed[Prepare]] | dict[ReplicaId, Signed[Commit]],
    vote: Signed[Prepare] | Signed[Commit],
) -> Iterator[Effect]:
    """Keep the vote of the highest view; two in one view convict their signer."""
    known = votes.get(vote.signer)
    if known is None or known.body.view < vote.body.view:
        votes[vote.signer] = vote  # type: ignore[assignment]
        yield from advance(replica, vote.body.height, slot)
    elif known.body == vote.body:
        yield Ignore(vote, Refusal.DUPLICATE)
    elif known.body.view > vote.body.view:
        yield Ignore(vote, Refusal.STALE_VIEW)
    else:
        yield from accuse(replica, vote.signer, (known, vote))
        yield Ignore(vote, Refusal.EQUIVOCATION)


def refuse_vote(
    replica: Replica, sender: ReplicaId, vote: Signed[Prepare] | Signed[Commit]
) -> Refusal | None:
    """Reasons common to prepares and commits."""
    if vote.signer != sender:
        return Refusal.NOT_THE_SIGNER
    return refuse_height(replica, vote.body.height)


def refuse_height(replica: Replica, height: Height) -> Refusal | None:
    """Is the height outside the window."""
    if height <= replica.floor:
        return Refusal.BELOW_WINDOW
    return Refusal.BEYOND_WINDOW if height > replica.ceiling else None


def on_checked(replica: Replica, event: Checked) -> Iterator[Effect]:
    """The host's word on a value, for every height that waits for it."""
    if event.verdict is Verdict.LATER:
        return
    for height, slot in sorted(replica.slots.items()):
        known = slot.judgements.get(event.digest)
        if event.verdict is Verdict.VALID and known is not None:
            slot.judgements[event.digest] = Judgement.VALID
            yield from advance(replica, height, slot)
        elif event.verdict is Verdict.INVALID and known is Judgement.ASKED:
            slot.judgements[event.digest] = Judgement.INVALID


def advance(replica: Replica, height: Height, slot: Slot) -> Iterator[Effect]:
    """Say and do whatever the evidence now allows, once each; all handlers of a height end here."""
    find_outcome(replica, slot)
    yield from want_value(replica, height, slot)
    yield from cast_prepare(replica, height, slot)
    yield from cast_commit(replica, slot)
    yield from deliver(replica)


def want_value(replica: Replica, height: Height, slot: Slot) -> Iterator[Effect]:
    """Have the value that matters here fetched and stored; a certificate forces it."""
    digest = wanted_digest(replica, height, slot)
    if digest is None or digest == NULL_DIGEST or slot.is_stored(digest):
        return
    if digest not in slot.values:
        if slot.asked != digest and replica.me is not None:
            slot.asked = digest
            yield Broadcast(Ask(height, digest))
        return
    forced = is_forced(replica, height, slot, digest)
    known = slot.judgements.get(digest)
    if known is None or (forced and known is not Judgement.FORCED):
        slot.judgements[digest] = Judgement.FORCED if forced else Judgement.ASKED
        yield Check(height, digest, slot.values[digest], forced)


def wanted_digest(replica: Replica, height: Height, slot: Slot) -> Digest | None:
    """The value this replica needs to go on at a height it has not decided."""
    if height <= replica.decided:
        return None
    if slot.outcome:
        return slot.outcome.digest
    if replica.is_voting and slot.proposal:
        return slot.proposal.body.digest
    return None


def is_forced(replica: Replica, height: Height, slot: Slot, digest: Digest) -> bool:
    """Has a certificate, a new view or this replica's own earlier vote settled the judgement."""
    if slot.outcome or height <= replica.imposed_to:
        return True
    if slot.accepted and slot.accepted.proposal.body.digest == digest:
        return True
    return has_enough_prepares(replica, slot)


def has_enough_prepares(replica: Replica, slot: Slot) -> bool:
    """The predicate prepared(m, v, n, i) of 4.2, but for this replica's own vote."""
    if slot.proposal is None or len(slot.prepares) + 1 < replica.committee.quorum:
        return False
    return len(slot.matching_prepares(slot.proposal.body)) + 1 >= replica.committee.quorum


def cast_prepare(replica: Replica, height: Height, slot: Slot) -> Iterator[Effect]:
    """Vote for the view's proposal once its value is stored, durably first.

    The primary's vote is the proposal itself; for a height that its new view imposes it writes the
    same record and says nothing more.
    """
    if not replica.is_voting or slot.proposal is None or slot.accepted_view >= replica.view:
        return
    proposal = slot.proposal.body
    if height > replica.ceiling or contradicts_decision(slot, proposal):
        return
    if not slot.is_stored(proposal.digest) and height > replica.decided:
        return
    slot.accepted = Accepted(slot.proposal, slot.value(proposal.digest))
    yield Persist(slot.accepted)
    if not replica.is_leading:
        assert replica.me is not None
        vote = Prepare(proposal.view, height, proposal.digest)
        yield Broadcast(Signed(replica.me, vote))


def cast_commit(replica: Replica, slot: Slot) -> Iterator[Effect]:
    """Prepared: write the certificate down, which is this replica's commit, and say it."""
    if not replica.is_voting or slot.proposal is None:
        return
    proposal = slot.proposal.body
    if slot.accepted_view != replica.view or slot.certificate_view >= replica.view:
        return
    if not has_enough_prepares(replica, slot):
        return
    prepares = slot.matching_prepares(proposal)[: replica.committee.quorum - 1]
    slot.certificate = PreparedCertificate(slot.proposal, tuple(prepares))
    yield Persist(slot.certificate)
    assert replica.me is not None
    vote = Commit(proposal.view, proposal.height, proposal.digest)
    yield Broadcast(Signed(replica.me, vote))


def find_outcome(replica: Replica, slot: Slot) -> None:
    """Committed-local for outsiders too: a quorum of equal commits is the seal."""
    quorum = replica.committee.quorum
    if slot.outcome or len(slot.commits) < quorum:
        return
    for commit in {vote.body: None for vote in slot.commits.values()}:
        votes = slot.matching_commits(commit)
        if len(votes) >= quorum:
            slot.outcome = Outcome(commit.digest, CommitSeal(tuple(votes[:quorum])))
            return


def contradicts_decision(slot: Slot, proposal: Proposal) -> bool:
    """Does a proposal name another value than the decided one: never within the bound."""
    return slot.outcome is not None and slot.outcome.digest != proposal.digest


def has_digest(slot: Slot | None, message: PrePrepare) -> bool:
    """Is the value the one that was signed; a known value is not hashed again."""
    digest = message.proposal.body.digest
    known = slot.values.get(digest) if slot else None
    if known is not None:
        return known == message.value
    return compute_digest(message.value) == digest


def keep_value(slot: Slot, digest: Digest, value: bytes) -> None:
    """Remember a value; the least needed one makes room."""
    if digest == NULL_DIGEST:
        return
    slot.values.setdefault(digest, value)
    if len(slot.values) > VALUES_PER_SLOT:
        needed = needed_digests(slot) | {digest}
        spare = sorted(known for known in slot.values if known not in needed)
        for known in spare[: len(slot.values) - VALUES_PER_SLOT]:
            del slot.values[known]
            slot.judgements.pop(known, None)


def needed_digests(slot: Slot) -> set[Digest]:
    """The values that this replica vouches for or waits for."""
    digests = {slot.outcome.digest} if slot.outcome else set()
    if slot.accepted:
        digests.add(slot.accepted.proposal.body.digest)
    if slot.certificate:
        digests.add(slot.certificate.proposal.body.digest)
    if slot.proposal:
        digests.add(slot.proposal.body.digest)
    return digests


def accuse(
    replica: Replica, offender: ReplicaId, evidence: tuple[Signed[Any], Signed[Any]]
) -> Iterator[Effect]:
    """Show two signed votes that clash; once per offender, for the proof does not get better."""
    if offender not in replica.accused:
        replica.accused.add(offender)
        replica.count("accusations")
        yield Accuse(offender, evidence)
