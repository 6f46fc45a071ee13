"""What an engine costs, measured, beside what its formulas say: the good case, and a view change.

good case     A cluster at rest, one item given to all; until all have executed it.
view change   The same with the leader crashed just before, all else quiet. What the good case has
              no name for is the price of the change; the decision that follows it is not counted.

All delays are equal, so that nothing is said twice, and no chance is in the counts: of those who wait
for a drawn time before they would lead, one waits least and all others longest.
"""

from dataclasses import dataclass
from enum import Enum

import msgspec

from consensus import catalog
from consensus.committee import Committee
from consensus.engine_spec import Contract, EngineSpec
from consensus.errors import ConsensusError
from consensus.simulation.chance import Chance
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality
from consensus.simulation.meters import Reading, attach_meter
from consensus.simulation.scenario import SIZE_MAX

DELAY_MS = 5
ITEM = "item"


@dataclass(slots=True)
class Extreme(Chance):
    """Draws the least that it may, or the most."""

    is_least: bool = False

    def between(self, least: int, most: int) -> int:
        """See `Chance.between`."""
        return least if self.is_least else most


class MeasureError(ConsensusError):
    """Something that cannot be measured."""

    reason = "cannot-be-measured"


class Case(Enum):
    """What is measured."""

    GOOD = "good"
    VIEW_CHANGE = "view-change"


class Cost(msgspec.Struct, frozen=True):
    """One measurement and the formula for it, both by kind of message; zeros are left out.

    `delays` are the message delays that the engine claims for the good case; None in other cases, and
    for committees so small that they stand no fault: there, quorums come sooner.
    """

    case: Case
    engine: str
    nodes: int
    faults: int
    counted: dict[str, int]
    formula: dict[str, int]
    delays: int | None
    reading: Reading

    @property
    def is_equal(self) -> bool:
        """Do counts, and rounds if anything is claimed of them, equal the formulas exactly."""
        has_rounds = self.delays is None or self.reading.rounds == self.delays
        return self.counted == self.formula and has_rounds


def measure(case: Case, engine: str, nodes: int, faults: int | None = None) -> Cost:
    """One case; raises `ConsensusError` for what cannot be measured."""
    if case is Case.GOOD:
        return measure_good_case(engine, nodes, faults)
    return measure_view_change(engine, nodes, faults)


def measure_good_case(engine: str, nodes: int, faults: int | None = None) -> Cost:
    """One item from rest, nobody faulty; f is the most that the engine stands if not given."""
    cluster = open_quiet_cluster(engine, nodes, faults)
    model = cluster.spec.model
    reading = order_one_item(cluster)
    formula = drop_zeros(model.good_case_messages(nodes))
    faults = cluster.committee.faults
    delays = model.count_delays(faults) if faults else None
    return Cost(Case.GOOD, engine, nodes, faults, reading.messages, formula, delays, reading)


def measure_view_change(engine: str, nodes: int, faults: int | None = None) -> Cost:
    """One item from rest whose leader has crashed before it came."""
    cluster = open_quiet_cluster(engine, nodes, faults)
    if not cluster.committee.faults:
        raise MeasureError(f"f = 0 for {nodes} nodes: no leader of these may crash")
    crash_leader(cluster)
    model = cluster.spec.model
    reading = order_one_item(cluster)
    usual = model.good_case_messages(nodes)
    counted = {kind: count for kind, count in reading.messages.items() if kind not in usual}
    formula = drop_zeros(model.view_change_messages(nodes))
    faults = cluster.committee.faults
    return Cost(Case.VIEW_CHANGE, engine, nodes, faults, counted, formula, None, reading)


def open_quiet_cluster(engine: str, nodes: int, faults: int | None) -> Cluster:
    """A cluster at rest; raises `ConsensusError`, also for a size outside the engine's bound."""
    spec = catalog.get(engine)
    check_size(spec, nodes, faults)
    quality = Quality(DELAY_MS, DELAY_MS)
    cluster = make_cluster(engine, nodes, faults=faults, quality=quality)
    first_backup = min(nodes - 1, 1)
    for place, host in cluster.hosts.items():
        host.spread = Extreme(0, is_least=place == first_backup)
    cluster.start()
    cluster.run(spec.model.settling_ms(cluster.parameters, cluster.committee.faults))
    return cluster


def check_size(spec: EngineSpec, nodes: int, faults: int | None) -> None:
    """Refuse sizes that cannot be, and those that the engine's theorem does not cover."""
    if not 1 <= nodes <= SIZE_MAX:
        raise MeasureError(f"nodes is 1 to {SIZE_MAX}, not {nodes}")
    advice = "it is never at rest, so no message belongs to one item"
    catalog.check_contract(spec, {Contract.CHAIN}, advice)
    faults = spec.default_faults(nodes) if faults is None else faults
    catalog.check_configuration(spec, Committee.of(nodes, faults))


def crash_leader(cluster: Cluster) -> None:
    """Whoever leads now is gone."""
    first = cluster.hosts[0]
    leader = cluster.spec.account(first.engine).leader
    if leader is None:
        raise MeasureError(f"{cluster.spec.name} has no leader that could crash")
    cluster.crash(cluster.addresses[leader][0])


def order_one_item(cluster: Cluster) -> Reading:
    """What it costs until all that are up have executed one item."""
    meter = attach_meter(cluster)
    committee = cluster.committee
    bound_ms = cluster.spec.model.progress_bound_ms(
        cluster.parameters, committee.size, committee.faults, DELAY_MS
    )
    up = sum(host.is_up for host in cluster.correct)

    def is_done() -> bool:
        return len(meter.executed_ms) >= up and cluster.have_executed(ITEM)

    cluster.submit(ITEM)
    if not cluster.run_until(is_done, bound_ms):
        raise MeasureError(f"nothing was decided within the bound of {bound_ms} ms")
    return meter.read()


def drop_zeros(counts: dict[str, int]) -> dict[str, int]:
    """Kinds that occur, by name."""
    return {kind: count for kind, count in sorted(counts.items()) if count}
