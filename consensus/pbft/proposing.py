"""The primary's side: ask the host for values and propose them, several heights in flight.

`pipeline` heights may be undecided at once, and none lies above the high water mark. The host
answers a `Request` when there is work. An idle chain comes to rest certified: with heights above
the last checkpoint height, or work that the host cannot pack yet, the primary orders an empty
payload each `idle_block_ms`, so that backups see that it lives.
"""

from collections.abc import Iterator

from consensus.effects import Broadcast, Effect, Ignore, Persist, Request
from consensus.events import Proposed
from consensus.message import NULL_VALUE, Digest, Height, Signed, compute_digest
from consensus.pbft.messages import Accepted, PrePrepare, Proposal
from consensus.pbft.refusals import Refusal
from consensus.pbft.replica import Judgement, Replica


def on_proposed(replica: Replica, event: Proposed) -> Iterator[Effect]:
    """The host gives a value: assign the height to it, durably, and tell the backups (4.2)."""
    ordering = replica.ordering
    if not replica.is_leading or event.height != ordering.requested:
        yield Ignore(event, Refusal.UNWANTED)
        return
    if event.value == NULL_VALUE:
        yield Ignore(event, Refusal.NULL_VALUE)
        return
    assert replica.me is not None
    ordering.requested, ordering.required = None, False
    ordering.next_height = event.height + 1
    digest = compute_digest(event.value)
    proposal = Signed(replica.me, Proposal(replica.view, event.height, digest))
    slot = replica.slot(event.height)
    slot.values[digest] = event.value
    slot.judgements[digest] = Judgement.VALID
    slot.accepted = Accepted(proposal, event.value)
    yield Persist(slot.accepted)
    yield Broadcast(PrePrepare(proposal, event.value))


def request_value(replica: Replica) -> Iterator[Effect]:
    """After every step of a leader: ask for the next value as soon as it may be proposed.

    Asked once per height and view.
    """
    ordering = replica.ordering
    assert replica.is_leading
    if ordering.next_height <= replica.decided or ordering.next_height <= replica.stable:
        ordering.next_height = max(replica.decided, replica.stable) + 1
    if ordering.requested == ordering.next_height:
        return
    if may_propose(replica):
        ordering.requested, ordering.required = ordering.next_height, False
        yield Request(ordering.next_height, unexecuted_digests(replica))
    elif is_held_back(replica) and ordering.held_back != ordering.next_height:
        ordering.held_back = ordering.next_height
        replica.count("window_full")


def may_propose(replica: Replica) -> bool:
    """Is the next height within the pipeline and the water marks."""
    height = replica.ordering.next_height
    return height <= replica.decided + replica.parameters.pipeline and height <= replica.ceiling


def is_held_back(replica: Replica) -> bool:
    """Is it only the high water mark that the next height does not stay within."""
    height = replica.ordering.next_height
    return replica.ceiling < height <= replica.decided + replica.parameters.pipeline


def unexecuted_digests(replica: Replica) -> tuple[Digest, ...]:
    """The values below the next height that the ledger does not hold yet, in order.

    Also decided ones: the host executes them after it has heard this request.
    """
    return tuple(
        digest
        for height in range(replica.applied + 1, replica.ordering.next_height)
        if (digest := find_digest(replica, height)) is not None
    )


def find_digest(replica: Replica, height: Height) -> Digest | None:
    """What is decided at a height, or what this primary has proposed there."""
    if decision := replica.history.get(height):
        return decision.seal.commits[0].body.digest
    slot = replica.slots.get(height)
    return slot.accepted.proposal.body.digest if slot and slot.accepted else None
