"""The peer layer's hooks, counted for Prometheus."""

from prometheus_client import Counter

from node.metrics import Metrics
from node.peers.metrics import PeerMetrics
from node.wire import Lane


class CountedPeers(PeerMetrics):
    """Hands every hook on to `metrics`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._series: dict[tuple[str, str], tuple[Counter, Counter]] = {}

    def frame_in(self, kind: str, size_bytes: int) -> None:
        """A well-formed frame came."""
        self._count("in", kind, size_bytes)

    def frame_out(self, kind: str, size_bytes: int) -> None:
        """A frame was handed to the transport."""
        self._count("out", kind, size_bytes)

    def _count(self, direction: str, kind: str, size_bytes: int) -> None:
        """Looked up once per kind, for this is called for every frame."""
        key = direction, kind
        if (found := self._series.get(key)) is None:
            metrics = self._metrics
            found = metrics.peer_frames.labels(*key), metrics.peer_bytes.labels(*key)
            self._series[key] = found
        frames, sizes = found
        frames.inc()
        sizes.inc(size_bytes)

    def frame_dropped(self, lane: Lane, count: int) -> None:
        """A queue was full."""
        self._metrics.peer_frames_dropped.labels(lane.name.lower()).inc(count)

    def refused(self, reason: str) -> None:
        """A connection or a frame was refused."""
        self._metrics.peer_refusals.labels(reason).inc()

    def dial_failed(self, reason: str) -> None:
        """A call did not end in a link."""
        self._metrics.peer_dial_failures.labels(reason).inc()

    def banned(self) -> None:
        """A peer was shut out."""
        self._metrics.peer_bans.inc()

    def link_up(self) -> None:
        """A link was made."""
        self._metrics.peer_links.labels("up").inc()

    def link_down(self, reason: str) -> None:
        """A link ended."""
        del reason
        self._metrics.peer_links.labels("down").inc()

    def request_done(self, kind: str, outcome: str, seconds: float) -> None:
        """A request of ours came to an end."""
        self._metrics.peer_request_seconds.labels(kind).observe(seconds)
        self._metrics.peer_requests.labels(kind, outcome).inc()
