"""How many clients' transactions are worked on at once.

All validators verify every transaction, so what one of them takes in faster than the others can
follow only waits in queues between them, and proposals wait for it. So clients wait at the door:
while enough are inside, and while the links to the other validators are filling up.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from node.errors import NodeError

POLL_S = 0.01


class BusyError(NodeError):
    """Too many wait already; nothing was kept, the same bytes may come again."""

    reason = "node-busy"


class Gate:
    """Lets `inside_max` transactions in, first come first served; `waiting_max` may wait."""

    def __init__(self, inside_max: int, waiting_max: int, is_congested: Callable[[], bool]) -> None:
        self._inside_max = inside_max
        self._waiting_max = waiting_max
        self._is_congested = is_congested
        self._inside = 0
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._room = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Transactions that wait for their turn."""
        return self._waiting

    @asynccontextmanager
    async def enter(self, count: int) -> AsyncIterator[None]:
        """Wait for the turn of `count` transactions; raises `BusyError`."""
        if self._waiting and self._waiting + count > self._waiting_max:
            raise BusyError("too many transactions wait to be verified", advice="try again soon")
        self._waiting += count
        try:
            async with self._turn:
                await self._wait_for_room()
        finally:
            self._waiting -= count
        self._inside += count
        try:
            yield
        finally:
            self._inside -= count
            self._room.set()

    async def _wait_for_room(self) -> None:
        while self._inside >= self._inside_max or self._is_congested():
            self._room.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._room.wait()
