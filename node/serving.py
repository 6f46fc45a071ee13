"""Which engines a node can host: those whose part of the contract it serves."""

from consensus import catalog
from consensus.engine_spec import Contract, EngineSpec

SERVED = frozenset({Contract.CHAIN, Contract.TREE})
ADVICE = "it runs in the simulator only, see `quorate simulate --help`"


def get_served(engine: str) -> EngineSpec:
    """The engine called `engine`; raises `UnknownEngineError`, or `ContractError` for the others."""
    spec = catalog.get(engine)
    catalog.check_contract(spec, SERVED, ADVICE)
    return spec
