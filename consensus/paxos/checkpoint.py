"""Checkpoints: a certificate for light clients, a shorter journal, and a check of what was derived.

Every K heights each replica signs the block id it derived. A majority of equal votes is the
certificate. Members do not lie, so one vote would do; a majority shows that a replica whose own id
differs is the one that is broken, and that one halts.

The last height of a committee is certified before anything above it, so that light clients can follow.
Until then its votes are kept and repeated, in the journal too; its certificate is kept beside the
newest for as long as no other committee has ended.
"""

from collections.abc import Iterator

from consensus.checkpoints import certify_in_turn, forget_certified, forget_oldest, is_announced
from consensus.committee import ReplicaId
from consensus.effects import Broadcast, Diverge, Effect, Ignore, Rewrite, Send
from consensus.events import Applied
from consensus.message import Height, Signed
from consensus.paxos.journal import durable_records
from consensus.paxos.learner import claim
from consensus.paxos.membership import owes_vote, take_seats
from consensus.paxos.messages import Checkpoint, CheckpointCertificate
from consensus.paxos.quorums import judge_certificate
from consensus.paxos.refusals import Refusal
from consensus.paxos.replica import Replica, Role

CHECKPOINTS_KEPT = 4
"""Checkpoint heights, the newest, of which votes and certificates that wait are kept."""


def on_applied(replica: Replica, event: Applied) -> Iterator[Effect]:
    """The ledger executed a height; at a checkpoint height its block id becomes a vote."""
    is_new = event.committee != replica.committee
    if event.height <= replica.applied:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    if is_new and not is_announced(replica, event):
        yield Ignore(event, Refusal.COMMITTEE_CHANGE)
    replica.applied = event.height
    replica.unapplied = {h: entry for h, entry in replica.unapplied.items() if h > event.height}
    is_checkpoint = event.height % replica.parameters.checkpoint_interval == 0
    if is_checkpoint:
        yield from vote(replica, Checkpoint(event.height, event.block_id))
    if is_new and is_announced(replica, event):
        yield from take_seats(replica, event)
    if is_checkpoint:
        yield from certify_applied(replica)
    replica.until = event.until


def vote(replica: Replica, body: Checkpoint) -> Iterator[Effect]:
    """Sign the own block id, after the ledger is durable: `Rewrite` sees to that."""
    if body.height <= replica.certified or replica.me is None:
        return
    replica.own_checkpoints[body.height] = body.block_id
    forget_oldest(replica.own_checkpoints, CHECKPOINTS_KEPT, replica)
    yield Rewrite(durable_records(replica))
    if owes_vote(replica, body.height):
        yield Broadcast(Signed(replica.me, body))


def on_checkpoint(
    replica: Replica, sender: ReplicaId, signed: Signed[Checkpoint]
) -> Iterator[Effect]:
    """Another replica derived this block id at this height."""
    if refusal := refuse_checkpoint(replica, sender, signed):
        yield Ignore(signed, refusal)
        yield from tell_who_left(replica, sender, signed.body.height)
        return
    body = signed.body
    claim(replica, body.height)
    votes = replica.checkpoints.setdefault(body.height, {})
    votes[sender] = signed
    forget_oldest(replica.checkpoints, CHECKPOINTS_KEPT, replica)
    equal = [votes[signer] for signer in sorted(votes) if votes[signer].body == body]
    majority = replica.committee_at(body.height).majority
    if len(equal) >= majority:
        yield from take_certificate(replica, CheckpointCertificate(tuple(equal[:majority])))


def refuse_checkpoint(
    replica: Replica, sender: ReplicaId, signed: Signed[Checkpoint]
) -> Refusal | None:
    """Why a checkpoint vote is not looked at."""
    if signed.signer != sender:
        return Refusal.NOT_THE_SIGNER
    if signed.body.height <= replica.certified:
        return Refusal.BELOW_CERTIFIED
    if signed.body.height % replica.parameters.checkpoint_interval:
        return Refusal.NOT_A_CHECKPOINT
    if is_beyond(replica, signed.body.height):
        return Refusal.BEYOND_WINDOW
    if not replica.committee_at(signed.body.height).is_member(sender):
        return Refusal.NOT_A_MEMBER
    return None


def tell_who_left(replica: Replica, sender: ReplicaId, height: Height) -> Iterator[Effect]:
    """One that was removed repeats its last vote until it hears that the height is certified."""
    handover = replica.handover
    if handover is None or handover.height != height or replica.committee.is_member(sender):
        return
    yield Send(sender, handover)


def is_beyond(replica: Replica, height: Height) -> bool:
    """Is it not known here yet whose height this is."""
    return replica.until is not None and height > replica.until


def on_certificate(replica: Replica, certificate: CheckpointCertificate) -> Iterator[Effect]:
    """Somebody hands on a certificate."""
    height = certificate.height if certificate.votes else 0
    if is_beyond(replica, height):
        yield Ignore(certificate, Refusal.BEYOND_WINDOW)
        return
    judged = judge_certificate(certificate, replica.committee_at(height))
    if judged is None or judged[0] == 0 or judged[0] % replica.parameters.checkpoint_interval:
        yield Ignore(certificate, Refusal.BAD_CERTIFICATE)
    elif judged[0] <= replica.certified or judged[0] in replica.waiting:
        yield Ignore(certificate, Refusal.DUPLICATE)
    else:
        yield from take_certificate(replica, certificate)


def take_certificate(replica: Replica, certificate: CheckpointCertificate) -> Iterator[Effect]:
    """Keep it until its height is executed here."""
    claim(replica, certificate.height)
    replica.waiting.setdefault(certificate.height, certificate)
    forget_oldest(replica.waiting, CHECKPOINTS_KEPT, replica)
    yield from certify_applied(replica)


def certify_applied(replica: Replica) -> Iterator[Effect]:
    """Tell the ledger what is certified; this replica halts where its own block differs."""
    for effect in certify_in_turn(replica, replica.waiting):
        if isinstance(effect, Diverge):
            replica.role = Role.HALTED
        else:
            replica.certificate = effect.certificate
            forget_certified(replica.checkpoints, effect.height)
        yield effect
