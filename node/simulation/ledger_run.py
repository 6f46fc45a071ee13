"""One seed on real ledgers, which are looked at closely when the run has ended."""

import msgspec

from consensus.simulation.cluster import Cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.request import Outcome, Request
from consensus.simulation.run import run_seed
from consensus.simulation.schedule import Violation
from node.simulation.ledger import LedgerApplication, make_ledgers
from node.simulation.ledger_checks import check_ledgers


def run_ledger_seed(request: Request, seed: int) -> Outcome:
    """Like `run_seed`, with a ledger below every engine; a run starts with fresh ledgers."""
    clusters: list[Cluster] = []
    outcome = run_seed(request, seed, make_ledgers(request.engine), prepare=clusters.append)
    if outcome.violation is not None:
        return outcome
    try:
        check_cluster(clusters[0])
    except ViolationError as error:
        broken = Violation(error.property_name, error.detail, outcome.sim_ms)
        return msgspec.structs.replace(outcome, violation=broken)
    return outcome


def check_cluster(cluster: Cluster) -> None:
    """Check the ledgers of all correct hosts, up or down; raises `ViolationError`."""
    ledgers = [host.application for host in cluster.correct]
    own = [ledger for ledger in ledgers if isinstance(ledger, LedgerApplication)]
    assert len(own) == len(ledgers)
    check_ledgers(own, cluster.committee)
