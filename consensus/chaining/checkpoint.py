"""Checkpoints: a certificate for light clients, and a check of what was derived.

Every K heights each replica signs the block id it derived. Where members lie a quorum of equal votes
is the certificate, elsewhere a majority. A replica whose own id differs from a certified one halts.
"""

from collections.abc import Iterator
from typing import Any

from consensus.certificates import read_certificate
from consensus.chaining.keeper import Keeper, Role
from consensus.chaining.messages import Checkpoint, CheckpointCertificate
from consensus.chaining.refusals import Refusal
from consensus.checkpoints import forget_certified
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Certify, Diverge, Effect, Ignore
from consensus.message import Height, Signed

CHECKPOINTS_KEPT = 4
"""Checkpoint heights, the newest, of which votes and certificates that wait are kept."""


def is_checkpoint(keeper: Keeper, height: Height) -> bool:
    """Is this a height that is certified."""
    return height > 0 and height % keeper.terms.checkpoint_interval == 0


def vote(keeper: Keeper, height: Height, block_id: bytes) -> Iterator[Effect]:
    """Sign the own block id; the caller has seen to it that the ledger is durable."""
    if height <= keeper.certified or keeper.me is None or keeper.role is Role.FOLLOWER:
        return
    keeper.own_checkpoints[height] = block_id
    trim(keeper.own_checkpoints)
    yield Broadcast(Signed(keeper.me, Checkpoint(height, block_id)))


def repeat_votes(keeper: Keeper) -> Iterator[Effect]:
    """Say again what is not certified yet."""
    if keeper.me is not None:
        for height, block_id in sorted(keeper.own_checkpoints.items()):
            yield Broadcast(Signed(keeper.me, Checkpoint(height, block_id)))


def trim(kept: dict[Height, Any]) -> None:
    """Forget all but the newest heights."""
    for old in sorted(kept)[:-CHECKPOINTS_KEPT]:
        del kept[old]


def on_checkpoint(
    keeper: Keeper, sender: ReplicaId, signed: Signed[Checkpoint]
) -> Iterator[Effect]:
    """Another replica derived this block id at this height."""
    body = signed.body
    if signed.signer != sender:
        yield Ignore(signed, Refusal.NOT_THE_SIGNER)
    elif body.height <= keeper.certified:
        yield Ignore(signed, Refusal.BELOW_CERTIFIED)
    elif not is_checkpoint(keeper, body.height):
        yield Ignore(signed, Refusal.NOT_A_CHECKPOINT)
    else:
        keeper.claim(sender, body.height)
        votes = keeper.checkpoints.setdefault(body.height, {})
        votes[sender] = signed
        trim(keeper.checkpoints)
        equal = [votes[signer] for signer in sorted(votes) if votes[signer].body == body]
        if len(equal) >= keeper.certifying:
            certificate = CheckpointCertificate(tuple(equal[: keeper.certifying]))
            yield from take_certificate(keeper, certificate)


def judge_certificate(
    certificate: object, committee: Committee, needed: int
) -> tuple[Height, bytes] | None:
    """The height and block id that `needed` distinct members signed, or None."""
    if not isinstance(certificate, CheckpointCertificate):
        return None
    return read_certificate(certificate, committee, needed)


def list_signers(certificate: CheckpointCertificate) -> tuple[ReplicaId, ...]:
    """Who signed a checkpoint."""
    return tuple(sorted(vote.signer for vote in certificate.votes))


def on_certificate(keeper: Keeper, certificate: CheckpointCertificate) -> Iterator[Effect]:
    """Somebody hands on a certificate."""
    judged = judge_certificate(certificate, keeper.committee, keeper.certifying)
    if judged is None or not is_checkpoint(keeper, judged[0]):
        yield Ignore(certificate, Refusal.BAD_CERTIFICATE)
    elif judged[0] <= keeper.certified or judged[0] in keeper.waiting:
        yield Ignore(certificate, Refusal.DUPLICATE)
    else:
        yield from take_certificate(keeper, certificate)


def take_certificate(keeper: Keeper, certificate: CheckpointCertificate) -> Iterator[Effect]:
    """Keep it until its height is executed here."""
    keeper.known = max(keeper.known, certificate.height)
    keeper.waiting.setdefault(certificate.height, certificate)
    trim(keeper.waiting)
    yield from certify_applied(keeper)


def certify_applied(keeper: Keeper) -> Iterator[Effect]:
    """Hand each certificate to the ledger once its height is applied and the ids agree."""
    for height in sorted(keeper.waiting):
        if height > keeper.applied:
            return
        certificate = keeper.waiting.pop(height)
        certified = certificate.votes[0].body.block_id
        own = keeper.own_checkpoints.get(height, certified)
        if own != certified:
            keeper.role = Role.HALTED
            yield Diverge(height, own, certified)
            return
        keeper.certified, keeper.certificate = height, certificate
        forget_certified(keeper.own_checkpoints, height)
        forget_certified(keeper.checkpoints, height)
        yield Certify(height, certificate)


def lacks_certificate(keeper: Keeper) -> bool:
    """Is a checkpoint that was executed here still without its certificate."""
    return any(height > keeper.certified for height in keeper.own_checkpoints)
