"""The acceptor: it promises, it accepts, and it writes both down before it says so.

P1  It answers a prepare only if it has promised nothing higher, and from then on accepts nothing lower.
P2  It accepts a proposal only if it has promised nothing higher.

With these two, and a proposer that takes over the value of the highest ballot among a majority's
entries, a chosen value stays chosen: say v was chosen in ballot b at some height, and take the
lowest ballot c > b in which something else was proposed there. Its proposer heard from a majority,
which shares a member with the one that accepted in b. That member had accepted in b before it
promised c (P2), so it named an entry of a ballot from b up to, not including, c, and so was the
highest one named: by the choice of c its value is v (Lamport 1998, theorem 1; 2001, section 2).

A height that this acceptor has decided needs no entry: its value is chosen, and can be had here.
"""

from collections.abc import Iterator

from consensus.committee import ReplicaId
from consensus.effects import Effect, Ignore, Persist, Send
from consensus.events import Checked, Verdict
from consensus.message import Height, compute_digest
from consensus.paxos.ballot import Ballot
from consensus.paxos.learner import claim, deliver, learn, want
from consensus.paxos.messages import Accept, Accepted, Entry, Nack, Prepare, Promise, Promised
from consensus.paxos.refusals import Refusal, ignore
from consensus.paxos.replica import STORED, Judgement, Proposal, Replica, Slot
from consensus.paxos.standing import follow, lose_leader


def on_prepare(replica: Replica, sender: ReplicaId, prepare: Prepare) -> Iterator[Effect]:
    """Phase 1: promise, and tell what was accepted (a repeated prepare is answered again)."""
    ballot = prepare.ballot
    if not replica.is_voting:
        return ignore(prepare, Refusal.NOT_VOTING)
    if refusal := refuse_ballot(replica, sender, ballot):
        return refuse(replica, sender, prepare, ballot, refusal)
    return promise(replica, sender, prepare)


def promise(replica: Replica, sender: ReplicaId, prepare: Prepare) -> Iterator[Effect]:
    """Bind this acceptor to a ballot; whom it believed to lead does so no longer."""
    assert prepare.ballot >= replica.promised
    if prepare.ballot > replica.promised:
        yield from raise_promise(replica, prepare.ballot)
        if prepare.ballot != replica.candidate:
            yield from lose_leader(replica)
    entries = tuple(
        slot.accepted
        for height, slot in sorted(replica.slots.items())
        if height >= prepare.start and slot.accepted
    )
    yield Send(sender, Promise(prepare.ballot, replica.decided, entries))


def raise_promise(replica: Replica, ballot: Ballot) -> Iterator[Effect]:
    """Write a promise down."""
    replica.promised = ballot
    replica.seen = max(replica.seen, ballot)
    yield Persist(Promised(ballot))


def on_accept(replica: Replica, sender: ReplicaId, accept: Accept) -> Iterator[Effect]:
    """Phase 2: the leader proposes; also those who may not vote remember it, and learn."""
    ballot, height = accept.ballot, accept.height
    if refusal := refuse_ballot(replica, sender, ballot):
        yield from refuse(replica, sender, accept, ballot, refusal)
        return
    yield from follow(replica, ballot)
    claim(replica, accept.chosen)
    if height > replica.ceiling:
        yield Ignore(accept, Refusal.BEYOND_WINDOW)
    elif height <= replica.decided:
        yield from confirm_decided(replica, accept)
    else:
        slot = replica.slot(height)
        note_proposal(slot, accept)
        yield from advance(replica, height, slot)
    yield from learn(replica, ballot, accept.chosen)


def confirm_decided(replica: Replica, accept: Accept) -> Iterator[Effect]:
    """Decided here, so chosen, so what any later leader proposes: no need to accept it again."""
    if replica.is_voting:
        yield Send(accept.ballot.proposer, Accepted(accept.ballot, accept.height))
    else:
        yield Ignore(accept, Refusal.DECIDED)


def note_proposal(slot: Slot, accept: Accept) -> None:
    """Remember a proposal; there is one to a ballot, so an equal ballot brings nothing new."""
    if slot.proposal is None or slot.proposal.ballot < accept.ballot:
        digest = compute_digest(accept.value)
        slot.proposal = Proposal(accept.ballot, digest, accept.value, accept.imposed)


def advance(replica: Replica, height: Height, slot: Slot) -> Iterator[Effect]:
    """Do what the evidence allows: fetch a chosen value, or accept the proposal, or say so again."""
    if slot.outcome is not None:
        yield from want(slot, height, slot.outcome.digest, slot.outcome.value, forced=True)
        yield from deliver(replica)
        return
    proposal = slot.proposal
    if proposal is None or not replica.is_voting or proposal.ballot < replica.bar:
        return
    if not slot.is_stored(proposal.digest):
        yield from want(slot, height, proposal.digest, proposal.value, forced=proposal.imposed)
        return
    if slot.accepted is None or slot.accepted.ballot < proposal.ballot:
        slot.accepted = Entry(proposal.ballot, height, proposal.value)
        replica.promised = proposal.ballot
        yield Persist(slot.accepted)
    yield Send(proposal.ballot.proposer, Accepted(proposal.ballot, height))


def on_checked(replica: Replica, event: Checked) -> Iterator[Effect]:
    """The host's word on a value, for every height that waits for it."""
    if event.verdict is Verdict.LATER:
        return
    waiting = [
        item
        for item in replica.slots.items()
        if item[1].judgements.get(event.digest, STORED) is not STORED
    ]
    for height, slot in sorted(waiting, key=lambda item: item[0]):
        if event.verdict is Verdict.VALID:
            slot.judgements[event.digest] = STORED
            if height in replica.slots:
                yield from advance(replica, height, slot)
        elif slot.judgements[event.digest] is Judgement.ASKED:
            slot.judgements[event.digest] = Judgement.INVALID


def refuse_ballot(replica: Replica, sender: ReplicaId, ballot: Ballot) -> Refusal | None:
    """Why a proposer's message is not followed."""
    if sender != ballot.proposer:
        return Refusal.NOT_THE_PROPOSER
    if ballot < replica.bar:
        return Refusal.STALE_BALLOT
    return Refusal.NOT_LEADING if is_given_up(replica, ballot) else None


def is_given_up(replica: Replica, ballot: Ballot) -> bool:
    """Is it this replica's own, come back through the loop-back after it had stood down."""
    return ballot.proposer == replica.me and ballot != replica.candidate


def refuse(
    replica: Replica, sender: ReplicaId, message: object, ballot: Ballot, refusal: Refusal
) -> Iterator[Effect]:
    """Say no; a proposer that is too low hears which ballot it has to exceed."""
    is_rival = refusal is Refusal.STALE_BALLOT and ballot.proposer != replica.me
    if is_rival and replica.is_voting:
        return iter((Send(sender, Nack(ballot, replica.bar)),))
    return ignore(message, refusal)
