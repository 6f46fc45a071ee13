"""What engines say to each other, counted by kind: looked up once, so that a message costs little."""

from prometheus_client import Counter

from consensus.message import Message, name_kind
from node.metrics import Metrics


class EngineCounts:
    """Messages and their bytes, in and out."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._series: dict[tuple[str, str], tuple[Counter, Counter]] = {}

    def heard(self, message: Message, size_bytes: int) -> None:
        """A well-formed message came."""
        messages, sizes = self._find("in", name_kind(message))
        messages.inc()
        sizes.inc(size_bytes)

    def said(self, message: Message, size_bytes: int, receivers: int) -> None:
        """A message goes to so many."""
        messages, sizes = self._find("out", name_kind(message))
        messages.inc(receivers)
        sizes.inc(size_bytes * receivers)

    def _find(self, direction: str, kind: str) -> tuple[Counter, Counter]:
        key = direction, kind
        if (found := self._series.get(key)) is None:
            metrics = self._metrics
            found = metrics.engine_messages.labels(*key), metrics.engine_bytes.labels(*key)
            self._series[key] = found
        return found
