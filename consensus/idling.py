"""What leaders of all engines with checkpoints ask for: an idle chain comes to rest certified.

A leader asks its host for a value, and the host answers when there is work. With heights above the
last checkpoint height, or work that the host cannot pack yet, the leader wants one all the same.
"""

from collections.abc import Iterator
from typing import Protocol

from consensus.checkpoints import Intervals
from consensus.effects import Effect, Request
from consensus.message import Digest, Height


class Wish(Protocol):
    """What a leader has asked its host for."""

    requested: Height | None
    required: bool


class Growing(Protocol):
    """A chain as one replica knows it."""

    decided: Height
    pending: bool


class Orderer(Growing, Protocol):
    """A replica that may lead."""

    @property
    def is_leading(self) -> bool:
        """May it propose."""

    @property
    def ordering(self) -> Wish:
        """What it wants next."""

    @property
    def parameters(self) -> Intervals:
        """The network's numbers."""


def must_move(chain: Growing, intervals: Intervals) -> bool:
    """Is there work, or are there heights that only the next checkpoint will certify."""
    return chain.pending or chain.decided % intervals.checkpoint_interval != 0


def is_idling(replica: Orderer) -> bool:
    """Does this leader wait for a value while nothing is in flight and something should be."""
    wish = replica.ordering
    if wish.requested != replica.decided + 1 or wish.required:
        return False
    return replica.is_leading and must_move(replica, replica.parameters)


def require_value(replica: Orderer, after: tuple[Digest, ...]) -> Iterator[Effect]:
    """The chain must not stand still: ask again, and take an empty payload."""
    if is_idling(replica):
        wish = replica.ordering
        assert wish.requested is not None
        wish.required = True
        yield Request(wish.requested, after, required=True)
