"""What is read of forks, for networks whose head may move.

Most of it is the engine's own measure of its tree, so every replica with the same tree shows the same
numbers. Before the engine has started there is no tree, and nothing forks.
"""

from collections.abc import Callable

from consensus.fork_measures import ForkMeasures
from node.measures.readings import Reading, grows_a_tree
from node.measures.snapshot import Snapshot

BRANCHES_SHOWN_MAX = 8
"""Branches with a series of their own: the adopted one is 0, the heaviest of the others follow."""


def _measured(read: Callable[[ForkMeasures], float]) -> Callable[[Snapshot], float]:
    return lambda snapshot: 0.0 if snapshot.forks is None else read(snapshot.forks)


def _list_rates(snapshot: Snapshot) -> dict[str, float]:
    if snapshot.forks is None:
        return {}
    return {str(window): rate for window, rate in snapshot.forks.fork_rates.items()}


def _list_branches(snapshot: Snapshot) -> dict[str, float]:
    if snapshot.forks is None:
        return {}
    shown = snapshot.forks.branches[:BRANCHES_SHOWN_MAX]
    return {str(rank): branch.height for rank, branch in enumerate(shown)}


def _read_depth(snapshot: Snapshot) -> float:
    rules = snapshot.spec.tree
    assert rules is not None
    return rules.depth(snapshot.of.parameters)


FORKS = (
    Reading(
        "deepest_reorganisation_blocks",
        "Most blocks that one reorganisation has undone since the start.",
        _measured(lambda forks: max(forks.reorganisations, default=0)),
        when=grows_a_tree,
    ),
    Reading(
        "finality_depth_blocks",
        "Blocks that make the one below them final: no reorganisation may get so deep.",
        _read_depth,
        when=grows_a_tree,
    ),
    Reading(
        "stale_blocks",
        "Blocks that were good and can never come back.",
        _measured(lambda forks: forks.stale_blocks),
        when=grows_a_tree,
    ),
    Reading(
        "fork_rate",
        "Stale blocks among all, over the latest final heights.",
        _list_rates,
        "window",
        grows_a_tree,
    ),
    Reading(
        "branches",
        "Tips of the tree, the adopted one included.",
        _measured(lambda forks: len(forks.branches)),
        when=grows_a_tree,
    ),
    Reading(
        "branch_height",
        "Height of each branch; 0 is the adopted one.",
        _list_branches,
        "branch",
        grows_a_tree,
    ),
    Reading(
        "side_blocks",
        "Stored blocks beside the adopted branch.",
        lambda snapshot: len(snapshot.core.tree.side),
        when=grows_a_tree,
    ),
    Reading(
        "orphan_blocks",
        "Blocks that wait for their parent.",
        _measured(lambda forks: forks.orphans),
        when=grows_a_tree,
    ),
    Reading(
        "difficulty_hashes",
        "Hashes the next block takes on average.",
        _measured(lambda forks: forks.difficulty),
        when=grows_a_tree,
    ),
    Reading(
        "network_hash_rate",
        "Hashes a second, as the pace of the latest blocks says.",
        _measured(lambda forks: forks.hash_rate_per_s or 0),
        when=grows_a_tree,
    ),
    Reading(
        "block_interval_mean_seconds",
        "Mean time between the same blocks.",
        _measured(lambda forks: (forks.interval_ms or 0) / 1000),
        when=grows_a_tree,
    ),
    Reading(
        "time_to_finality_seconds",
        "Mean time from a block to the one that made it final.",
        _measured(lambda forks: (forks.finality_ms or 0) / 1000),
        when=grows_a_tree,
    ),
)
