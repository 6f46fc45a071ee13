"""Batches that are durable when whoever wrote them goes on; those that meet share one sync.

Each batch is synced itself, not by an empty one after it: when LevelDB has changed to a new log in
between, syncing that one says nothing of the old one's end.
"""

import asyncio

from ledger.store.store import Batch, Store


class SyncedWrites:
    """Writes in a thread, one merged batch at a time, in the order of the calls."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting = Batch()
        self._wanted = 0
        self._reached = 0
        self._running: asyncio.Task[None] | None = None

    async def write(self, batch: Batch) -> None:
        """Return when the batch is durable; raises `StoreError` where the disk fails."""
        self._waiting.extend(batch.writes)
        self._wanted += 1
        wanted = self._wanted
        while self._reached < wanted:
            if self._running is None or self._running.done():
                self._running = asyncio.create_task(self._run(), name="synced-write")
            await asyncio.shield(self._running)

    async def close(self) -> None:
        """Return when no thread uses the disk any more."""
        if self._running is not None:
            await asyncio.wait({self._running})

    async def _run(self) -> None:
        taken, self._waiting = self._waiting, Batch()
        covered = self._wanted
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, lambda: self._store.write(taken, sync=True))
        self._reached = covered
