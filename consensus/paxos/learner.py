"""The learner: what is chosen is decided in height order, once the host holds it.

A value is chosen when a majority of distinct acceptors accepted it in the *same* ballot. The leader
counts them; all others hear from it how far it has decided, with its next proposal or heartbeat. A
ballot has one proposal at a height, so what is remembered as proposed in the leader's own ballot is
what was chosen there. What was proposed in another ballot is asked for.
"""

from collections.abc import Iterator

from consensus.committee import ReplicaId
from consensus.effects import Check, Decide, Effect
from consensus.message import NULL_DIGEST, Height
from consensus.patience import calm_down
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import Accepted, ChosenSeal, Learned
from consensus.paxos.refusals import Refusal, ignore
from consensus.paxos.replica import Judgement, Outcome, Replica, Slot

CALM_HEIGHTS = 4
"""So many heights decided in peace take one doubling of the timeouts back."""


def on_accepted(replica: Replica, sender: ReplicaId, accepted: Accepted) -> Iterator[Effect]:
    """At the leader: an acceptor has accepted; a majority makes it chosen."""
    if not replica.is_leading or accepted.ballot != replica.candidate:
        return ignore(accepted, Refusal.STALE_BALLOT)
    replica.leading.spoke.add(sender)
    slot = replica.slots.get(accepted.height)
    if slot is None or slot.proposal is None or slot.proposal.ballot != accepted.ballot:
        return ignore(accepted, Refusal.DECIDED)
    if sender in slot.voices:
        return ignore(accepted, Refusal.DUPLICATE)
    slot.voices.add(sender)
    if not replica.has_majority(len(slot.voices)):
        return iter(())
    return choose(replica, accepted.height, slot)


def choose(replica: Replica, height: Height, slot: Slot) -> Iterator[Effect]:
    """What the proposal of a ballot names is chosen."""
    proposal = slot.proposal
    assert proposal is not None
    if slot.outcome is None:
        slot.outcome = Outcome(proposal.digest, proposal.value, ChosenSeal(proposal.ballot))
    yield from want(slot, height, slot.outcome.digest, slot.outcome.value, forced=True)
    yield from deliver(replica)


def want(
    slot: Slot, height: Height, digest: bytes, value: bytes, *, forced: bool
) -> Iterator[Effect]:
    """Ask the host for the verdict on a value, once; a chosen one is fetched, never judged."""
    known = slot.judgements.get(digest)
    if slot.is_stored(digest) or known is Judgement.FORCED or (known and not forced):
        return
    slot.judgements[digest] = Judgement.FORCED if forced else Judgement.ASKED
    yield Check(height, digest, value, forced)


def claim(replica: Replica, height: Height) -> None:
    """Somebody has decided so much."""
    replica.known = max(replica.known, height)


def learn(replica: Replica, ballot: Ballot, chosen: Height) -> Iterator[Effect]:
    """The leader of `ballot` has decided up to `chosen`: so is what it proposed there."""
    if ballot != replica.leader:
        return
    replica.chosen = max(replica.chosen, chosen)
    for height in range(replica.decided + 1, min(replica.chosen, replica.ceiling) + 1):
        slot = replica.slots.get(height)
        if slot and slot.outcome is None and slot.proposal and slot.proposal.ballot == ballot:
            yield from choose(replica, height, slot)


def deliver(replica: Replica) -> Iterator[Effect]:
    """Decide as many of the next heights as have an outcome that the host holds."""
    while True:
        height = replica.decided + 1
        slot = replica.slots.get(height)
        if slot is None or slot.outcome is None or not slot.is_stored(slot.outcome.digest):
            return
        yield from decide(replica, height, slot, slot.outcome)


def decide(replica: Replica, height: Height, slot: Slot, outcome: Outcome) -> Iterator[Effect]:
    """The word is final; remember it for those who missed it."""
    assert height == replica.decided + 1
    null = outcome.digest == NULL_DIGEST
    values = () if null else (outcome.value,)
    replica.decided = height
    claim(replica, height)
    replica.history[height] = Learned(height, values, outcome.seal)
    replica.history.pop(height - replica.parameters.window, None)
    if slot.accepted:
        replica.unapplied[height] = slot.accepted
    del replica.slots[height]
    replica.count("nulls" if null else "decided")
    replica.idle_looks = 0
    calm_down(replica.clock, CALM_HEIGHTS)
    yield Decide(height, values, outcome.seal)
