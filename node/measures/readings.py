"""What is read when Prometheus asks, because it stands somewhere: one line each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from consensus.engine_spec import EngineSpec
from node.api.backend import NodeState
from node.diagnosis.diagnose import diagnose
from node.diagnosis.levels import compute_levels
from node.measures.families import PREFIX
from node.measures.snapshot import Snapshot, Sources

Value: TypeAlias = float | Mapping[str, float]
COUNTER_SUFFIX = "_total"


def always(_spec: EngineSpec) -> bool:
    """Whatever the engine."""
    return True


def has_views(spec: EngineSpec) -> bool:
    """Has somebody to lead, until there is a reason for another."""
    return bool(spec.causes)


def watches(spec: EngineSpec) -> bool:
    """Has a failure detector watch somebody."""
    return spec.silence_ms is not None


def answers_reads(spec: EngineSpec) -> bool:
    """Confirms linearizable reads."""
    return spec.reads


def tosses_coins(spec: EngineSpec) -> bool:
    """Tosses common coins, with some parameters at least."""
    return spec.needs_coin is not None


def decides(spec: EngineSpec) -> bool:
    """Is what it decides final at once."""
    return spec.tree is None


def grows_a_tree(spec: EngineSpec) -> bool:
    """Orders a tree of blocks."""
    return spec.tree is not None


@dataclass(frozen=True, slots=True)
class Reading:
    """One family: `read` gives its value, or one for each value of `label`.

    A name that ends in `_total` is a counter's, every other a gauge's. It exists for engines of
    which `when` holds.
    """

    name: str
    text: str
    read: Callable[[Snapshot], Value]
    label: str = ""
    when: Callable[[EngineSpec], bool] = always

    @property
    def full_name(self) -> str:
        """As Prometheus knows it."""
        return PREFIX + self.name

    @property
    def kind(self) -> str:
        """`counter` or `gauge`."""
        return "counter" if self.name.endswith(COUNTER_SUFFIX) else "gauge"

    def make_family(self, value: Value) -> Metric:
        """The family with its value, or values."""
        labels = [self.label] if self.label else []
        family: CounterMetricFamily | GaugeMetricFamily
        if self.kind == "counter":
            family = CounterMetricFamily(self.full_name, self.text, labels=labels)
        else:
            family = GaugeMetricFamily(self.full_name, self.text, labels=labels)
        rows = value if isinstance(value, Mapping) else {"": value}
        for label, number in rows.items():
            family.add_metric([label] if self.label else [], float(number))
        return family


class Scrape(Collector):
    """Reads a node for each scrape."""

    def __init__(
        self, readings: tuple[Reading, ...], sources: Sources, registry: CollectorRegistry
    ) -> None:
        self._readings = [one for one in readings if one.when(sources.core.spec)]
        self._sources = sources
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The names, without a look at the node."""
        for reading in self._readings:
            yield reading.make_family({})

    def collect(self) -> Iterator[Metric]:
        """All families, as the node is now."""
        snapshot = Snapshot(self._sources)
        for reading in self._readings:
            yield reading.make_family(reading.read(snapshot))


def mark(present: str, all_: tuple[str, ...]) -> dict[str, float]:
    """1 for what is, 0 for all that could be."""
    return {one: float(one == present) for one in all_}


def fill(counts: Mapping[str, int], all_: tuple[str, ...]) -> dict[str, float]:
    """What was counted, and 0 for all else that could be."""
    return dict.fromkeys(all_, 0.0) | {str(name): float(n) for name, n in counts.items()}


LEDGER = (
    Reading(
        "state",
        "1 for the state of this process, 0 for all others.",
        lambda s: mark(s.of.service.state.value, tuple(state.value for state in NodeState)),
        "state",
    ),
    Reading("head_height", "Height of the head block.", lambda s: s.core.chain.height),
    Reading(
        "final_height",
        "Height of the last irreversible block.",
        lambda s: s.core.chain.final_height,
    ),
    Reading(
        "certified_height",
        "Last height whose block id a quorum has signed; 0 where the engine certifies none.",
        lambda s: s.core.chain.certified_height,
    ),
    Reading(
        "head_age_seconds",
        "Time since the last block was executed here, or since the start.",
        lambda s: s.now - s.of.lifecycle.executed_at,
    ),
    Reading(
        "final_age_seconds",
        "Time since the last block became final here, or since the start.",
        lambda s: s.now - s.of.lifecycle.final_at,
    ),
    Reading(
        "catching_up",
        "1 while this node is far behind and fetches what it lacks.",
        lambda s: s.of.side.catch_up.is_catching_up,
    ),
    Reading(
        "behind_heights",
        "Heights by which peers that can be believed are ahead.",
        lambda s: max(s.of.side.catch_up.target() - s.core.chain.height, 0),
    ),
    Reading(
        "fetched_heights_total",
        "Heights that were fetched from peers and executed.",
        lambda s: s.of.side.catch_up.fetched_heights,
        when=decides,
    ),
    Reading(
        "block_transactions_max",
        "Most transactions that a block of this network may have.",
        lambda s: s.core.chain.genesis.limits.block_transactions_max,
    ),
    Reading(
        "block_size_bytes_max",
        "Most bytes of transactions that a block of this network may have.",
        lambda s: s.core.chain.genesis.limits.block_bytes_max,
    ),
    Reading(
        "decisions_waiting",
        "Decided heights that are not executed yet.",
        lambda s: s.of.side.orders.count_waiting(),
        when=decides,
    ),
    Reading(
        "bodies_missing",
        "Transactions of values known here that are not here themselves.",
        lambda s: s.of.side.orders.count_missing(),
    ),
    Reading(
        "bodies_asked_total",
        "Transactions that peers were asked for by id, each time.",
        lambda s: s.of.bodies.asked,
    ),
    Reading(
        "bodies_fetched_total",
        "Transactions that were wanted and that peers gave.",
        lambda s: s.of.bodies.fetched,
    ),
)

MEMPOOL = (
    Reading("mempool_transactions", "Pending transactions.", lambda s: s.core.mempool.count),
    Reading(
        "mempool_transactions_max",
        "Most transactions that may be pending.",
        lambda s: s.core.config.mempool.count_max,
    ),
    Reading("mempool_bytes", "Bytes of pending transactions.", lambda s: s.core.mempool.size_bytes),
    Reading(
        "mempool_bytes_max",
        "Most bytes of transactions that may be pending.",
        lambda s: s.core.config.mempool.size_bytes_max,
    ),
    Reading(
        "mempool_executable_transactions",
        "Pending transactions that the next block could have.",
        lambda s: s.core.mempool.executable_count,
    ),
    Reading(
        "mempool_oldest_age_seconds",
        "Time since the oldest pending transaction came here; 0 when none.",
        lambda s: (s.of.service.oldest_pending_ms() or 0) / 1000,
    ),
    Reading(
        "submissions_waiting",
        "Clients' transactions that wait to be looked at.",
        lambda s: s.of.admission.waiting,
    ),
    Reading(
        "gossip_waiting",
        "Transactions pushed by peers that wait to be looked at.",
        lambda s: s.of.gossip.waiting,
    ),
    Reading(
        "verification_backlog",
        "Signatures asked for and not verified yet.",
        lambda s: s.of.verifier.backlog,
    ),
)

PEERS = (
    Reading("peers", "Connected peers.", lambda s: len(s.connected)),
    Reading("members_expected", "Members of the committee but this one.", lambda s: len(s.others)),
    Reading(
        "members_connected",
        "Members of the committee but this one that are connected.",
        lambda s: sum(peer is not None for peer in s.others.values()),
    ),
    Reading(
        "members_heard",
        "Members of the committee that were heard in the last five seconds, this one included.",
        lambda s: s.count_heard(),
    ),
    Reading(
        "followers_connected",
        "Connected peers that are no members of the committee.",
        lambda s: len(s.connected) - sum(peer is not None for peer in s.others.values()),
    ),
    Reading(
        "member_connected",
        "1 for each other member of the committee that is connected, else 0.",
        lambda s: s.list_connected(),
        "member",
    ),
    Reading(
        "member_behind_heights",
        "Heights by which each connected member says to be behind this node.",
        lambda s: {
            name: max(s.core.chain.height - peer.status.height, 0)
            for name, peer in s.linked.items()
            if peer.status is not None
        },
        "member",
    ),
    Reading(
        "member_latency_seconds",
        "Last round trip to each connected member.",
        lambda s: {
            name: peer.latency_ms / 1000
            for name, peer in s.linked.items()
            if peer.latency_ms is not None
        },
        "member",
    ),
    Reading(
        "member_penalty_points",
        "What is held against each connected member; it decays, and 100 shut it out.",
        lambda s: {name: peer.score for name, peer in s.linked.items()},
        "member",
    ),
    Reading(
        "peer_penalty_points_max",
        "What is held against the worst of all connected peers.",
        lambda s: max((peer.score for peer in s.connected.values()), default=0.0),
    ),
    Reading("peers_banned", "Peers that are shut out now.", lambda s: s.of.peers.count_banned()),
    Reading(
        "peer_queue_frames",
        "Frames that wait to be sent, to all peers together.",
        lambda s: {lane.name.lower(): q.frames for lane, q in s.of.peers.measure_queues().items()},
        "lane",
    ),
    Reading(
        "peer_queue_bytes",
        "Bytes that wait to be sent, to all peers together.",
        lambda s: {lane.name.lower(): q.bytes for lane, q in s.of.peers.measure_queues().items()},
        "lane",
    ),
)

ENGINE = (
    Reading(
        "engine_view",
        "The engine's view, ballot or round.",
        lambda s: s.account.view,
        when=decides,
    ),
    Reading(
        "engine_leads",
        "1 while this validator leads, as far as its engine knows.",
        lambda s: s.core.me is not None and s.account.leader == s.core.me,
        when=has_views,
    ),
    Reading(
        "engine_view_changes_total",
        "Views or ballots that were left, by cause.",
        lambda s: fill(s.account.causes, s.spec.causes),
        "cause",
        has_views,
    ),
    Reading(
        "engine_events_total",
        "What the engine counts of its own course, by its own names.",
        lambda s: fill(s.account.counters, s.spec.counters),
        "event",
    ),
    Reading(
        "engine_phase",
        "1 for the engine's phase, 0 for all others.",
        lambda s: mark(s.account.phase, s.spec.phases),
        "phase",
    ),
    Reading(
        "engine_phase_age_seconds",
        "Time since the engine's phase, view or height last changed.",
        lambda s: s.of.service.look().phase_ms / 1000,
    ),
    Reading(
        "finding",
        "What the node finds of itself and its network, by code:"
        " 0 no, 1 worth knowing, 2 a warning, 3 a fault.",
        lambda s: compute_levels(diagnose(s.of.service.look())),
        "code",
    ),
    Reading(
        "engine_voices_needed",
        "Voices that the engine's present step takes.",
        lambda s: s.account.needed,
    ),
    Reading(
        "engine_voices_heard",
        "Voices that have been heard of those.",
        lambda s: len(s.account.heard),
    ),
    Reading(
        "engine_event_queue",
        "Events that wait for the engine.",
        lambda s: s.of.driver.queued,
    ),
    Reading(
        "engine_effects_withheld",
        "Effects that wait for a sync of the journal.",
        lambda s: s.of.driver.withheld,
    ),
    Reading("committee_size", "Members of the committee.", lambda s: s.core.committee.size),
    Reading(
        "committee_faults",
        "Members of the committee that may fail.",
        lambda s: s.core.committee.faults,
    ),
    Reading(
        "committee_quorum",
        "Members that have to take part for anything to be decided.",
        lambda s: s.spec.count_quorum(s.core.committee),
    ),
    Reading("is_member", "1 while this node belongs to the committee.", lambda s: s.is_member),
    Reading(
        "detector_suspicions_total",
        "Leaders that the failure detector began to suspect, by reason.",
        lambda s: dict(s.of.driver.detecting.suspicions),
        "reason",
        watches,
    ),
    Reading(
        "detector_corrections_total",
        "Suspicions that the failure detector took back.",
        lambda s: s.of.driver.detecting.corrections,
        when=watches,
    ),
    Reading(
        "detector_suspects",
        "1 while the failure detector suspects whom it watches.",
        lambda s: s.of.driver.detecting.is_suspecting,
        when=watches,
    ),
    Reading(
        "reads_waiting",
        "Linearizable reads that wait to be confirmed.",
        lambda s: 0 if s.of.side.reads is None else s.of.side.reads.waiting,
        when=answers_reads,
    ),
    Reading(
        "coins_open",
        "Common coins that were asked for and not seen yet.",
        lambda s: 0 if s.of.coins is None else len(s.of.coins.book.open),
        when=tosses_coins,
    ),
)

DISK = (
    Reading("journal_size_bytes", "Size of the engine's journal.", lambda s: s.disk.journal),
    Reading("database_size_bytes", "Size of the database's folder.", lambda s: s.disk.database),
    Reading("disk_free_bytes", "Free bytes where this node writes.", lambda s: s.disk.free),
    Reading("disk_size_bytes", "All bytes where this node writes.", lambda s: s.disk.size),
)
