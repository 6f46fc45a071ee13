"""Judging seals and certificates: pure arithmetic over votes whose signatures were verified.

All rules in one sentence: distinct signers, all members, all saying the same, a quorum of them.
"""

from collections.abc import Iterable

from consensus.certificates import has_distinct_members, is_unanimous, read_certificate
from consensus.committee import Committee, Former, ReplicaId, View
from consensus.message import NULL_DIGEST, Height, Signed, compute_digest
from consensus.pbft.messages import (
    CheckpointCertificate,
    CommitSeal,
    NewView,
    Prepare,
    PreparedCertificate,
    Proposal,
    ViewChange,
)


def judge_seal(
    seal: CommitSeal, height: Height, values: tuple[bytes, ...], committee: Committee
) -> bool:
    """Does the seal prove that `values` (one, or none for a null) are decided at `height`."""
    if len(values) > 1 or not is_unanimous(seal.commits, committee, committee.quorum):
        return False
    commit = seal.commits[0].body
    digest = compute_digest(values[0]) if values else NULL_DIGEST
    return commit.height == height and commit.digest == digest and values != (b"",)


def judge_certificate(
    certificate: CheckpointCertificate, committee: Committee
) -> tuple[Height, bytes] | None:
    """The height and block id that a checkpoint certificate proves, if it does."""
    return read_certificate(certificate, committee, committee.quorum)


def is_prepared(certificate: PreparedCertificate, committee: Committee) -> bool:
    """A proposal by the primary of its view, and prepares of distinct backups, all matching (4.2).

    The primary sends no prepare: its proposal counts as one.
    """
    proposal, prepares = certificate.proposal, certificate.prepares
    body = proposal.body
    if proposal.signer != committee.primary(body.view):
        return False
    if len(prepares) + 1 < committee.quorum or not has_distinct_members(prepares, committee):
        return False
    wanted = Prepare(body.view, body.height, body.digest)
    return all(vote.body == wanted and vote.signer != proposal.signer for vote in prepares)


def is_valid_view_change(
    signed: Signed[ViewChange],
    committee: Committee,
    window: int,
    interval: int,
    former: Former | None = None,
) -> bool:
    """Are both parts of a view change proved: its stable checkpoint C and each certificate of P.

    The heights of P rise, lie between the water marks, and stem from views before the new one. After a
    change of the committee nothing counts that lies below its first height; the checkpoint there
    bears the names of the `former` one.
    """
    change = signed.body
    if not committee.is_member(signed.signer) or change.stable % interval:
        return False
    if former is not None and change.stable < former.height:
        return False
    if change.stable == 0:
        if change.checkpoint:
            return False
    else:
        is_last = former is not None and change.stable == former.height
        signers = former.committee if former is not None and is_last else committee
        judged = judge_certificate(CheckpointCertificate(change.checkpoint), signers)
        if judged is None or judged[0] != change.stable:
            return False
    previous = change.stable
    for certificate in change.prepared:
        body = certificate.proposal.body
        if not previous < body.height <= change.stable + window or body.view >= change.view:
            return False
        if not is_prepared(certificate, committee):
            return False
        previous = body.height
    return True


def compute_proposals(
    view: View, view_changes: Iterable[Signed[ViewChange]]
) -> tuple[Height, tuple[Proposal, ...]]:
    """What view changes force on a new view: min-s, and O for each height above it (4.4).

    min-s is the highest stable checkpoint, max-s the highest prepared height. Each height between
    gets the digest of its certificate of the highest view, or the null.
    """
    changes = [signed.body for signed in view_changes]
    lowest = max(change.stable for change in changes)
    chosen: dict[Height, Proposal] = {}
    for change in changes:
        for certificate in change.prepared:
            body = certificate.proposal.body
            known = chosen.get(body.height)
            if body.height > lowest and (known is None or body.view > known.view):
                chosen[body.height] = body
    highest = max(chosen, default=lowest)
    return lowest, tuple(
        Proposal(view, height, chosen[height].digest if height in chosen else NULL_DIGEST)
        for height in range(lowest + 1, highest + 1)
    )


def is_valid_new_view(
    signed: Signed[NewView],
    committee: Committee,
    window: int,
    interval: int,
    former: Former | None = None,
) -> bool:
    """Does V hold a quorum of valid view changes for this view, and does O follow from it (4.4)."""
    new_view = signed.body
    leader: ReplicaId = committee.primary(new_view.view)
    changes = new_view.view_changes
    if signed.signer != leader or len(changes) < committee.quorum:
        return False
    if not has_distinct_members(changes, committee):
        return False
    for change in changes:
        if change.body.view != new_view.view:
            return False
        if not is_valid_view_change(change, committee, window, interval, former):
            return False
    _, expected = compute_proposals(new_view.view, changes)
    if any(proposal.signer != leader for proposal in new_view.proposals):
        return False
    return tuple(proposal.body for proposal in new_view.proposals) == expected
