"""The mempool log: bodies that must survive a restart, written in synced batches.

A client is answered after its bodies are in; a vote leaves after the bodies of what it votes for
are. Both wait for the same writes: whatever came in since the last one goes in together.

A body stays while the mempool has it, and while a value in flight names it whatever the mempool
thinks of it: a vote for that value may be out, and after a cold start of all nodes nobody else may
have its bodies. For the same reason what no longer fits the mempool at a start is not removed but
*spared*, for as long as an engine may come back to it.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable

import structlog

from consensus.message import Height
from ledger.errors import StoreError
from ledger.mempool_log import forget_batch, load, log_batch
from ledger.store.store import Store
from ledger.transaction import Envelope
from node.metrics import Metrics
from node.stages import Stages
from node.tasks import OnFailure

_log = structlog.get_logger(__name__)

SPARED_HEIGHTS = 4_096
"""The widest window in which an engine of the catalog can be told to vote."""


class BodyLog:
    """Takes bodies on the event loop's thread and writes them on any.

    `is_needed(id)` tells whether a body still waits to be included. A block's own batch removes
    what it includes; what is written just after that is removed here. `on_failure` hears of the
    error that keeps a client's bodies from being written.
    """

    def __init__(
        self,
        store: Store,
        stages: Stages,
        metrics: Metrics,
        is_needed: Callable[[bytes], bool],
        on_failure: OnFailure,
    ) -> None:
        self._store = store
        self._stages = stages
        self._metrics = metrics
        self._is_needed = is_needed
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Envelope] = []
        self._added = 0
        self._durable = 0
        self._taking = threading.Lock()
        self._writing = threading.Lock()
        self._synced: asyncio.Future[None] | None = None
        self._spared: dict[bytes, Envelope] = {}
        self._spared_to: Height = 0
        self._is_closed = False

    def add(self, envelopes: Iterable[Envelope]) -> None:
        """To be written with the next sync."""
        with self._taking:
            before = len(self._waiting)
            self._waiting.extend(envelopes)
            self._added += len(self._waiting) - before

    async def sync(self) -> None:
        """Return when all that was added before is durable; calls that meet share one write.

        Raises `StoreError` where the disk fails; then nothing was promised.
        """
        wanted = self._added
        while self._durable < wanted:  # a write that runs may have begun before ours came
            if self._synced is None or self._synced.done():  # awaiting a done one would spin
                self._synced = self._loop.run_in_executor(None, self.write)
                self._synced.add_done_callback(self._end_sync)
            await asyncio.shield(self._synced)

    def write(self) -> None:
        """Make durable what was added so far, also what another thread is writing just now.

        Raises `StoreError`; what could not be written goes with the next attempt.
        """
        with self._writing:
            with self._taking:
                taken, self._waiting = self._waiting, []
                reached = self._added
            if not taken:
                return
            try:
                with self._stages.measure("mempool-log"), self._metrics.mempool_sync.time():
                    self._store.write(log_batch(taken), sync=True)
            except BaseException:
                with self._taking:
                    self._waiting[:0] = taken
                raise
            self._durable = reached
        self._loop.call_soon_threadsafe(self._remove_unneeded, taken)

    def forget(self, ids: Iterable[bytes]) -> None:
        """Take what left the mempool, or a value, out of the log, unless it is still needed."""
        gone = [id_ for id_ in ids if id_ not in self._spared and not self._is_needed(id_)]
        if gone:
            self._store.write(forget_batch(gone))

    def load(self) -> list[Envelope]:
        """What the log held at the start, an account's transactions in order."""
        return sorted(load(self._store), key=lambda envelope: envelope.transaction.nonce)

    def spare(self, envelopes: Iterable[Envelope], height: Height) -> None:
        """Keep what the mempool did not take back at the start; the ledger stands at `height`."""
        self._spared = {envelope.id: envelope for envelope in envelopes}
        self._spared_to = height + SPARED_HEIGHTS

    def recall(self, id_: bytes) -> Envelope | None:
        """A spared body."""
        return self._spared.get(id_)

    def on_applied(self, height: Height) -> None:
        """Spare nothing any longer when no vote of before the start can matter."""
        if self._spared and height >= self._spared_to:
            spared, self._spared = self._spared, {}
            self.forget(spared)

    def close(self) -> None:
        """Write what waits and is still needed, and let no thread use the store after this."""
        with self._taking:
            self._waiting = [one for one in self._waiting if self._is_needed(one.id)]
        try:
            self.write()
        except StoreError as error:
            _log.error("bodies could not be written", detail=str(error))
        self._is_closed = True

    def _end_sync(self, done: asyncio.Future[None]) -> None:
        if self._synced is done:
            self._synced = None
        if not done.cancelled() and (error := done.exception()):  # whoever waited has it too
            self._on_failure(error)

    def _remove_unneeded(self, written: list[Envelope]) -> None:
        if not self._is_closed:
            self.forget(envelope.id for envelope in written)
