"""Bringing values into instances.

A replica asks its host for one when the height before is decided: at once if another member has begun,
otherwise for when there is work, and on a chain that has to move after a while for an empty one.
"""

from collections.abc import Iterator

from consensus.agreement import Propose
from consensus.chaining.chain import Chain
from consensus.chaining.driving import drive, open_instance, write
from consensus.chaining.messages import (
    Given,
)
from consensus.chaining.refusals import Refusal
from consensus.effects import (
    Effect,
    Ignore,
    Request,
)
from consensus.events import (
    Proposed,
)
from consensus.idling import must_move


def request(chain: Chain) -> Iterator[Effect]:
    """After every step: ask for a value for the next height, at once if others have begun."""
    keeper, height = chain.keeper, chain.keeper.decided + 1
    instance = chain.current
    if not keeper.is_voting or keeper.is_behind or height in keeper.results:
        return
    if instance is not None and instance.has_value:
        return
    required = instance is not None and instance.is_called
    if chain.requested == height and (chain.required or not required):
        return
    chain.requested, chain.required = height, required
    yield Request(height, keeper.unexecuted(), required)


def on_proposed(chain: Chain, event: Proposed) -> Iterator[Effect]:
    """The host gives a value for the next height: this replica brings it in, in writing."""
    keeper, height = chain.keeper, event.height
    if height != chain.requested or not keeper.is_voting or height != keeper.decided + 1:
        yield Ignore(event, Refusal.UNWANTED)
        return
    chain.requested, chain.required = None, False
    instance = open_instance(chain, height)
    if instance.has_value:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    instance.has_value = True
    yield from write(chain, height, Given(height, event.value))
    yield from drive(chain, height, Propose(event.value))


def is_idling(chain: Chain) -> bool:
    """Does this replica wait for a value while the chain has to move."""
    keeper = chain.keeper
    if not keeper.is_voting or chain.required or chain.requested != keeper.decided + 1:
        return False
    return must_move(keeper, keeper.terms)
