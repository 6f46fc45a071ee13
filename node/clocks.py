"""Clocks that were seen to be ahead: what somebody proposed lay further in the future than it may.

A clock that is behind cannot be told from a message that is late, so only the other side is noted.
Kept for the latest proposers that were ahead, by their public keys.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

PROPOSERS_MAX = 64
"""Strangers may propose where anybody mines."""


class Ahead(NamedTuple):
    """How far beyond what is allowed, and when that was seen on the monotonic clock."""

    beyond_ms: int
    at: float


class Clocks:
    """Told by whoever has to wait for a proposal's time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.ahead: OrderedDict[bytes, Ahead] = OrderedDict()

    def note(self, proposer: bytes, beyond_s: float) -> None:
        """A proposal came so many seconds before it may be accepted."""
        self.ahead[proposer] = Ahead(int(beyond_s * 1_000), self._clock())
        self.ahead.move_to_end(proposer)
        if len(self.ahead) > PROPOSERS_MAX:
            self.ahead.popitem(last=False)
