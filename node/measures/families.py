"""Makes families of metrics in Prometheus's conventions; where nothing is counted, silent ones.

Every family is named `quorate_…`, counters end in `_total`, units are base units. A labelled family
shows its whole closed set from the start, so that a rate over it is a number before anything happened.
"""

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

PREFIX = "quorate_"

Labels = Mapping[str, Iterable[str]]
"""Each label, in order, with all values that are known beforehand."""


class SilentCounter(Counter):
    """Counts nothing and is shown nowhere."""

    def labels(self, *_values: object, **_named: object) -> "SilentCounter":
        """Itself, whatever the labels."""
        return self

    def inc(self, amount: float = 1, exemplar: dict[str, str] | None = None) -> None:
        """Forget it."""


class SilentHistogram(Histogram):
    """Measures nothing and is shown nowhere."""

    def labels(self, *_values: object, **_named: object) -> "SilentHistogram":
        """Itself, whatever the labels."""
        return self

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        """Forget it."""


class Families:
    """Makes the families of `registry`; if it is not `is_counting` they are silent."""

    def __init__(self, registry: CollectorRegistry, *, is_counting: bool = True) -> None:
        self.registry = registry
        self.is_counting = is_counting

    def gauge(self, name: str, text: str) -> Gauge:
        """A value that goes up and down, set where it changes."""
        return Gauge(PREFIX + name, text, registry=self.registry if self.is_counting else None)

    def counter(
        self, name: str, text: str, labels: Labels | None = None, *, exists: bool = True
    ) -> Counter:
        """What only grows; `name` ends in `_total`. One that does not exist here is silent."""
        closed = labels or {}
        if not (self.is_counting and exists):
            return SilentCounter(PREFIX + name, text, tuple(closed), registry=None)
        made = Counter(PREFIX + name, text, tuple(closed), registry=self.registry)
        expose(made, closed)
        return made

    def histogram(
        self,
        name: str,
        text: str,
        bounds: Sequence[float],
        labels: Labels | None = None,
        *,
        exists: bool = True,
    ) -> Histogram:
        """How values are spread, observed one by one."""
        closed = labels or {}
        full, names, buckets = PREFIX + name, tuple(closed), tuple(bounds)
        if not (self.is_counting and exists):
            return SilentHistogram(full, text, names, buckets=buckets, registry=None)
        made = Histogram(full, text, names, buckets=buckets, registry=self.registry)
        expose(made, closed)
        return made

    def bulk(self, name: str, text: str, bounds: Sequence[float]) -> "BulkHistogram":
        """How values are spread, observed batch by batch."""
        registry = self.registry if self.is_counting else None
        return BulkHistogram(PREFIX + name, text, bounds, registry)


def expose(family: Counter | Histogram, labels: Labels) -> None:
    """Show every combination of what is known beforehand; nothing, where a label is open."""
    for values in itertools.product(*labels.values()) if labels else ():
        family.labels(*values)


class BulkHistogram(Collector):
    """A histogram filled batch by batch: a tenth of the cost of one `observe` per value.

    Used from one thread, the event loop's, which also serves the scrape. Without a registry nothing
    is kept.
    """

    def __init__(
        self, name: str, text: str, bounds: Sequence[float], registry: CollectorRegistry | None
    ) -> None:
        self._name = name
        self._text = text
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
        self._is_counting = registry is not None
        if registry is not None:
            registry.register(self)

    @property
    def bounds(self) -> tuple[float, ...]:
        """The upper bounds of all buckets but the last, which has none."""
        return self._bounds

    @property
    def counts(self) -> tuple[int, ...]:
        """How many values each bucket holds, not cumulative."""
        return tuple(self._counts)

    def observe_many(self, values: Sequence[float]) -> None:
        """Record every value; a value equal to a bound falls under it."""
        if not self._is_counting:
            return
        counts, bounds = self._counts, self._bounds
        for value in values:
            counts[bisect_left(bounds, value)] += 1
        self._sum += sum(values)

    def collect(self) -> Iterator[Metric]:
        """The family as a scrape shows it: cumulative buckets up to infinity."""
        names = [*(repr(float(bound)) for bound in self._bounds), "+Inf"]
        buckets = list(zip(names, map(float, accumulate(self._counts)), strict=True))
        family = HistogramMetricFamily(self._name, self._text)
        family.add_metric([], buckets=buckets, sum_value=self._sum)
        yield family

    def describe(self) -> Iterator[Metric]:
        """The family's name and kind, so that a second one of that name is refused."""
        yield HistogramMetricFamily(self._name, self._text)
