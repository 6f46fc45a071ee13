"""One sync of the disk for all that was written before it."""

import asyncio
from collections.abc import Callable


class SharedSync:
    """Runs `sync` in a thread, once at a time, for as many as wait for it."""

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._wanted = 0
        self._reached = 0
        self._running: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        """Return when whatever was written before this call is durable; raises what `sync` does."""
        self._wanted += 1
        wanted = self._wanted
        while self._reached < wanted:
            if self._running is None or self._running.done():
                self._running = asyncio.create_task(self._run(), name="sync")
            await asyncio.shield(self._running)

    async def close(self) -> None:
        """Return when no thread uses the disk any more."""
        if self._running is not None:
            await asyncio.wait({self._running})

    async def _run(self) -> None:
        covered = self._wanted
        await asyncio.get_running_loop().run_in_executor(None, self._sync)
        self._reached = covered
