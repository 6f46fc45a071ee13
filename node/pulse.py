"""How fast a node has been: samples of its own counters over the last minutes and the last day.

Two rings, each with a fixed number of samples, so a node that runs for a year keeps as much as one
that runs for an hour. A sample costs some ten microseconds, once a second.
"""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import accumulate

import msgspec


class Span(StrEnum):
    """How far back a series goes; the value is the text clients use."""

    MINUTES = "10m"
    """600 samples, one a second."""
    DAY = "24h"
    """1,440 samples, one a minute."""


PERIODS_MS = {Span.MINUTES: 1_000, Span.DAY: 60_000}
SAMPLES_MAX = {Span.MINUTES: 600, Span.DAY: 1_440}


class Reading(msgspec.Struct, frozen=True):
    """A node's totals since its start, at one moment.

    `latencies` counts submit-to-final times by bucket, one more than there are `bounds_s`.
    """

    height: int
    final_height: int
    pending: int
    transactions: int
    latencies: tuple[int, ...]
    bounds_s: tuple[float, ...]


class Sample(msgspec.Struct, frozen=True):
    """What happened in the period that ended at `at_ms` (Unix time).

    Rates are per second. `p50_ms` and `p95_ms` are of submit-to-final times here, None where no
    transaction that a client gave to this node became final.
    """

    at_ms: int
    height: int
    final_height: int
    pending: int
    transactions_per_s: float
    blocks_per_s: float
    p50_ms: float | None
    p95_ms: float | None


class _Ring:
    def __init__(self, span: Span) -> None:
        self.period_ms = PERIODS_MS[span]
        self.samples: deque[Sample] = deque(maxlen=SAMPLES_MAX[span])
        self._last: tuple[int, Reading] | None = None

    def is_due(self, now_ms: int) -> bool:
        return self._last is None or now_ms - self._last[0] >= self.period_ms

    def take(self, now_ms: int, wall_ms: int, reading: Reading) -> None:
        if self._last is not None:
            then_ms, before = self._last
            self.samples.append(compute_sample(wall_ms, now_ms - then_ms, before, reading))
        self._last = (now_ms, reading)


class Pulse:
    """Takes samples when it is told of time; `read` gives the totals."""

    def __init__(
        self,
        read: Callable[[], Reading],
        clock_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._read = read
        self._clock_ms = clock_ms
        self._wall_ms = wall_ms
        self._rings = {span: _Ring(span) for span in Span}

    def beat(self) -> None:
        """Take the samples that are due; call it more often than once a second."""
        now_ms = self._clock_ms()
        if due := [ring for ring in self._rings.values() if ring.is_due(now_ms)]:
            reading, wall_ms = self._read(), self._wall_ms()
            for ring in due:
                ring.take(now_ms, wall_ms, reading)

    def list_samples(self, span: Span) -> list[Sample]:
        """Oldest first."""
        return list(self._rings[span].samples)


def compute_sample(at_ms: int, elapsed_ms: int, before: Reading, now: Reading) -> Sample:
    """What happened between two readings; never negative, also where the head went back."""
    seconds = elapsed_ms / 1000
    counts = [new - old for new, old in zip(now.latencies, before.latencies, strict=True)]
    return Sample(
        at_ms=at_ms,
        height=now.height,
        final_height=now.final_height,
        pending=now.pending,
        transactions_per_s=max(0, now.transactions - before.transactions) / seconds,
        blocks_per_s=max(0, now.final_height - before.final_height) / seconds,
        p50_ms=compute_quantile_ms(0.50, counts, now.bounds_s),
        p95_ms=compute_quantile_ms(0.95, counts, now.bounds_s),
    )


def compute_quantile_ms(
    quantile: float, counts: Sequence[int], bounds_s: Sequence[float]
) -> float | None:
    """A quantile from counts by bucket, by a straight line within its bucket; None of nothing.

    What lies above the last bound counts as that bound, as Prometheus does it.
    """
    totals = list(accumulate(counts))
    if not totals or not totals[-1]:
        return None
    wanted = quantile * totals[-1]
    bucket = bisect_left(totals, wanted)
    if bucket >= len(bounds_s):
        return bounds_s[-1] * 1000
    low = bounds_s[bucket - 1] if bucket else 0.0
    below = totals[bucket - 1] if bucket else 0
    return (low + (bounds_s[bucket] - low) * (wanted - below) / counts[bucket]) * 1000
