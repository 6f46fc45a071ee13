"""The life of a transaction as this node saw it: submitted, final or dropped, and who waits."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import structlog

from ledger.apply import AppliedBlock
from ledger.mempool import Dropped
from ledger.transaction import Envelope
from node.metrics import Metrics

_log = structlog.get_logger(__name__)

SUBMITTED_MAX = 500_000
"""Submission times kept; beyond, the latency of the newest is not measured."""


class Lifecycle:
    """Measures submit-to-final for what clients gave to this node, and wakes those who wait."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._submitted: dict[bytes, float] = {}
        self._not_included: dict[bytes, float] = {}
        self._gossiped: dict[bytes, float] = {}
        self._waiters: dict[bytes, list[asyncio.Future[None]]] = defaultdict(list)
        self._started_at = time.monotonic()
        self.executed_at = self.final_at = self._started_at
        """When the last block was executed, or became final; the start before that."""
        self._is_closed = False
        self.final_count = 0
        """Transactions in final blocks since the start."""

    def on_admitted(self, envelopes: list[Envelope], source: bytes | None) -> None:
        """Date what came; latencies are measured for what a client submitted."""
        dates = self._submitted if source is None else self._gossiped
        if len(dates) >= SUBMITTED_MAX:
            return
        dated = dict.fromkeys((envelope.id for envelope in envelopes), time.monotonic())
        dates.update(dated)
        if source is None:
            self._not_included.update(dated)

    def on_applied(self, applied: AppliedBlock, dropped: list[Dropped]) -> None:
        """A block was decided: executed, and final at once."""
        self.on_executed(applied)
        self.on_final(applied.ids, sum(one.status == "failed" for one in applied.receipts))
        self.on_dropped(dropped)

    def on_executed(self, applied: AppliedBlock) -> None:
        """A block is on the adopted branch."""
        now, metrics = time.monotonic(), self._metrics
        self.executed_at = now
        metrics.blocks.inc()
        metrics.block_transactions.observe(len(applied.ids))
        metrics.block_size.observe(applied.size_bytes)
        metrics.transactions.labels("skipped").inc(len(applied.skipped))
        metrics.submit_to_included.observe_many(_take_ages(self._not_included, applied.ids, now))

    def on_final(self, ids: Sequence[bytes], failed: int) -> None:
        """A block is irreversible: count outcomes, measure latencies, wake waiters."""
        now, metrics = time.monotonic(), self._metrics
        interval_s, self.final_at = now - self.final_at, now
        metrics.block_interval.observe(interval_s)
        self.final_count += len(ids)
        _log.debug(
            "block final", transactions=len(ids), failed=failed, interval_ms=int(interval_s * 1000)
        )
        metrics.transactions.labels("final").inc(len(ids) - failed)
        metrics.transactions.labels("failed").inc(failed)
        metrics.submit_to_final.observe_many(_take_ages(self._submitted, ids, now))
        _take_ages(self._gossiped, ids, now)
        if self._waiters:
            self._wake(ids)

    def on_dropped(self, dropped: Sequence[Dropped]) -> None:
        """What left the mempool without a block."""
        self._metrics.transactions.labels("dropped").inc(len(dropped))
        for reason, count in Counter(drop.reason.value for drop in dropped).items():
            self._metrics.mempool_drops.labels(reason).inc(count)
        self._settle([drop.id for drop in dropped])

    def close(self) -> None:
        """Nobody waits any longer; what they waited for is as unsettled as it is."""
        self._is_closed = True
        self._wake(list(self._waiters))

    def _settle(self, ids: list[bytes]) -> None:
        for dates in (self._submitted, self._not_included, self._gossiped):
            for id_ in ids:
                dates.pop(id_, None)
        self._wake(ids)

    def age_ms(self, id_: bytes) -> int:
        """Milliseconds since `id_` came here, which waits; since the start for what waited before."""
        date = self._submitted.get(id_) or self._gossiped.get(id_, self._started_at)
        return int((time.monotonic() - date) * 1000)

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


def _take_ages(dates: dict[bytes, float], ids: Sequence[bytes], now: float) -> list[float]:
    """The ages of those that are dated; they are not dated any longer."""
    pop = dates.pop
    return [now - date for id_ in ids if (date := pop(id_, None)) is not None]
