"""Which record has to be in the journal before which PBFT message may leave."""

from typing import Any

from consensus.message import Signed
from consensus.pbft.messages import (
    Accepted,
    Checkpoint,
    CheckpointCertificate,
    Commit,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Proposal,
    ViewChange,
)


def is_covered(message: Any, records: tuple[Any, ...]) -> bool:
    """Would a restart from these records know that the message was said."""
    if isinstance(message, PrePrepare):
        return has_accepted(message.proposal.body, records)
    if not isinstance(message, Signed):
        return True
    body = message.body
    match body:
        case Prepare():
            return has_accepted(Proposal(body.view, body.height, body.digest), records)
        case Commit():
            return has_certificate(body, records)
        case ViewChange() | Checkpoint():
            return body in records
        case NewView():
            return any(isinstance(r, Signed) and same_view(r.body, body) for r in records)
    return False


def same_view(one: Any, other: NewView) -> bool:
    """Are these one new view, its proposals signed or not yet."""
    mine = tuple(p.body for p in one.proposals)
    theirs = tuple(p.body for p in other.proposals)
    return (one.view, one.view_changes, mine) == (other.view, other.view_changes, theirs)


def has_accepted(proposal: Proposal, records: tuple[Any, ...]) -> bool:
    """Is the proposal written down as accepted."""
    return any(isinstance(r, Accepted) and r.proposal.body == proposal for r in records)


def has_certificate(commit: Commit, records: tuple[Any, ...]) -> bool:
    """Is the prepared certificate of this commit written down, or its height certified."""
    wanted = Proposal(commit.view, commit.height, commit.digest)
    for record in records:
        if isinstance(record, PreparedCertificate) and record.proposal.body == wanted:
            return True
        if isinstance(record, CheckpointCertificate) and record.height >= commit.height:
            return True
    return False
