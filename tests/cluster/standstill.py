"""How long a network stands still: the longest time in which no node shows a newly final height."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.cluster.harness import Cluster

LOOK_S = 0.01


class Standstill:
    """Watches the final heights of some nodes while it is entered; the times are this process's.

    A pause lasts from one newly final height, wherever it is seen first, to the next one.
    """

    def __init__(self, cluster: Cluster, indices: Sequence[int]) -> None:
        self._cluster = cluster
        self._indices = list(indices)
        self._progress: list[tuple[float, int]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._watch(index)) for index in self._indices]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self, index: int) -> None:
        while True:
            height = await self._cluster.height(index)
            if not self._progress or height > self._progress[-1][1]:
                self._progress.append((time.monotonic(), height))
            await asyncio.sleep(LOOK_S)

    def longest_s(self, since: float) -> float:
        """The longest pause that ended, or goes on, after this moment of `time.monotonic`."""
        times = [at for at, _ in self._progress] + [time.monotonic()]
        pauses = itertools.pairwise(times)
        return max((late - early for early, late in pauses if late >= since), default=0.0)
