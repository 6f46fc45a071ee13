"""The mempool log: bodies that must survive a restart, written in synced batches.

A client is answered after its bodies are in; a vote leaves after the bodies of what it votes for
are. Both wait for the same writes: whatever came in since the last one goes in together.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable

from ledger.mempool_log import forget_batch, load, log_batch
from ledger.store.store import Store
from ledger.transaction import Envelope
from node.metrics import Metrics
from node.stages import Stages


class BodyLog:
    """Takes bodies on the event loop's thread and writes them on any.

    `is_needed(id)` tells whether a body still waits to be included. A block's own batch removes
    what it includes; what is written just after that is removed here.
    """

    def __init__(
        self, store: Store, stages: Stages, metrics: Metrics, is_needed: Callable[[bytes], bool]
    ) -> None:
        self._store = store
        self._stages = stages
        self._metrics = metrics
        self._is_needed = is_needed
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Envelope] = []
        self._taking = threading.Lock()
        self._writing = threading.Lock()
        self._synced: asyncio.Future[None] | None = None

    def add(self, envelopes: Iterable[Envelope]) -> None:
        """To be written with the next sync."""
        with self._taking:
            self._waiting.extend(envelopes)

    async def sync(self) -> None:
        """Return when all that was added before is durable; calls that meet share one write.

        Raises `StoreError` where the disk fails; then nothing was promised.
        """
        while self._synced is not None:  # it may have taken its bodies before ours came
            await asyncio.shield(self._synced)
            if not self._waiting:
                return
        self._synced = self._loop.run_in_executor(None, self.write)
        self._synced.add_done_callback(self._end_sync)
        await asyncio.shield(self._synced)

    def write(self) -> None:
        """Make durable what was added so far, also what another thread is writing just now."""
        with self._writing:
            with self._taking:
                taken, self._waiting = self._waiting, []
            if not taken:
                return
            with self._stages.measure("mempool-log"), self._metrics.mempool_sync.time():
                self._store.write(log_batch(taken), sync=True)
        self._loop.call_soon_threadsafe(self._remove_unneeded, taken)

    def forget(self, ids: Iterable[bytes]) -> None:
        """Take what was dropped out of the log."""
        if len(batch := forget_batch(ids)):
            self._store.write(batch)

    def load(self) -> list[Envelope]:
        """What the log held at the start, an account's transactions in order."""
        return sorted(load(self._store), key=lambda envelope: envelope.transaction.nonce)

    def _end_sync(self, done: asyncio.Future[None]) -> None:
        self._synced = None
        if not done.cancelled():
            done.exception()  # whoever waited has it

    def _remove_unneeded(self, written: list[Envelope]) -> None:
        self.forget(envelope.id for envelope in written if not self._is_needed(envelope.id))
