"""Hosts of a cluster that begin to lie."""

from consensus.simulation.byzantine.behaviour import Behaviour, Liar
from consensus.simulation.byzantine.registry import make_behaviour
from consensus.simulation.cluster import Cluster
from consensus.simulation.signatures import make_sign

PATIENCE_MS = 500
PARAMETERS = {
    "timeout_ms": PATIENCE_MS,
    "timeout_max_ms": 8 * PATIENCE_MS,
    "idle_block_ms": 100,
    "resend_ms": 100,
}


def behave(cluster: Cluster, name: int, behaviour: str, *arguments: str) -> Behaviour:
    """Replica `name` lies from here on, as the behaviour of that name does."""
    liar = Liar(
        name=name,
        committee=cluster.committee,
        chance=cluster.chance.fork(f"liar/{name}"),
        sign=make_sign(name),
        patience_ms=PATIENCE_MS,
        forge_value=lambda height, n: f"{name}/{height}: forged{height}.{n}".encode(),
    )
    made = make_behaviour(behaviour, liar, arguments)
    cluster.behave(name, made)
    return made
