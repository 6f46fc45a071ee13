"""One or several honest miners against an adversary."""

from fractions import Fraction

from consensus.simulation.cluster import Cluster
from consensus.simulation.forks import open_duel
from consensus.simulation.tree import BareTree

INTERVAL_MS = 10_000
STILL = {"interval_ms": INTERVAL_MS, "window": 1_000_000, "depth": 10_000, "resend_ms": 600_000}


def duel(share_permille: int, attack: str, *, seed: int = 0, **parameters: int) -> Cluster:
    """Host 0 is honest and host 1 attacks, with so much of all work."""
    share = Fraction(share_permille, 1_000)
    return open_duel("pow", share, attack, seed, {**STILL, **parameters})


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
