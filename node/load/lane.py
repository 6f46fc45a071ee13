"""One sender's thread of work: what is due, in order, batch after batch.

A lane awaits each answer before its next batch, so the transactions of one account, which always
travel in one lane, arrive in nonce order. What is due is decided by the clock alone: a slow network
does not slow the schedule down, it makes latencies longer.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from node.load.courier import Courier
from node.load.parcel import Parcel
from node.load.tracker import Tracker

BATCH_MAX = 250
TICK_S = 0.05


class Source(Protocol):
    """Where a lane's transactions come from."""

    def make(self, now: float, most: int) -> Sequence[Parcel]:
        """At most `most` signed parcels that are due by the loop's time `now`."""
        ...

    def is_done(self) -> bool:
        """Will nothing more come."""
        ...


class Lane:
    """Sends what its source says is due, to node `prefer` first."""

    def __init__(self, courier: Courier, tracker: Tracker, source: Source, prefer: int) -> None:
        self._courier = courier
        self._tracker = tracker
        self._source = source
        self._prefer = prefer

    async def run(self) -> None:
        """Until the source is done; an answer that is on its way is awaited."""
        loop = asyncio.get_running_loop()
        while True:
            if parcels := self._source.make(loop.time(), BATCH_MAX):
                self._tracker.add(parcels)
                await self._courier.deliver(parcels, self._prefer)
                self._tracker.collect(parcels)
            elif self._source.is_done():
                return
            else:
                await asyncio.sleep(TICK_S)
