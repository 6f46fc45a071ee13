"""Runs whose every step is kept, for laws that hold of any engine at any moment."""

from dataclasses import dataclass, field
from typing import Any

from consensus import engine as contract
from consensus.effects import Effect
from consensus.engine import Engine, step
from consensus.events import Event
from consensus.model.links import Loss
from consensus.simulation import host as host_module
from consensus.simulation import reading
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality


@dataclass(frozen=True)
class Step:
    """An engine just before an event, the event, and what came of it."""

    replica: int
    before: Engine
    event: Event
    effects: list[Effect]
    records: tuple[Any, ...]
    """The journal before the step; then the headers of the blocks on disk, where there is a tree."""


@dataclass
class Recorder:
    """Stands between the hosts of a cluster and their engines."""

    cluster: Cluster
    steps: list[Step] = field(default_factory=list)

    def step(self, engine: Engine, event: Event) -> list[Effect]:
        host = next(h for h in self.cluster.hosts.values() if h.engine is engine)
        before = contract.clone(engine)
        effects = step(engine, event)
        on_disk = () if host.ledger is None else host.ledger.describe().headers
        records = (*host.journal.records, *on_disk)
        self.steps.append(Step(host.name, before, event, effects, records))
        return effects


NERVOUS = {
    "acs": {"checkpoint_interval": 2, "window": 4, "idle_block_ms": 600, "resend_ms": 300},
    "benor": {"checkpoint_interval": 4, "idle_block_ms": 100, "resend_ms": 80},
    "early": {"delta_ms": 60, "checkpoint_interval": 4, "idle_block_ms": 100},
    "floodset": {"delta_ms": 60, "checkpoint_interval": 4, "idle_block_ms": 100},
    "paxos": {
        "heartbeat_ms": 40,
        "silence_ms": 160,
        "election_ms": 60,
        "election_max_ms": 2_400,
        "idle_block_ms": 100,
        "resend_ms": 80,
    },
    "pbft": {"timeout_ms": 300, "idle_block_ms": 100, "resend_ms": 80},
    "pow": {"interval_ms": 250, "window": 8, "depth": 12, "resend_ms": 80},
}
"""Parameters under which much happens in little time."""


def record_run(engine: str, monkeypatch: Any, seed: int = 0, size: int = 4) -> Recorder:
    """A lossy run with a crashed primary, a restart and a partition."""
    parameters = NERVOUS[engine]
    quality = Quality(1, 25, loss_permille=60, duplicates_permille=60)
    cluster = make_cluster(engine, size, seed=seed, quality=quality, parameters=parameters)
    recorder = Recorder(cluster)
    monkeypatch.setattr(host_module, "step", recorder.step)
    cluster.start()
    cluster.submit("a")
    cluster.run(200)
    cluster.crash(0)
    cluster.submit("b")
    cluster.run(450)
    ask_all(cluster)
    cluster.run(450)
    cluster.restart(0)
    cluster.links.partition({0, 1}, {2, 3})
    cluster.submit("c")
    cluster.run(500)
    ask_all(cluster)
    cluster.links.heal()
    if cluster.spec.model.links.loss is Loss.RELIABLE:
        cluster.links.quality = Quality(1, 25)  # what it asks of its links, at last
    assert cluster.run_until(cluster.are_at_rest, 60_000)
    return recorder


def ask_all(cluster: Cluster) -> None:
    """Clients read everywhere, where the engine answers reads."""
    for host in cluster.hosts.values():
        if reading.can_read(host):
            reading.ask(host)
