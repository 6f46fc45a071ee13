"""Sending many transactions in lanes and staying with them until they are final."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from node.client import Client
from node.load.courier import Courier
from node.load.final_blocks import FinalBlocks
from node.load.lane import Lane, Source
from node.load.parcel import Fate, Parcel
from node.load.tracker import Tracker

POLL_S = 0.1
NUDGE_AFTER_S = 8.0
"""A transaction that was accepted this long ago and is not final is sent to another node too."""
NUDGE_MAX = 500
PATIENCE_S = 120.0
"""Without a single new final transaction for so long, the rest is given up."""


PAUSE_MIN_S = 1.0


class Pause(NamedTuple):
    """A time in which something waited and nothing became final."""

    after_s: float
    """Seconds from the start of the stream to the beginning of the pause."""
    seconds: float


class Stream:
    """Runs lanes until all that they made is settled, nothing moves any more, or `stop`."""

    def __init__(self, clients: Sequence[Client], height: int) -> None:
        self.tracker = Tracker()
        self.courier = Courier(clients)
        self.nudged = 0
        self.is_stopped = False
        self._clients = clients
        self._blocks = FinalBlocks(clients, height)
        self._started_at = self._moved_at = 0.0
        self.pauses: list[Pause] = []

    @property
    def resent(self) -> int:
        """How often a transaction was sent again."""
        counters = self.courier.counters
        return counters.retries_full + counters.retries_silent + self.nudged

    def stop(self) -> None:
        """Make nothing new; what was accepted is still waited for."""
        self.is_stopped = True

    async def run(self, sources: Sequence[Source], on_progress: Callable[[], None]) -> None:
        """One lane per source; lane i prefers node i. Raises what a lane fails with."""
        loop = asyncio.get_running_loop()
        self._moved_at = self._started_at = loop.time()
        lanes = [
            Lane(self.courier, self.tracker, Stoppable(source, self), number)
            for number, source in enumerate(sources)
        ]
        sending = [asyncio.create_task(lane.run()) for lane in lanes]
        nudging = asyncio.create_task(self._nudge())
        try:
            while not self._is_over(sending):
                if nudging.done():
                    nudging.result()
                await self._look()
                on_progress()
                await asyncio.sleep(POLL_S)
        finally:
            await end_all([*sending, nudging])

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        settled = self.tracker.on_blocks(await self._blocks.advance(), loop.time())
        if settled or not self.tracker.waiting:
            seconds = loop.time() - self._moved_at
            if seconds >= PAUSE_MIN_S:
                self.pauses.append(Pause(self._moved_at - self._started_at, seconds))
            self._moved_at = loop.time()

    def _is_over(self, sending: Sequence["asyncio.Task[None]"]) -> bool:
        for task in sending:
            if task.done():
                task.result()
        if all(task.done() for task in sending) and not self.tracker.waiting:
            return True
        is_stuck = asyncio.get_running_loop().time() - self._moved_at > PATIENCE_S
        return bool(self.tracker.waiting) and is_stuck

    async def _nudge(self) -> None:
        """A node that accepted and died keeps what it has until it comes back: ask another too."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(NUDGE_AFTER_S / 4)
            for node, late in enumerate(self._find_late(loop.time())):
                if late:
                    self.nudged += len(late)
                    await self.courier.deliver(late, node + 1)
                    self.tracker.collect(late)

    def _find_late(self, now: float) -> list[list[Parcel]]:
        """What was accepted long ago, by the node that accepted it last."""
        late: list[list[Parcel]] = [[] for _ in self._clients]
        for parcel in self.tracker.waiting.values():
            if is_old(parcel, now) and len(late[parcel.node]) < NUDGE_MAX:
                late[parcel.node].append(parcel)
        return late


class Stoppable:
    """A source that has nothing more once its stream was stopped."""

    def __init__(self, source: Source, stream: Stream) -> None:
        self._source = source
        self._stream = stream

    def make(self, now: float, most: int) -> Sequence[Parcel]:
        """What the source has, until the stop."""
        return () if self._stream.is_stopped else self._source.make(now, most)

    def is_done(self) -> bool:
        """Done, or stopped."""
        return self._stream.is_stopped or self._source.is_done()


def is_old(parcel: Parcel, now: float) -> bool:
    """Accepted so long ago that something is wrong."""
    return parcel.fate is Fate.ACCEPTED and now - parcel.sent_at > NUDGE_AFTER_S


async def end_all(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel and wait."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
