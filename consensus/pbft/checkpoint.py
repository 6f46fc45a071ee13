"""Checkpoints, water marks and certificates (Castro and Liskov 1999, 4.3).

Every K heights each replica signs the block id it derived. A quorum of equal votes makes the
checkpoint stable: the low mark moves there, evidence and journal records go with the heights that
are executed, and the certificate is handed to the ledger as a proof that a light client can check.
A replica whose own id differs from a certified one has broken state and halts.

A certificate may arrive before this replica has executed its height; then the mark moves at once,
for the proof is complete, and the comparison waits for `Applied`. To the ledger certificates go in
turn: none above a committee's last height before the one of that height (`consensus.checkpoints`).
"""

from collections.abc import Iterator

from consensus.checkpoints import certify_in_turn, is_announced, is_last_height
from consensus.committee import ReplicaId
from consensus.effects import Broadcast, Diverge, Effect, Ignore, Rewrite
from consensus.events import Applied
from consensus.message import Height, Signed
from consensus.pbft.accusing import accuse
from consensus.pbft.claims import note_claim
from consensus.pbft.deciding import prune
from consensus.pbft.journal import durable_records
from consensus.pbft.membership import take_seats
from consensus.pbft.messages import Checkpoint, CheckpointCertificate
from consensus.pbft.quorums import judge_certificate
from consensus.pbft.refusals import Refusal
from consensus.pbft.replica import Replica, Role
from consensus.pbft.returning import become_voter

CERTIFICATES_WAITING = 8
"""Certificates kept for heights that are not applied here yet: those due next, and the newest."""


def on_applied(replica: Replica, event: Applied) -> Iterator[Effect]:
    """The ledger executed a height; at a checkpoint height its block id becomes a vote."""
    if event.height <= replica.applied:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    if event.committee != replica.committee and not is_announced(replica, event):
        yield Ignore(event, Refusal.COMMITTEE_CHANGE)
    replica.applied = event.height
    prune(replica)
    if become_voter(replica):
        yield Rewrite(durable_records(replica))
    if event.height % replica.parameters.checkpoint_interval:
        replica.until = event.until
        return
    yield from vote_checkpoint(replica, Checkpoint(event.height, event.block_id))
    if event.committee != replica.committee and is_announced(replica, event):
        take_seats(replica, event)
    replica.until = event.until
    yield from certify_applied(replica)


def vote_checkpoint(replica: Replica, vote: Checkpoint) -> Iterator[Effect]:
    """Remember the own block id, and sign it where this replica may.

    The vote says that the block is kept: a quorum of such votes lets everybody forget how it was
    decided. So it is written with `Rewrite`, which makes the ledger durable first.
    """
    if vote.height <= replica.certified or vote.height in replica.own_checkpoints:
        return
    replica.own_checkpoints[vote.height] = vote.block_id
    for old in sorted(replica.own_checkpoints)[: -replica.checkpoints_in_window]:
        del replica.own_checkpoints[old]
    if not may_sign(replica, vote.height) or not replica.stable < vote.height <= replica.ceiling:
        return
    assert replica.me is not None
    yield Rewrite(durable_records(replica))
    yield Broadcast(Signed(replica.me, vote))


def may_sign(replica: Replica, height: Height) -> bool:
    """Does this replica's vote belong under a checkpoint; one that was removed still owes the last."""
    if replica.role is not Role.VOTER and not (
        replica.role is Role.FOLLOWER and replica.handing_over
    ):
        return False
    return replica.me is not None and replica.committee_at(height).is_member(replica.me)


def on_checkpoint(
    replica: Replica, sender: ReplicaId, vote: Signed[Checkpoint]
) -> Iterator[Effect]:
    """Another replica derived this block id at this height."""
    if refusal := refuse_checkpoint(replica, sender, vote):
        yield Ignore(vote, refusal)
        return
    body = vote.body
    yield from note_claim(replica, sender, body.height)
    if body.height > replica.ceiling:
        yield Ignore(vote, Refusal.BEYOND_WINDOW)
        return
    votes = replica.checkpoints.setdefault(body.height, {})
    known = votes.setdefault(sender, vote)
    if known.body != body:
        yield from accuse(replica, sender, (known, vote))
        yield Ignore(vote, Refusal.EQUIVOCATION)
    elif known is not vote:
        yield Ignore(vote, Refusal.DUPLICATE)
    else:
        yield from stabilise(replica, body)


def refuse_checkpoint(
    replica: Replica, sender: ReplicaId, vote: Signed[Checkpoint]
) -> Refusal | None:
    """Why a checkpoint vote is not looked at."""
    if vote.signer != sender:
        return Refusal.NOT_THE_SIGNER
    if vote.body.height <= replica.stable:
        return Refusal.BELOW_WINDOW
    if not replica.committee_at(vote.body.height).is_member(sender):
        return Refusal.NOT_A_MEMBER
    if vote.body.height % replica.parameters.checkpoint_interval:
        return Refusal.NOT_A_CHECKPOINT
    return None


def stabilise(replica: Replica, body: Checkpoint) -> Iterator[Effect]:
    """With a quorum of equal votes the checkpoint is stable."""
    votes = replica.checkpoints[body.height]
    equal = [votes[signer] for signer in sorted(votes) if votes[signer].body == body]
    quorum = replica.committee_at(body.height).quorum
    if len(equal) >= quorum:
        yield from accept_certificate(replica, CheckpointCertificate(tuple(equal[:quorum])))


def on_certificate(replica: Replica, certificate: CheckpointCertificate) -> Iterator[Effect]:
    """Somebody hands on a proof that a checkpoint is stable."""
    height = certificate.height if certificate.votes else 0
    if replica.until is not None and height > replica.until:
        yield Ignore(certificate, Refusal.BEYOND_WINDOW)
        return
    judged = judge_certificate(certificate, replica.committee_at(height))
    if judged is None or judged[0] == 0 or judged[0] % replica.parameters.checkpoint_interval:
        yield Ignore(certificate, Refusal.BAD_CERTIFICATE)
    elif judged[0] <= replica.certified or judged[0] in replica.uncertified:
        yield Ignore(certificate, Refusal.DUPLICATE)
    else:
        yield from accept_certificate(replica, certificate)


def accept_certificate(replica: Replica, certificate: CheckpointCertificate) -> Iterator[Effect]:
    """A judged certificate: move the low mark, shorten the journal, and certify what is applied."""
    height = certificate.height
    if height <= replica.certified:
        return
    replica.uncertified.setdefault(height, certificate)
    half = CERTIFICATES_WAITING // 2
    for between in sorted(replica.uncertified)[half:-half]:
        if not is_last_height(replica, between):
            del replica.uncertified[between]
    for vote in certificate.votes:
        yield from note_claim(replica, vote.signer, height)
    if height > replica.stable:
        replica.stable, replica.certificate = height, certificate
        if height > replica.decided:
            replica.count("checkpoint_overtaken")
        replica.clock.resends = 0
        replica.checkpoints = {h: v for h, v in replica.checkpoints.items() if h > height}
        become_voter(replica)
        prune(replica)
        yield Rewrite(durable_records(replica))
    yield from certify_applied(replica)


def certify_applied(replica: Replica) -> Iterator[Effect]:
    """Tell the ledger what is certified; this replica halts where its own block differs."""
    for effect in certify_in_turn(replica, replica.uncertified):
        if isinstance(effect, Diverge):
            replica.role = Role.HALTED
        yield effect
