"""The life of a transaction as this node saw it: submitted, final or dropped, and who waits."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ledger.apply import AppliedBlock
from ledger.mempool import Dropped
from ledger.transaction import Envelope
from node.metrics import Metrics
from node.stories import Stories, Turn

SUBMITTED_MAX = 500_000
"""Submission times kept; beyond, the latency of the newest is not measured."""


class Lifecycle:
    """Measures submit-to-final for what clients gave to this node, and wakes those who wait.

    `stories` remembers what happened; whoever orders transactions tells it the rest.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.stories = Stories()
        self._submitted: dict[bytes, float] = {}
        self._waiters: dict[bytes, list[asyncio.Future[None]]] = defaultdict(list)
        self._last_block_at = time.monotonic()
        self._is_closed = False
        self.settled = 0
        """Transactions in irreversible blocks since the start."""

    def on_admitted(self, envelopes: list[Envelope], source: bytes | None) -> None:
        """Date what a client submitted."""
        ids = [envelope.id for envelope in envelopes]
        self.stories.tell(ids, Turn.SUBMITTED if source is None else Turn.PENDING)
        if source is None and len(self._submitted) < SUBMITTED_MAX:
            now = time.monotonic()
            self._submitted.update(dict.fromkeys(ids, now))

    def on_applied(self, applied: AppliedBlock, dropped: list[Dropped]) -> None:
        """A block was decided: executed, and final at once."""
        self.on_executed(applied)
        self.on_final(applied.ids, sum(one.status == "failed" for one in applied.receipts))
        self.on_dropped(dropped)

    def on_executed(self, applied: AppliedBlock) -> None:
        """A block is on the adopted branch."""
        metrics = self._metrics
        metrics.block_transactions.observe(len(applied.ids))
        metrics.transactions.labels("skipped").inc(len(applied.skipped))

    def on_final(self, ids: Sequence[bytes], failed: int) -> None:
        """A block is irreversible: count outcomes, measure latencies, wake waiters."""
        now, metrics = time.monotonic(), self._metrics
        self.settled += len(ids)
        metrics.block_interval.observe(now - self._last_block_at)
        self._last_block_at = now
        metrics.transactions.labels("final").inc(len(ids) - failed)
        metrics.transactions.labels("failed").inc(failed)
        pop = self._submitted.pop
        dates = [date for id_ in ids if (date := pop(id_, None)) is not None]
        metrics.submit_to_final.observe_many([now - date for date in dates])
        if self._waiters:
            self._wake(ids)

    def on_dropped(self, dropped: Sequence[Dropped]) -> None:
        """What left the mempool without a block."""
        self._metrics.transactions.labels("dropped").inc(len(dropped))
        for drop in dropped:
            self.stories.tell((drop.id,), Turn.DROPPED, reason=drop.reason.value)
        self._settle([drop.id for drop in dropped])

    def on_displaced(self, ids: list[bytes]) -> None:
        """Others made way for a newcomer: replaced, or evicted."""
        self._metrics.transactions.labels("dropped").inc(len(ids))
        self.stories.tell(ids, Turn.DROPPED)
        self._settle(ids)

    def close(self) -> None:
        """Nobody waits any longer; what they waited for is as unsettled as it is."""
        self._is_closed = True
        self._wake(list(self._waiters))

    def _settle(self, ids: list[bytes]) -> None:
        for id_ in ids:
            self._submitted.pop(id_, None)
        self._wake(ids)

    def age_ms(self, id_: bytes) -> int:
        """Milliseconds since a client submitted `id_` here; 0 for what came from peers."""
        date = self._submitted.get(id_)
        return 0 if date is None else int((time.monotonic() - date) * 1000)

    async def wait(self, id_: bytes, timeout_s: float) -> None:
        """Return when `id_` settles, or after `timeout_s`, or when the node closes."""
        if self._is_closed:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[id_].append(future)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        except TimeoutError:
            return
        finally:
            self._leave(id_, future)

    def _leave(self, id_: bytes, future: asyncio.Future[None]) -> None:
        futures = self._waiters.get(id_, [])
        if future in futures:
            futures.remove(future)
        if not futures:
            self._waiters.pop(id_, None)

    def _wake(self, ids: Iterable[bytes]) -> None:
        for id_ in ids:
            for future in self._waiters.pop(id_, ()):
                if not future.done():
                    future.set_result(None)
