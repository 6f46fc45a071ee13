"""The leader's side of phase 2: what phase 1 imposes first, then new values, several heights in flight.

`pipeline` heights may be undecided at once. The host answers a `Request` when there is work. An idle
chain comes to rest certified: with heights above the last checkpoint height, or work that the host
cannot pack yet, the leader orders an empty payload each `idle_block_ms`.
"""

from collections.abc import Iterator

from consensus.effects import Broadcast, Effect, Ignore, Request
from consensus.events import Proposed
from consensus.message import NULL_DIGEST, NULL_VALUE, Digest, Height, compute_digest
from consensus.paxos.acceptor import note_proposal
from consensus.paxos.messages import Accept
from consensus.paxos.refusals import Refusal
from consensus.paxos.replica import Judgement, Replica


def propose_imposed(replica: Replica) -> Iterator[Effect]:
    """After every step of a leader: what phase 1 found, as far as the window reaches."""
    ordering = replica.ordering
    while ordering.next_height <= min(ordering.imposed_to, replica.ceiling):
        height = ordering.next_height
        ordering.next_height += 1
        yield from propose(replica, height, ordering.imposed.get(height, NULL_VALUE), imposed=True)


def propose(replica: Replica, height: Height, value: bytes, *, imposed: bool) -> Iterator[Effect]:
    """Say it to all; this acceptor hears it through the loop-back, and accepts it only then.

    As a proposal it is remembered now: the next height is asked for before the loop-back comes.
    """
    replica.ordering.announced = replica.decided
    accept = Accept(replica.candidate, height, value, replica.decided, imposed)
    if height > replica.decided:
        note_proposal(replica.slot(height), accept)
    yield Broadcast(accept)


def on_proposed(replica: Replica, event: Proposed) -> Iterator[Effect]:
    """The host gives a value for the next height."""
    ordering = replica.ordering
    if not replica.is_leading or event.height != ordering.requested:
        yield Ignore(event, Refusal.UNWANTED)
        return
    if event.value == NULL_VALUE:
        yield Ignore(event, Refusal.NULL_VALUE)
        return
    ordering.requested, ordering.required = None, False
    ordering.next_height = event.height + 1
    slot = replica.slot(event.height)
    slot.judgements[compute_digest(event.value)] = Judgement.VALID
    yield from propose(replica, event.height, event.value, imposed=False)


def request_value(replica: Replica) -> Iterator[Effect]:
    """After every step of a leader: ask for the next value as soon as it may be proposed."""
    ordering = replica.ordering
    if replica.decided < ordering.decided_elsewhere or ordering.next_height <= ordering.imposed_to:
        return
    height = ordering.next_height
    if ordering.requested == height or height > replica.ceiling:
        return
    if height > replica.decided + replica.parameters.pipeline:
        return
    ordering.requested, ordering.required = height, False
    yield Request(height, unexecuted_digests(replica))


def unexecuted_digests(replica: Replica) -> tuple[Digest, ...]:
    """The values below the next height that the ledger does not hold yet, in order."""
    return tuple(
        digest
        for height in range(replica.applied + 1, replica.ordering.next_height)
        if (digest := find_digest(replica, height)) is not None
    )


def find_digest(replica: Replica, height: Height) -> Digest | None:
    """What is decided at a height, or what this leader has proposed there."""
    if learned := replica.history.get(height):
        return compute_digest(learned.values[0]) if learned.values else NULL_DIGEST
    slot = replica.slots.get(height)
    return slot.proposal.digest if slot and slot.proposal else None
