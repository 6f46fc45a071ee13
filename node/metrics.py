"""Everything a node measures, in Prometheus's conventions: base units, `_total` on counters.

One `Metrics` per node object with a registry of its own, so that several nodes can live in one
process. Labels take values from closed sets only (kinds of frames, reasons, route templates), never
a stranger's text, so the number of series is bounded.

Cost: about a microsecond per call. Count per batch (`inc(n)`), never per transaction in a hot loop;
the latencies of a block go in at once with `observe_many`.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

BLOCK_INTERVAL_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BLOCK_TRANSACTIONS_BUCKETS = (0, 1, 10, 50, 100, 250, 500, 1000, 2000, 5000, 10000)
LATENCY_BUCKETS_S = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60)
WORK_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
BATCH_BUCKETS = (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500)


class Metrics:
    """The metrics of one node, each as an attribute; `registry` serves them at `/metrics`."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry() if registry is None else registry
        self._define_chain()
        self._define_transactions()
        self._define_mempool()
        self._define_peers()
        self._define_engine()
        self._define_work()
        self._define_http()
        self._define_events()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"quorate_{name}", text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"quorate_{name}", text, labels, registry=self.registry)

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(f"quorate_{name}", text, labels, buckets=buckets, registry=self.registry)

    def _define_chain(self) -> None:
        self.head_height = self._gauge("head_height", "Height of the head block.")
        self.final_height = self._gauge("final_height", "Height of the last irreversible block.")
        self.certified_height = self._gauge(
            "certified_height", "Last height whose block id a quorum has signed."
        )
        self.block_interval = self._histogram(
            "block_interval_seconds",
            "Time between two successive blocks becoming final here.",
            BLOCK_INTERVAL_BUCKETS_S,
        )
        self.block_transactions = self._histogram(
            "block_transactions",
            "Transactions executed per block.",
            BLOCK_TRANSACTIONS_BUCKETS,
        )

    def _define_transactions(self) -> None:
        self.transactions = self._counter(
            "transactions_total",
            "Transactions that reached an outcome: final, failed, skipped or dropped.",
            "outcome",
        )
        self.submissions = self._counter(
            "submissions_total",
            "Transactions submitted here, by answer: accepted, known or rejected.",
            "outcome",
        )
        self.submit_to_final = BulkHistogram(
            "quorate_submit_to_final_seconds",
            "Time from the acceptance of a transaction here to its final block here.",
            LATENCY_BUCKETS_S,
            self.registry,
        )
        for outcome in ("final", "failed", "skipped", "dropped"):
            self.transactions.labels(outcome)
        for outcome in ("accepted", "known", "rejected"):
            self.submissions.labels(outcome)

    def _define_mempool(self) -> None:
        self.mempool_transactions = self._gauge("mempool_transactions", "Pending transactions.")
        self.mempool_bytes = self._gauge("mempool_bytes", "Bytes of pending transactions.")
        self.mempool_oldest = self._gauge(
            "mempool_oldest_age_seconds", "Age of the oldest pending transaction; 0 when none."
        )
        self.mempool_rejections = self._counter(
            "mempool_rejections_total", "Transactions turned away, by reason.", "reason"
        )

    def _define_peers(self) -> None:
        self.peers = self._gauge("peers", "Connected peers.")
        self.peer_frames = self._counter(
            "peer_frames_total", "Frames exchanged with peers.", "direction", "kind"
        )
        self.peer_bytes = self._counter(
            "peer_bytes_total", "Bytes of frames exchanged with peers.", "direction", "kind"
        )
        self.peer_frames_dropped = self._counter(
            "peer_frames_dropped_total", "Outgoing frames a full queue gave up on.", "lane"
        )
        self.peer_refusals = self._counter(
            "peer_refusals_total", "Connections and frames of peers refused, by reason.", "reason"
        )

        self.peer_dial_failures = self._counter(
            "peer_dial_failures_total", "Calls to peers that did not end in a link.", "reason"
        )
        self.gossip_dropped = self._counter(
            "gossip_dropped_total", "Pushed transactions given up because too many waited."
        )
        self.peer_bans = self._counter("peer_bans_total", "Peers shut out for a while.")
        self.peer_links = self._counter("peer_links_total", "Links made and ended.", "change")
        self.peer_requests = self._counter(
            "peer_requests_total", "Requests to peers, by outcome.", "kind", "outcome"
        )

    def _define_engine(self) -> None:
        self.engine_view = self._gauge("engine_view", "The engine's view, ballot or round.")
        self.view_changes = self._counter(
            "engine_view_changes_total", "Views, ballots or rounds passed since the start."
        )
        self.engine_leads = self._gauge(
            "engine_leads", "1 while this validator leads, as far as its engine knows."
        )
        self.engine_messages = self._counter(
            "engine_messages_total", "Messages the engine said to other replicas, by kind.", "kind"
        )
        self.engine_ignored = self._counter(
            "engine_ignored_total", "Messages the engine refused, by refusal.", "refusal"
        )
        self.evidence = self._counter(
            "evidence_total", "Safety alarm: transferable proofs of misbehaviour of a validator."
        )
        self.divergence = self._gauge(
            "divergence", "Safety alarm: 1 when a quorum certified another block than ours."
        )

    def _define_work(self) -> None:
        self.journal_sync = self._histogram(
            "journal_sync_seconds", "Time of one synced journal write.", WORK_BUCKETS_S
        )
        self.mempool_sync = self._histogram(
            "mempool_sync_seconds", "Time of one synced write of the mempool log.", WORK_BUCKETS_S
        )
        self.execution = self._histogram(
            "block_execution_seconds",
            "Time to execute one block, store write included.",
            WORK_BUCKETS_S,
        )
        self.verification = self._histogram(
            "verification_seconds", "Time of one batch of signature checks.", WORK_BUCKETS_S
        )
        self.verification_batch = self._histogram(
            "verification_batch_size", "Signatures per batch of checks.", BATCH_BUCKETS
        )
        self.event_loop_lag = self._histogram(
            "event_loop_lag_seconds",
            "How late the event loop ran a callback that was due.",
            WORK_BUCKETS_S,
        )
        self.build = Info(
            "quorate_build", "Version and configuration of this node.", registry=self.registry
        )

    def _define_http(self) -> None:
        self.http_requests = self._counter(
            "http_requests_total", "Requests answered.", "route", "method", "status"
        )
        self.http_request_seconds = self._histogram(
            "http_request_seconds", "Time to answer a request.", WORK_BUCKETS_S, "route"
        )
        self.http_connections = self._gauge("http_connections", "Open HTTP connections.")

    def _define_events(self) -> None:
        self.event_subscribers = self._gauge(
            "event_subscribers", "Subscribers to this node's events."
        )
        self.events_sent = self._counter(
            "events_sent_total",
            "Events handed to subscribers' connections, by kind; once per subscriber.",
            "kind",
        )
        self.event_subscribers_dropped = self._counter(
            "event_subscribers_dropped_total",
            "Subscribers whose stream this node ended before they left, by reason.",
            "reason",
        )
        for reason in ("too-slow", "stalled", "cursor-too-old"):
            self.event_subscribers_dropped.labels(reason)


class BulkHistogram(Collector):
    """A histogram filled batch by batch: a tenth of the cost of one `observe` per value.

    Used from one thread, the event loop's, which also serves the scrape.
    """

    def __init__(
        self, name: str, text: str, bounds: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self._name = name
        self._text = text
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
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
