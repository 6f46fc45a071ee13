"""Everything a node counts, in Prometheus's conventions: base units, `_total` on counters.

One `Metrics` per node object with a registry of its own, so that several nodes can live in one
process. Labels take values from closed sets only (kinds of frames, reasons, route templates), never
a stranger's text, so the number of series is bounded. What need not be counted, because it stands
somewhere, is read at the scrape (`node.measures.readings`).

Cost: about a microsecond per call. Count per batch (`inc(n)`), never per transaction in a hot loop;
the latencies of a block go in at once with `observe_many`.
"""

import prometheus_client
from prometheus_client import CollectorRegistry, Info
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from consensus.engine_spec import EngineSpec
from consensus.message import list_kinds
from node.measures import labels
from node.measures.families import PREFIX, Families

BLOCK_INTERVAL_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BLOCK_TRANSACTIONS_BUCKETS = (0, 1, 10, 50, 100, 250, 500, 1000, 2000, 5000, 10000)
BLOCK_SIZE_BUCKETS_BYTES = (0, 1_000, 10_000, 50_000, 100_000, 250_000, 500_000, 1e6, 2e6, 4e6)
LATENCY_BUCKETS_S = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60)
WORK_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
BATCH_BUCKETS = (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500)
DEPTH_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 20, 50, 100)


class Metrics:
    """The counted metrics of one node, each as an attribute; `registry` serves all at `/metrics`.

    `spec` names what the engine may say; families that have no meaning for it do not exist. Without
    one, as in tests of parts, all exist, and those of the engine show what was counted only. If it
    is not `is_counting` nothing is.
    """

    def __init__(self, spec: EngineSpec | None = None, *, is_counting: bool = True) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.families = Families(self.registry, is_counting=is_counting)
        self._define_chain()
        self._define_transactions()
        self._define_peers()
        self._define_engine(spec)
        self._define_alarms()
        self._define_work()
        self._define_http()
        self._define_events()
        self._define_coins(exists=spec is None or spec.needs_coin is not None)
        self._define_reads(exists=spec is None or spec.reads)
        self._define_forks(exists=spec is None or spec.tree is not None)
        self.build = Info(
            f"{PREFIX}build", "Version and configuration of this node.", registry=self.registry
        )
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def _define_chain(self) -> None:
        make = self.families
        self.blocks = make.counter(
            "blocks_total", "Blocks executed here, those of a branch that was left included."
        )
        self.block_interval = make.histogram(
            "block_interval_seconds",
            "Time between two successive blocks becoming final here.",
            BLOCK_INTERVAL_BUCKETS_S,
        )
        self.block_transactions = make.histogram(
            "block_transactions", "Transactions executed per block.", BLOCK_TRANSACTIONS_BUCKETS
        )
        self.block_size = make.histogram(
            "block_size_bytes",
            "Bytes of the transactions executed per block.",
            BLOCK_SIZE_BUCKETS_BYTES,
        )
        self.execution = make.histogram(
            "block_execution_seconds",
            "Time to execute one block, or to move the head to another branch, store write included.",
            WORK_BUCKETS_S,
        )

    def _define_transactions(self) -> None:
        make = self.families
        self.transactions = make.counter(
            "transactions_total",
            "Transactions that reached an outcome: final, failed, skipped or dropped.",
            {"outcome": labels.OUTCOMES},
        )
        self.submissions = make.counter(
            "submissions_total",
            "Transactions submitted here, by answer: accepted, known or rejected.",
            {"outcome": labels.SUBMISSIONS},
        )
        self.submit_to_included = make.bulk(
            "submit_to_included_seconds",
            "Time from the acceptance of a transaction here to the first block with it here.",
            LATENCY_BUCKETS_S,
        )
        self.submit_to_final = make.bulk(
            "submit_to_final_seconds",
            "Time from the acceptance of a transaction here to its final block here.",
            LATENCY_BUCKETS_S,
        )
        self.mempool_rejections = make.counter(
            "mempool_rejections_total",
            "Transactions of clients and peers turned away, by reason.",
            {"source": labels.SOURCES, "reason": labels.REJECTIONS},
        )
        self.mempool_drops = make.counter(
            "mempool_drops_total",
            "Transactions that left the mempool without a block, by reason.",
            {"reason": labels.DROPS},
        )

    def _define_peers(self) -> None:
        make = self.families
        directed = {"direction": labels.DIRECTIONS, "kind": labels.KINDS_OF_FRAMES}
        self.peer_frames = make.counter(
            "peer_frames_total", "Frames exchanged with peers.", directed
        )
        self.peer_bytes = make.counter(
            "peer_bytes_total", "Bytes of frames exchanged with peers.", directed
        )
        self.peer_frames_dropped = make.counter(
            "peer_frames_dropped_total",
            "Outgoing frames a full queue gave up on.",
            {"lane": labels.LANES},
        )
        self.peer_refusals = make.counter(
            "peer_refusals_total",
            "Connections and frames of peers refused, by reason.",
            {"reason": labels.PEER_REFUSALS},
        )
        self.peer_dial_failures = make.counter(
            "peer_dial_failures_total",
            "Calls to peers that did not end in a link.",
            {"reason": labels.DIAL_FAILURES},
        )
        self.gossip_dropped = make.counter(
            "gossip_dropped_total", "Pushed transactions given up because too many waited."
        )
        self.peer_bans = make.counter("peer_bans_total", "Peers shut out for a while.")
        self.peer_links = make.counter(
            "peer_links_total", "Links made and ended.", {"change": labels.CHANGES_OF_LINKS}
        )
        self.peer_requests = make.counter(
            "peer_requests_total",
            "Requests to peers, by outcome.",
            {"kind": labels.KINDS_OF_REQUESTS, "outcome": labels.OUTCOMES_OF_REQUESTS},
        )
        self.peer_request_seconds = make.histogram(
            "peer_request_seconds",
            "Time of a request to a peer, whatever came of it.",
            WORK_BUCKETS_S,
            {"kind": labels.KINDS_OF_REQUESTS},
        )

    def _define_engine(self, spec: EngineSpec | None) -> None:
        make = self.families
        kinds = () if spec is None else list_kinds(spec.messages)
        directed = {"direction": labels.DIRECTIONS, "kind": kinds}
        self.engine_messages = make.counter(
            "engine_messages_total",
            "Messages between engines by kind; what is said to several counts once for each.",
            directed,
        )
        self.engine_bytes = make.counter(
            "engine_message_bytes_total", "Bytes of messages between engines.", directed
        )
        self.engine_ignored = make.counter(
            "engine_ignored_total",
            "Messages the engine refused, by refusal.",
            {"refusal": () if spec is None else spec.refusals},
        )

    def _define_alarms(self) -> None:
        make = self.families
        self.evidence = make.counter(
            "evidence_total", "Safety alarm: transferable proofs of misbehaviour of a validator."
        )
        self.divergence = make.gauge(
            "divergence",
            "Safety alarm: 1 when others agreed on another block than is final here.",
        )

    def _define_work(self) -> None:
        make = self.families
        self.journal_sync = make.histogram(
            "journal_sync_seconds", "Time of one synced journal write.", WORK_BUCKETS_S
        )
        self.mempool_sync = make.histogram(
            "mempool_sync_seconds", "Time of one synced write of the mempool log.", WORK_BUCKETS_S
        )
        self.verification = make.histogram(
            "verification_seconds", "Time of one batch of signature checks.", WORK_BUCKETS_S
        )
        self.verification_batch = make.histogram(
            "verification_batch_size", "Signatures per batch of checks.", BATCH_BUCKETS
        )
        self.event_loop_lag = make.histogram(
            "event_loop_lag_seconds",
            "How late the event loop ran a callback that was due.",
            WORK_BUCKETS_S,
        )

    def _define_http(self) -> None:
        make = self.families
        self.http_requests = make.counter(
            "http_requests_total",
            "Requests answered.",
            {"route": (), "method": (), "status": ()},
        )
        self.http_request_seconds = make.histogram(
            "http_request_seconds", "Time to answer a request.", WORK_BUCKETS_S, {"route": ()}
        )
        self.http_connections = make.gauge("http_connections", "Open HTTP connections.")

    def _define_events(self) -> None:
        make = self.families
        self.event_subscribers = make.gauge(
            "event_subscribers", "Subscribers to this node's events."
        )
        self.events_sent = make.counter(
            "events_sent_total",
            "Events handed to subscribers' connections, by kind; once per subscriber.",
            {"kind": labels.EVENTS},
        )
        self.event_subscribers_dropped = make.counter(
            "event_subscribers_dropped_total",
            "Subscribers whose stream this node ended before they left, by reason.",
            {"reason": labels.EVENT_DROPS},
        )

    def _define_reads(self, *, exists: bool) -> None:
        make = self.families
        self.reads = make.counter(
            "reads_total",
            "Linearizable reads: confirmed, or why not.",
            {"outcome": labels.READS},
            exists=exists,
        )
        self.read_seconds = make.histogram(
            "read_seconds",
            "Time until a linearizable read was confirmed.",
            WORK_BUCKETS_S,
            exists=exists,
        )

    def _define_coins(self, *, exists: bool) -> None:
        make = self.families
        self.coin_shares = make.counter(
            "coin_shares_total",
            "Shares of common coins heard from members: taken, or why not.",
            {"outcome": labels.COIN_SHARES},
            exists=exists,
        )
        self.coin_seconds = make.histogram(
            "coin_seconds",
            "Time from asking for a common coin to seeing it.",
            WORK_BUCKETS_S,
            exists=exists,
        )

    def _define_forks(self, *, exists: bool) -> None:
        make = self.families
        self.reorganisation_depth = make.histogram(
            "reorganisation_depth_blocks",
            "Blocks undone by each reorganisation of this ledger.",
            DEPTH_BUCKETS,
            exists=exists,
        )
        self.returned = make.counter(
            "transactions_returned_total",
            "Transactions that went back to the mempool.",
            exists=exists,
        )
        self.refuted = make.counter(
            "branches_refuted_total",
            "Branches with a block that could not be executed.",
            exists=exists,
        )
