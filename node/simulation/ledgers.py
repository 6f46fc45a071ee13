"""Real ledgers for simulated hosts, of the kind that an engine's contract asks for."""

from consensus import catalog
from consensus.simulation.application import MakeApplication
from node.simulation.ledger import LedgerApplication
from node.simulation.ledger_workload import Bodies, make_network
from node.simulation.tree_ledger import TreeLedgerApplication


def make_ledgers(engine: str) -> MakeApplication:
    """What makes the ledgers of one run, which share the bodies of all transactions.

    Use it for one run only: what an item becomes depends on the items that came before. Raises
    `UnknownEngineError`.
    """
    spec = catalog.get(engine)
    bodies = Bodies(make_network(spec.name))
    kind = LedgerApplication if spec.tree is None else TreeLedgerApplication
    return lambda _address: kind(bodies)
