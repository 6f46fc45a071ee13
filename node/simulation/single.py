"""One run with everything written down: its trace, its diagram, what it was."""

import re
from dataclasses import dataclass

import msgspec

from consensus.simulation.cluster import Cluster
from consensus.simulation.diagram import draw_diagram
from consensus.simulation.request import Outcome, Request
from consensus.simulation.run import conclude
from consensus.simulation.schedule import Schedule
from consensus.simulation.swarm import draw_schedule
from consensus.simulation.trace import Trace
from consensus.simulation.trace_file import write_trace
from consensus.simulation.trace_header import Header
from node.simulation.worker import play


@dataclass(frozen=True, slots=True)
class Single:
    """A run, what became of it, and what happened in it."""

    schedule: Schedule
    outcome: Outcome
    header: Header
    trace: Trace

    def to_text(self) -> str:
        """The trace as a file holds it."""
        return write_trace(self.header, self.trace.entries)

    def draw(self, window: tuple[int, int] | None) -> str:
        """The diagram as a page; raises `DiagramError` when there is nothing or too much in it."""
        return draw_diagram(self.header, self.trace.entries, window=window)

    def describe(self, request: Request) -> Request:
        """The request with what was really run: a schedule brings its own engine and size."""
        return msgspec.structs.replace(
            request,
            engine=self.header.engine,
            nodes=self.header.nodes,
            application=self.schedule.application,
        )


def run_single(request: Request, seed: int, command: str) -> Single:
    """The run of a seed; `command` is what shows it again."""
    return run_schedule(draw_schedule(request, seed), seed, command)


def run_schedule(schedule: Schedule, seed: int, command: str) -> Single:
    """The run of a schedule; raises `ConsensusError` for words that mean nothing."""
    played = play(schedule, is_traced=True)
    cluster: Cluster = played.cluster
    assert cluster.trace is not None
    header = make_header(cluster, seed, command)
    return Single(schedule, conclude(seed, played), header, cluster.trace)


def read_seed(schedule: Schedule) -> int:
    """The seed in a cluster line, or what it is without one."""
    found = re.search(r" seed=([0-9]+)", schedule.cluster)
    return int(found[1]) if found else 0


def make_header(cluster: Cluster, seed: int, command: str) -> Header:
    """What a reader of the trace must know."""
    replicas = tuple(host.name for host in cluster.hosts.values())
    liars = cluster.history.byzantine
    return Header(
        cluster.spec.name,
        seed,
        len(cluster.addresses),
        command,
        tuple(place for place, host in cluster.hosts.items() if host.name in liars),
        () if replicas == tuple(cluster.hosts) else replicas,
        cluster.trace.left_out if cluster.trace else 0,
    )
