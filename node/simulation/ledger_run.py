"""Schedules and seeds on real ledgers, which are looked at closely when the run has ended."""

import msgspec

from consensus.simulation.cluster import Cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.request import Outcome, Request
from consensus.simulation.run import conclude
from consensus.simulation.schedule import Played, Schedule, Violation, play_schedule
from consensus.simulation.swarm import draw_schedule
from consensus.simulation.trace import Trace
from node.simulation.ledger import LedgerApplication
from node.simulation.ledger_checks import check_ledgers
from node.simulation.ledgers import make_ledgers


def run_ledger_seed(request: Request, seed: int) -> Outcome:
    """Like `consensus.simulation.run.run_seed`, with a ledger below every engine."""
    return conclude(seed, play_ledgers(draw_schedule(request, seed)))


def trace_ledger_schedule(schedule: Schedule, seed: int = 0) -> tuple[Outcome, Trace]:
    """The same run with everything written down; the digest is the same."""
    played = play_ledgers(schedule, is_traced=True)
    return conclude(seed, played), played.cluster.trace


def play_ledgers(schedule: Schedule, *, is_traced: bool = False) -> Played:
    """Play a schedule on fresh ledgers; a mistake found in them is a violation like any other."""
    make_application = make_ledgers(read_engine(schedule))
    played = play_schedule(schedule, is_traced=is_traced, make_application=make_application)
    if played.violation is not None:
        return played
    cluster: Cluster = played.cluster
    try:
        check_cluster(cluster)
    except ViolationError as error:
        cluster.note_event(0, "violated", error.property_name, error.detail)
        violation = Violation(error.property_name, error.detail, cluster.now_ms)
        return msgspec.structs.replace(played, violation=violation)
    return played


def read_engine(schedule: Schedule) -> str:
    """The engine in a cluster line, `cluster ENGINE …`; empty if none is named."""
    return next(iter(schedule.cluster.split()[1:]), "")


def check_cluster(cluster: Cluster) -> None:
    """Check the ledgers of all correct hosts, up or down; raises `ViolationError`."""
    ledgers: dict[int, LedgerApplication] = {}
    for host in cluster.correct:
        assert isinstance(host.application, LedgerApplication)
        ledgers[host.name] = host.application
    forsaken = [ledgers[name] for name in cluster.history.forsaken & ledgers.keys()]
    check_ledgers(ledgers.values(), cluster.committee, forsaken)
