"""One or several honest miners against an adversary."""

from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality
from consensus.simulation.stage import Stage
from consensus.simulation.tree import BareTree

INTERVAL_MS = 10_000
STILL = {"interval_ms": INTERVAL_MS, "window": 1_000_000, "depth": 10_000, "resend_ms": 600_000}


def duel(share_permille: int, attack: str, *, seed: int = 0, **parameters: int) -> Cluster:
    """Host 0 is honest and host 1 attacks, with so much of all work."""
    cluster = make_cluster(
        "pow", 2, seed=seed, quality=Quality(1, 1), parameters={**STILL, **parameters}
    )
    cluster.start()
    stage = Stage(cluster)
    stage.do(f"work 0 {2 * (1_000 - share_permille)}")
    stage.do(f"work 1 {2 * share_permille}")
    stage.do(f"attack 1 {attack}")
    return cluster


def count_probe(cluster: Cluster, name: str, place: int = 1) -> int:
    """A counter of one host's engine."""
    return cluster.spec.account(cluster.hosts[place].engine).counters.get(name, 0)


def tree_of(cluster: Cluster, place: int = 0) -> BareTree:
    """The blocks that a host has stored."""
    application = cluster.hosts[place].application
    assert isinstance(application, BareTree)
    return application


def share_of(cluster: Cluster, miner: int, place: int = 0) -> float:
    """How much of a host's chain a miner has found."""
    blocks = tree_of(cluster, place).blocks
    return sum(block.values[0].startswith(b"%d/" % miner) for block in blocks) / len(blocks)
