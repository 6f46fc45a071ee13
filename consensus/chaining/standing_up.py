"""How a keeper of a chain stands up with its journal, and what it does when a height is executed.

Begun is the first record of every journal, so that an empty one is known to have been lost. Whoever
lost its journal does not know what it said: it only learns, for good.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from consensus.chaining import catch_up, checkpoint
from consensus.chaining.keeper import Keeper, Role
from consensus.chaining.messages import Begun, Lost
from consensus.chaining.refusals import Refusal
from consensus.effects import Effect, Ignore, Persist, Rewrite
from consensus.events import Applied, Started

Restore = Callable[[tuple[Any, ...]], Iterator[Effect]]


def stand_up(
    keeper: Keeper, event: Started, own: Iterable[Any], restore: Restore
) -> Iterator[Effect]:
    """The ledger says what is decided; the journal, through `restore`, what this replica has said.

    `own` are the records that its engine keeps beside the keeper's.
    """
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
        yield Persist(*list_durable(keeper, own))
    yield from restore(event.records)
    if checkpoint.is_checkpoint(keeper, event.height):
        yield from checkpoint.vote(keeper, event.height, event.block_id)
    if event.records or event.height:
        yield from catch_up.ask(keeper)


def take_applied(keeper: Keeper, event: Applied, own: Iterable[Any]) -> Iterator[Effect]:
    """The ledger executed a height above the last; at a checkpoint its block id becomes a vote."""
    keeper.applied = event.height
    if checkpoint.is_checkpoint(keeper, event.height):
        yield Rewrite(list_durable(keeper, own))
        yield from checkpoint.vote(keeper, event.height, event.block_id)
        yield from checkpoint.certify_applied(keeper)


def list_durable(keeper: Keeper, own: Iterable[Any]) -> tuple[Any, ...]:
    """The whole journal, as short as it can be."""
    first = Lost() if keeper.role is Role.OBSERVER else Begun()
    certificate = [keeper.certificate] if keeper.certificate else []
    return (first, *certificate, *own)
