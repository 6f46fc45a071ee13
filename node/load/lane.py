"""One sender's thread of work: what is due, in order, batch after batch.

A lane awaits each answer before its next batch, so the transactions of one account, which always
travel in one lane, arrive in nonce order. What is due is decided by the clock alone: a slow network
does not slow the schedule down, it makes latencies longer.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from node.load.courier import Courier
from node.load.parcel import Parcel
from node.load.tracker import Tracker

BATCH_MAX = 250
TICK_S = 0.05
Make: TypeAlias = Callable[[float, int], Sequence[Parcel]]
"""(now, most) -> at most that many signed parcels that are due; empty when none is."""


class Lane:
    """Sends what `make` says is due, to node `prefer` first, until it is cancelled or done."""

    def __init__(self, courier: Courier, tracker: Tracker, make: Make, prefer: int) -> None:
        self._courier = courier
        self._tracker = tracker
        self._make = make
        self._prefer = prefer

    async def run(self, is_done: Callable[[], bool]) -> None:
        """Until `is_done` says so and nothing is due; an answer on its way is awaited."""
        loop = asyncio.get_running_loop()
        while True:
            if parcels := self._make(loop.time(), BATCH_MAX):
                self._tracker.add(parcels)
                await self._courier.deliver(parcels, self._prefer)
                self._tracker.collect(parcels)
            elif is_done():
                return
            else:
                await asyncio.sleep(TICK_S)
