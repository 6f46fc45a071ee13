"""Where the time goes: processor seconds per stage, so that a profile per transaction adds up.

Stages may nest: the time of an inner one counts there, not in the outer. Seconds are those of the thread that did the work (`time.thread_time`), not of
the clock on the wall, so that four nodes on two cores measure themselves rightly.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

NAMES = (
    "decode",
    "verify",
    "mempool",
    "mempool-log",
    "gossip",
    "propose",
    "engine",
    "votes",
    "coin",
    "execute",
    "state-tree",
    "store",
)
"""Every stage there is."""


class Stages(Collector):
    """Accumulated processor seconds by stage name; may be used from several threads."""

    def __init__(
        self, registry: CollectorRegistry | None = None, *, is_counting: bool = True
    ) -> None:
        self._is_counting = is_counting
        self.seconds: dict[str, float] = dict.fromkeys(NAMES, 0.0)
        self._lock = threading.Lock()
        self._inner = threading.local()
        if registry is not None and is_counting:
            registry.register(self)

    def measure(self, stage: str) -> AbstractContextManager[None]:
        """Add what the body takes to `stage`, less what inner stages take."""
        return self._measure(stage) if self._is_counting else nullcontext()

    @contextmanager
    def _measure(self, stage: str) -> Iterator[None]:
        outer_inner_s: float = getattr(self._inner, "seconds", 0.0)
        self._inner.seconds = 0.0
        before = time.thread_time()
        try:
            yield
        finally:
            taken_s = time.thread_time() - before
            self.add(stage, taken_s - self._inner.seconds)
            self._inner.seconds = outer_inner_s + taken_s

    def add(self, stage: str, seconds: float) -> None:
        """Add `seconds` of processor time to `stage`."""
        with self._lock:
            self.seconds[stage] += seconds

    def collect(self) -> Iterator[Metric]:
        """The counter `quorate_stage_seconds_total{stage=…}`."""
        family = CounterMetricFamily(
            "quorate_stage_seconds",
            "Processor seconds spent per stage; stages do not overlap.",
            labels=["stage"],
        )
        for stage, seconds in self.seconds.items():
            family.add_metric([stage], seconds)
        yield family
