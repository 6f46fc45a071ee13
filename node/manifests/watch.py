"""What is seen of a network while a manifest is played: final heights, views, reorganisations."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

import aiohttp

from node.client import Client, ClientError
from node.load.heights import HeadSeen, Heights
from node.tasks import end
from node.testnet.forks import report_forks
from node.testnet.plan import Member
from node.testnet.processes import Condition

LOOK_S = 0.25
TIMEOUT_S = 2.0
"""A paused node answers nothing; whoever asks it again later hears where it stands then."""


class ViewSeen(NamedTuple):
    """The greatest view that any node has told, from a time on (seconds from the start)."""

    at_s: float
    view: int
    leader: str | None


class ConditionSeen(NamedTuple):
    """What a process does, from a time on (seconds from the start)."""

    at_s: float
    condition: Condition


class Watch:
    """Looks at all nodes from `start` on; all times are seconds since then."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = list(members)
        self.views: list[ViewSeen] = []
        self.reorganisations: dict[int, int] = {}
        """By node: how often its head moved to another branch, as it told last."""
        self.conditions: dict[int, list[ConditionSeen]] = {}
        """By node: what its process does, from when on."""
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._began = 0.0

    async def start(self, observe: Callable[[int], Condition]) -> None:
        """Begin to look; `observe` tells what the process of a node does."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        session = await self._stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        self._heights = Heights(session, [member.url for member in self.members])
        self._stack.push_async_callback(self._heights.close)
        self._began = asyncio.get_running_loop().time()
        self._heights.start()
        for number in range(len(self.members)):
            self._look_at(number)
        watching = self._watch_processes(observe)
        self._tasks.append(asyncio.create_task(watching, name="look-at-processes"))

    def add(self, member: Member) -> None:
        """Look at one more node."""
        self.members.append(member)
        self._heights.add(member.url)
        self._look_at(len(self.members) - 1)

    async def close(self) -> None:
        """Look no more."""
        await end(*self._tasks)
        await self._stack.aclose()

    @property
    def now_s(self) -> float:
        """Seconds since the start."""
        return asyncio.get_running_loop().time() - self._began

    def list_progress(self, nodes: Sequence[int] | None = None) -> list[tuple[float, int]]:
        """When each final height was first seen at any of the nodes, and the height.

        What a node already had when it was first seen is no progress.
        """
        seen: list[tuple[float, int]] = []
        for node in range(len(self.members)) if nodes is None else nodes:
            seen += self._heights.sightings(node)[1:]
        progress: list[tuple[float, int]] = []
        for at, height in sorted(seen):
            if not progress or height > progress[-1][1]:
                progress.append((at - self._began, height))
        return progress

    def list_heads(self, node: int) -> list[HeadSeen]:
        """When each new head of a node was seen, in seconds from the start."""
        return [seen._replace(at=seen.at - self._began) for seen in self._heights.heads(node)]

    @property
    def is_forking(self) -> bool:
        """May heads move to another branch there."""
        return bool(self.reorganisations)

    def find_conflict(self, from_s: float, until_s: float) -> str:
        """Two nodes whose heads differ at one height in that time; empty where none do."""
        first: dict[int, tuple[int, str]] = {}
        for node in range(len(self.members)):
            for seen in self.list_heads(node):
                if not from_s < seen.at <= until_s:
                    continue
                other, id_ = first.setdefault(seen.height, (node, seen.id))
                if id_ != seen.id and other != node:
                    return f"nodes {other} and {node} had different heads at height {seen.height}"
        return ""

    def find_common(self, until_s: float) -> tuple[int, bool]:
        """The greatest height at which the heads of all nodes were seen, and are they the same."""
        told = [
            {seen.height: seen.id for seen in self.list_heads(node) if seen.at <= until_s}
            for node in range(len(self.members))
        ]
        common = set.intersection(*(set(ids) for ids in told)) if told else set()
        height = max(common, default=0)
        return height, len({ids.get(height) for ids in told}) == 1

    def _look_at(self, number: int) -> None:
        name = f"look-{number}"
        self._tasks.append(asyncio.create_task(self._watch_engine(number), name=name))

    async def _watch_processes(self, observe: Callable[[int], Condition]) -> None:
        while True:
            for number in range(len(self.members)):
                condition = observe(number)
                seen = self.conditions.setdefault(number, [])
                if not seen or seen[-1].condition is not condition:
                    seen.append(ConditionSeen(self.now_s, condition))
            await asyncio.sleep(LOOK_S)

    async def _watch_engine(self, number: int) -> None:
        async with Client(self.members[number].url, TIMEOUT_S) as client:
            while True:
                try:
                    engine = await client.engine()
                except ClientError:
                    await asyncio.sleep(LOOK_S)
                    continue
                if not self.views or engine.view > self.views[-1].view:
                    self.views.append(ViewSeen(self.now_s, engine.view, engine.leader))
                if (forks := report_forks(engine.forks)) is not None:
                    self.reorganisations[number] = forks.reorganisations
                await asyncio.sleep(LOOK_S)
