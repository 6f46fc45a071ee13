"""What is durable, and standing up again from it.

Begun is the first record of every journal, so that an empty one is known to have been lost; whoever
lost its journal only learns, for good. Otherwise the journal tells what this replica was bound to. The
slot that ran when it stopped is over for it: it takes part again from the next one that it is fit for.
"""

from collections.abc import Iterator
from typing import Any

from consensus.chaining import catch_up, checkpoint
from consensus.chaining.keeper import Role
from consensus.chaining.messages import Begun, CheckpointCertificate, Lost
from consensus.chaining.refusals import Refusal
from consensus.effects import Check, Effect, Ignore, Persist, Rewrite
from consensus.events import Applied, Started
from consensus.lockstep.messages import Bound
from consensus.lockstep.paced import Paced
from consensus.lockstep.pacing import set_step
from consensus.message import compute_digest


def on_started(paced: Paced, event: Started) -> Iterator[Effect]:
    """Stand up: the ledger says what is decided, the journal what this replica was bound to."""
    keeper = paced.keeper
    if keeper.started:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    keeper.started = True
    keeper.committee = event.committee
    keeper.decided = keeper.applied = keeper.known = event.height
    yield set_step(paced)
    if keeper.me is None or not event.committee.is_member(keeper.me):
        keeper.me, keeper.role = None, Role.FOLLOWER
        return
    keeper.role = Role.VOTER
    has_lost = any(isinstance(record, Lost) for record in event.records)
    if has_lost or not (event.records or event.fresh or event.committee.size == 1):
        keeper.role = Role.OBSERVER
        keeper.count("observing")
    if not event.records:
        yield Persist(*durable_records(paced))
    yield from restore(paced, event.records)
    if checkpoint.is_checkpoint(keeper, event.height):
        yield from checkpoint.vote(keeper, event.height, event.block_id)
    if event.records or event.height:
        yield from catch_up.ask(keeper)


def restore(paced: Paced, records: tuple[Any, ...]) -> Iterator[Effect]:
    """The latest bond of each height, and the certificate."""
    keeper = paced.keeper
    for record in records:
        match record:
            case CheckpointCertificate():
                keeper.certificate, keeper.certified = record, record.height
            case Bound() if record.height > keeper.decided:
                paced.bound[record.height] = record
    for height, bound in sorted(paced.bound.items()):
        keeper.count("restarted_bound")
        yield Check(height, compute_digest(bound.value), bound.value, forced=True)


def on_applied(paced: Paced, event: Applied) -> Iterator[Effect]:
    """The ledger executed a height; at a checkpoint height its block id becomes a vote."""
    keeper = paced.keeper
    if event.height <= keeper.applied:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    keeper.applied = event.height
    paced.bound = {height: b for height, b in paced.bound.items() if height > event.height}
    if checkpoint.is_checkpoint(keeper, event.height):
        yield Rewrite(durable_records(paced))
        yield from checkpoint.vote(keeper, event.height, event.block_id)
        yield from checkpoint.certify_applied(keeper)


def durable_records(paced: Paced) -> tuple[Any, ...]:
    """The whole journal, as short as it can be."""
    first = Lost() if paced.keeper.role is Role.OBSERVER else Begun()
    certificate = [paced.keeper.certificate] if paced.keeper.certificate else []
    return (first, *certificate, *(bound for _, bound in sorted(paced.bound.items())))
