"""What is durable, and standing up again from it.

Begun is the first record of every journal, so that an empty one is known to have been lost. Whoever
lost its journal does not know what it said: it only learns, for good.
"""

from collections.abc import Iterator
from typing import Any

from consensus.agreement import Opened, Propose
from consensus.chaining import catch_up, checkpoint
from consensus.chaining.chain import Chain
from consensus.chaining.driving import drive, open_instance
from consensus.chaining.keeper import Role
from consensus.chaining.messages import (
    Begun,
    CheckpointCertificate,
    Given,
    Lost,
    Noted,
)
from consensus.chaining.refusals import Refusal
from consensus.effects import (
    Effect,
    Ignore,
    Persist,
    Rewrite,
)
from consensus.events import (
    Applied,
    Started,
)


def on_started(chain: Chain, event: Started) -> Iterator[Effect]:
    """Stand up: the ledger says what is decided, the journal what this replica has said."""
    keeper = chain.keeper
    if keeper.started:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    keeper.started = True
    keeper.committee = event.committee
    keeper.decided = keeper.applied = keeper.known = event.height
    if keeper.me is None or not event.committee.is_member(keeper.me):
        keeper.me, keeper.role = None, Role.FOLLOWER
        return
    keeper.role = Role.VOTER
    has_lost = any(isinstance(record, Lost) for record in event.records)
    if has_lost or not (event.records or event.fresh or event.committee.size == 1):
        keeper.role = Role.OBSERVER
        keeper.count("observing")
    if not event.records:
        yield Persist(*durable_records(chain))
    yield from restore(chain, event.records)
    if checkpoint.is_checkpoint(keeper, event.height):
        yield from checkpoint.vote(keeper, event.height, event.block_id)
    if event.records or event.height:
        yield from catch_up.ask(keeper)


def restore(chain: Chain, records: tuple[Any, ...]) -> Iterator[Effect]:
    """Each instance above the ledger gets back what it wrote, and the value that was brought in."""
    keeper = chain.keeper
    for record in records:
        match record:
            case CheckpointCertificate():
                keeper.certificate, keeper.certified = record, record.height
            case Noted() | Given() if record.height > keeper.decided:
                chain.records.setdefault(record.height, []).append(record)
    if not keeper.is_voting:
        return
    for height, kept in sorted(chain.records.items()):
        keeper.count("reopened")
        instance = open_instance(chain, height)
        notes = tuple(record.record for record in kept if isinstance(record, Noted))
        values = [record.value for record in kept if isinstance(record, Given)]
        instance.has_value = bool(values)
        yield from drive(chain, height, Opened(notes))
        for value in values[:1]:
            yield from drive(chain, height, Propose(value))


def on_applied(chain: Chain, event: Applied) -> Iterator[Effect]:
    """The ledger executed a height; at a checkpoint height its block id becomes a vote."""
    keeper = chain.keeper
    if event.height <= keeper.applied:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    keeper.applied = event.height
    for old in [height for height in chain.records if height <= event.height]:
        del chain.records[old]
    if checkpoint.is_checkpoint(keeper, event.height):
        yield Rewrite(durable_records(chain))
        yield from checkpoint.vote(keeper, event.height, event.block_id)
        yield from checkpoint.certify_applied(keeper)


def durable_records(chain: Chain) -> tuple[Any, ...]:
    """The whole journal, as short as it can be."""
    first = Lost() if chain.keeper.role is Role.OBSERVER else Begun()
    certificate = [chain.keeper.certificate] if chain.keeper.certificate else []
    records = [record for _, kept in sorted(chain.records.items()) for record in kept]
    return (first, *certificate, *records)
