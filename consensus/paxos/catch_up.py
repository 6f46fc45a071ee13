"""Links lose messages and replicas fall behind: repeating, asking, and taking decided heights.

While something is unfinished a replica repeats what it stands for, with growing but capped pauses: a
candidate its canvass or prepare, a leader the proposals that are not accepted yet, to those who have
not accepted them. Whoever knows itself behind says what it lacks (`Lack`), and gets a few decided
heights at once; one that is far behind has its host fetch blocks.
"""

from collections.abc import Iterator

from consensus.checkpoints import lacks_handover
from consensus.committee import ReplicaId
from consensus.effects import Behind, Broadcast, Effect, Ignore, Send
from consensus.events import Offered
from consensus.message import NULL_DIGEST, Height, Signed, compute_digest
from consensus.paxos.acceptor import advance
from consensus.paxos.ballot import Ballot
from consensus.paxos.causes import Cause
from consensus.paxos.checkpoint import on_certificate
from consensus.paxos.learner import claim, deliver
from consensus.paxos.membership import owes_vote
from consensus.paxos.messages import (
    Accept,
    Canvass,
    Checkpoint,
    CheckpointCertificate,
    ChosenSeal,
    Lack,
    Learned,
    Prepare,
)
from consensus.paxos.quorums import judge_seal
from consensus.paxos.reading import repeat_reads
from consensus.paxos.refusals import Refusal
from consensus.paxos.replica import Judgement, Outcome, Phase, Replica, Role, Slot
from consensus.paxos.standing import lose_leader

ANSWERED_HEIGHTS = 4
"""Decided heights sent in one answer; the next question brings the next ones."""


def resend(replica: Replica) -> Iterator[Effect]:
    """Repeat what this replica still stands for, and ask for what it lacks."""
    match replica.phase:
        case Phase.CANVASSING:
            yield Broadcast(Canvass(replica.candidate))
        case Phase.PREPARING:
            yield Broadcast(Prepare(replica.candidate, replica.decided + 1))
        case Phase.LEADING:
            for height, slot in sorted(replica.slots.items()):
                yield from repeat_proposal(replica, height, slot)
    for height, block_id in sorted(replica.own_checkpoints.items()):
        if owes_vote(replica, height):
            assert replica.me is not None
            yield Broadcast(Signed(replica.me, Checkpoint(height, block_id)))
    yield from repeat_reads(replica)
    if lacks_something(replica) and replica.role is not Role.FOLLOWER:
        yield Broadcast(Lack(replica.decided, replica.certified))
    yield from fetch(replica)


def repeat_proposal(replica: Replica, height: Height, slot: Slot) -> Iterator[Effect]:
    """To those who have not accepted it; the value is heavy."""
    proposal = slot.proposal
    if slot.outcome is not None or proposal is None or proposal.ballot != replica.candidate:
        return
    again = Accept(proposal.ballot, height, proposal.value, replica.decided, proposal.imposed)
    for member in replica.committee.members:
        if member not in slot.voices:
            yield Send(member, again)


def lacks_something(replica: Replica) -> bool:
    """Have others decided, or certified, what is missing here."""
    return replica.known > replica.decided or lacks_certificate(replica)


def lacks_certificate(replica: Replica) -> bool:
    """Is a checkpoint that was executed here still without its certificate."""
    return lacks_handover(replica) or any(
        height > replica.certified for height in replica.own_checkpoints
    )


def ask(replica: Replica) -> Iterator[Effect]:
    """After every step: the leader has decided what this replica cannot, so ask it, once a height.

    One message that overtakes another looks like this too; the answer then comes for nothing.
    """
    leader = replica.leader
    if leader is None or leader.proposer == replica.me or replica.chosen <= replica.decided:
        return
    if replica.asked_from == replica.decided + 1 or replica.me is None:
        return
    slot = replica.slots.get(replica.decided + 1)
    if slot is not None and slot.outcome is not None:
        return
    replica.asked_from = replica.decided + 1
    yield Send(leader.proposer, Lack(replica.decided, replica.certified))


def fetch(replica: Replica) -> Iterator[Effect]:
    """What nobody keeps ready any more the host fetches, and `Offered` follows."""
    if replica.known > replica.decided:
        replica.fetching = replica.known
        yield Behind(replica.known)


def fetch_if_far(replica: Replica) -> Iterator[Effect]:
    """After every step: too far behind for single questions."""
    patience = 0 if replica.role is Role.FOLLOWER else ANSWERED_HEIGHTS
    if replica.known - replica.decided > patience and replica.known > replica.fetching + patience:
        yield from fetch(replica)


def on_lack(replica: Replica, sender: ReplicaId, lack: Lack) -> Iterator[Effect]:
    """Send what comes next, and the certificate that is missing; who has more is behind no longer."""
    if sender == replica.me:
        return
    claim(replica, lack.decided)
    heights = range(lack.decided + 1, lack.decided + 1 + ANSWERED_HEIGHTS)
    learned = [replica.history[height] for height in heights if height in replica.history]
    for certificate in list_certificates(replica):
        if lack.certified < certificate.height:
            yield Send(sender, certificate)
    for message in learned:
        yield Send(sender, message)
    if not learned and replica.decided > lack.decided and replica.is_voting and replica.leader:
        yield Ignore(lack, Refusal.ANSWERED)


def list_certificates(replica: Replica) -> list[CheckpointCertificate]:
    """What others may lack: the one that ends the former committee, then the newest."""
    kept = (replica.handover, replica.certificate)
    return list(dict.fromkeys(certificate for certificate in kept if certificate is not None))


def on_learned(replica: Replica, learned: Learned) -> Iterator[Effect]:
    """A decided height from another member; the host still has to fetch what belongs to it."""
    height = learned.height
    claim(replica, height)
    if height <= replica.decided:
        yield Ignore(learned, Refusal.DECIDED)
    elif height > replica.ceiling:
        yield Ignore(learned, Refusal.BEYOND_WINDOW)
    elif not judge_seal(learned.seal, height, learned.values, replica.committee):
        yield Ignore(learned, Refusal.BAD_SEAL)
    else:
        slot = replica.slot(height)
        if slot.outcome is None:
            replica.count("learned_late")
        take_outcome(slot, learned.values, learned.seal)
        yield from yield_to(replica, learned.seal.ballot)
        yield from advance(replica, height, slot)


def on_offered(replica: Replica, event: Offered) -> Iterator[Effect]:
    """The host fetched the next decided height, with all that belongs to it."""
    height = event.height
    if height != replica.decided + 1:
        refusal = Refusal.DECIDED if height <= replica.decided else Refusal.UNWANTED
        yield Ignore(event, refusal)
    elif replica.is_at_change:
        yield Ignore(event, Refusal.BEYOND_WINDOW)
        return
    elif not isinstance(event.seal, ChosenSeal) or not judge_seal(
        event.seal, height, event.values, replica.committee
    ):
        yield Ignore(event, Refusal.BAD_SEAL)
        return
    else:
        slot = replica.slot(height)
        replica.count("offered_adopted")
        take_outcome(slot, event.values, event.seal)
        yield from yield_to(replica, event.seal.ballot)
        assert slot.outcome is not None
        slot.judgements[slot.outcome.digest] = Judgement.VALID
        yield from deliver(replica)
    if event.certificate is not None:
        yield from on_certificate(replica, event.certificate)


def yield_to(replica: Replica, ballot: Ballot) -> Iterator[Effect]:
    """Something was chosen in this ballot: a candidate or leader of a lower one has been overtaken.

    Were such a leader to go on, its word "decided" would be taken for "what I proposed is chosen",
    by those who have heard nothing of the higher ballot.
    """
    replica.seen = max(replica.seen, ballot)
    if replica.phase is not Phase.FOLLOWING and replica.candidate < ballot:
        replica.count("preempted")
        if replica.leader is None:
            replica.count_left(Cause.OUTBID)
        yield from lose_leader(replica)


def take_outcome(slot: Slot, values: tuple[bytes, ...], seal: ChosenSeal) -> None:
    """Record what somebody decided."""
    digest = compute_digest(values[0]) if values else NULL_DIGEST
    value = values[0] if values else b""
    slot.outcome = slot.outcome or Outcome(digest, value, seal)
