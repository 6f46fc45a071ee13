"""Where the time goes: processor seconds per stage, so that a profile per transaction adds up.

Stages may nest: the time of an inner one counts there, not in the outer. Of those that come with
every message a part is measured, at random, and counted for all. Seconds are those of the thread that
did the work (`time.thread_time`), not of the clock on the wall, so that four nodes on two cores measure
themselves rightly.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

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
FREQUENT = frozenset({"engine", "votes"})
"""A few microseconds each, with every message: asking the clock each time would cost a percent."""
ONE_IN = 8
"""So many of the frequent ones are measured, and stand for the others."""


class _Tally(threading.local):
    """One thread's seconds by stage, and what inner stages took within the one it is in."""

    def __init__(self, tallies: list[dict[str, float]]) -> None:
        self.seconds = dict.fromkeys(NAMES, 0.0)
        self.inner_s = 0.0
        tallies.append(self.seconds)


class _Span:
    """A stage while it lasts; an object, since a generator for each would cost three times as much."""

    __slots__ = ("_before", "_outer_inner_s", "_stage", "_tally", "_weight")

    def __init__(self, tally: _Tally, stage: str, weight: int) -> None:
        self._tally = tally
        self._stage = stage
        self._weight = weight

    def __enter__(self) -> None:
        tally = self._tally
        self._outer_inner_s = tally.inner_s
        tally.inner_s = 0.0
        self._before = time.thread_time()

    def __exit__(self, *_: object) -> None:
        taken_s = time.thread_time() - self._before
        tally = self._tally
        tally.seconds[self._stage] += (taken_s - tally.inner_s) * self._weight
        tally.inner_s = self._outer_inner_s + taken_s


class Stages(Collector):
    """Accumulated processor seconds by stage name; may be used from several threads."""

    def __init__(
        self, registry: CollectorRegistry | None = None, *, is_counting: bool = True
    ) -> None:
        self._is_counting = is_counting
        self._tallies: list[dict[str, float]] = []
        self._tally = _Tally(self._tallies)
        if registry is not None and is_counting:
            registry.register(self)

    @property
    def seconds(self) -> dict[str, float]:
        """Of all threads together."""
        return {name: sum(tally[name] for tally in list(self._tallies)) for name in NAMES}

    def measure(self, stage: str) -> AbstractContextManager[None]:
        """Add what the body takes to `stage`, less what inner stages take."""
        if not self._is_counting:
            return _NOTHING
        if stage not in FREQUENT:
            return _Span(self._tally, stage, 1)
        is_measured = random.random() * ONE_IN < 1  # noqa: S311 - no secret
        return _Span(self._tally, stage, ONE_IN) if is_measured else _NOTHING

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


_NOTHING = nullcontext()
