"""When each node had which final height, by cheap polling."""

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import aiohttp
import msgspec

POLL_S = 0.05
BLOCK_ATTEMPTS = 5


class _Status(msgspec.Struct):
    final_height: int
    head_height: int = 0
    head_id: str = ""
    pending: int = 0


class _Block(msgspec.Struct):
    transactions: list[str]


_decode_status = msgspec.json.Decoder(_Status).decode
_decode_block = msgspec.json.Decoder(_Block).decode


class HeadSeen(NamedTuple):
    """A node's head, from a time on (by the loop's clock)."""

    at: float
    height: int
    id: str


class Heights:
    """Watches all nodes while it runs; a height counts when the answer that tells it is here."""

    def __init__(self, session: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        self._session = session
        self._urls = [url.rstrip("/") for url in urls]
        self._heights: list[list[int]] = [[] for _ in urls]
        self._times: list[list[float]] = [[] for _ in urls]
        self._heads: list[list[HeadSeen]] = [[] for _ in urls]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to watch."""
        self._tasks = [
            asyncio.create_task(self._watch(node), name=f"watch-{node}")
            for node in range(len(self._urls))
        ]

    def add(self, url: str) -> None:
        """Watch one more node, which has come later."""
        self._urls.append(url.rstrip("/"))
        self._heights.append([])
        self._times.append([])
        self._heads.append([])
        node = len(self._urls) - 1
        self._tasks.append(asyncio.create_task(self._watch(node), name=f"watch-{node}"))

    def sightings(self, node: int) -> list[tuple[float, int]]:
        """When each new height of a node was seen, by the loop's clock; the first is where it stood."""
        return list(zip(self._times[node], self._heights[node], strict=True))

    def heads(self, node: int) -> list[HeadSeen]:
        """When each new head of a node was seen."""
        return self._heads[node]

    async def close(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self, node: int) -> None:
        loop = asyncio.get_running_loop()
        heights, times, heads = self._heights[node], self._times[node], self._heads[node]
        due = loop.time()
        while True:
            status = await self._read_status(node)
            if status is not None and (not heights or status.final_height > heights[-1]):
                heights.append(status.final_height)
                times.append(loop.time())
            if status is not None and (not heads or status.head_id != heads[-1].id):
                heads.append(HeadSeen(loop.time(), status.head_height, status.head_id))
            due = max(due + POLL_S, loop.time())
            await asyncio.sleep(due - loop.time())

    async def read_height(self, node: int) -> int | None:
        """A node's final height now; None where it does not answer."""
        status = await self._read_status(node)
        return None if status is None else status.final_height

    async def _read_status(self, node: int) -> _Status | None:
        try:
            async with self._session.get(f"{self._urls[node]}/v1/status") as response:
                return _decode_status(await response.read())
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError):
            return None

    def lowest(self) -> int:
        """The height that all nodes are known to have; -1 before the first answers."""
        return min((heights[-1] if heights else -1) for heights in self._heights)

    def reached_at(self, height: int) -> float | None:
        """When the last of the nodes was seen to have `height`; None where one was not."""
        latest = 0.0
        for heights, times in zip(self._heights, self._times, strict=True):
            at = bisect_left(heights, height)
            if at == len(heights):
                return None
            latest = max(latest, times[at])
        return latest

    async def read_ids(self, height: int) -> list[bytes]:
        """The ids of a block's transactions, from the first node that answers."""
        for attempt in range(BLOCK_ATTEMPTS * len(self._urls)):
            url = f"{self._urls[attempt % len(self._urls)]}/v1/blocks/{height}"
            try:
                async with self._session.get(url) as response:
                    block = _decode_block(await response.read())
            except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError):
                await asyncio.sleep(POLL_S)
                continue
            return [bytes.fromhex(id_) for id_ in block.transactions]
        return []
