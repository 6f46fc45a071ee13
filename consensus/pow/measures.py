"""Forks, work and finality as a replica's tree shows them."""

from consensus.fork_measures import Branch, ForkMeasures
from consensus.pow.block_tree import BlockTree, Node
from consensus.pow.header_rules import compute_bits
from consensus.pow.parameters import compute_mean_hashes
from consensus.pow.replica import Replica
from consensus.pow.stale import HEIGHTS_MAX, StaleBlocks

WINDOWS = (100, HEIGHTS_MAX)
"""Final heights over which fork rates are told."""
PACE_BLOCKS = 100
"""Of how many blocks a pace is the mean."""
BRANCHES_MAX = 16
"""Tips told of: the heaviest."""


def compute_measures(replica: Replica) -> ForkMeasures:
    """All of it; the replica has started."""
    tree = replica.grown
    pace_ms = compute_interval_ms(tree)
    return ForkMeasures(
        branches=list_branches(tree),
        stale_blocks=replica.stale.total,
        fork_rates={w: compute_fork_rate(replica.stale, tree.final, w) for w in WINDOWS},
        reorganisations=dict(sorted(replica.reorganised.items())),
        orphans=len(replica.orphans.blocks),
        difficulty=compute_mean_hashes(compute_bits(tree, tree.head, replica.parameters)),
        hash_rate_per_s=compute_hash_rate(tree),
        interval_ms=pace_ms,
        finality_ms=compute_finality_ms(tree, replica.parameters.depth),
    )


def list_branches(tree: BlockTree) -> tuple[Branch, ...]:
    """The tips, as many as `BRANCHES_MAX`; what leaves the chain below the final block is none."""
    tips, waiting = [tree.head], [tree.final_id]
    while waiting:
        block_id = waiting.pop()
        above = [i for i in tree.children.get(block_id, ()) if i not in tree.outside]
        if not above and block_id != tree.head.block_id:
            tips.append(tree.nodes[block_id])
        waiting += above
    tips[1:] = sorted(tips[1:], key=lambda n: (-n.work, n.block_id))
    return tuple(describe_branch(tree, tip) for tip in tips[:BRANCHES_MAX])


def describe_branch(tree: BlockTree, tip: Node) -> Branch:
    """One of them."""
    return Branch(
        tip.block_id,
        tip.height,
        tree.find_fork(tip.block_id).height,
        tip.work,
        is_adopted=tip == tree.head,
        is_stored=tip.block_id in tree.connected,
    )


def compute_fork_rate(stale: StaleBlocks, final: int, window: int) -> float:
    """Stale blocks among all of the last final heights; 0 before there are any."""
    count = stale.count(final, window)
    blocks = count + min(final, window)
    return count / blocks if blocks else 0.0


def find_pace(tree: BlockTree) -> tuple[Node, int] | None:
    """The block from which the pace is measured, and the milliseconds since.

    The root is no start: a network may begin long after its genesis was written.
    """
    top = tree.head.height
    first = tree.nodes[tree.chain[max(top - PACE_BLOCKS, min(top, 1))]]
    elapsed_ms = tree.head.header.time_ms - first.header.time_ms
    return (first, elapsed_ms) if elapsed_ms > 0 else None


def compute_hash_rate(tree: BlockTree) -> float | None:
    """Hashes a second, as expected from the work of the latest blocks and the time they took."""
    if (pace := find_pace(tree)) is None:
        return None
    first, elapsed_ms = pace
    return (tree.head.work - first.work) * 1_000 / elapsed_ms


def compute_interval_ms(tree: BlockTree) -> float | None:
    """The mean time between the latest blocks."""
    if (pace := find_pace(tree)) is None:
        return None
    first, elapsed_ms = pace
    return elapsed_ms / (tree.head.height - first.height)


def compute_finality_ms(tree: BlockTree, depth: int) -> float | None:
    """The mean time for which the latest final blocks had to wait for it."""
    first = max(tree.final - PACE_BLOCKS, 0) + 1
    waits = [
        find_time_ms(tree, at + depth) - find_time_ms(tree, at)
        for at in range(first, tree.final + 1)
    ]
    return sum(waits) / len(waits) if waits else None


def find_time_ms(tree: BlockTree, height: int) -> int:
    """What the block of the chain at a height says of its time; the head's for one above it."""
    block_id = tree.chain[height] if height < len(tree.chain) else tree.chain[-1]
    return tree.nodes[block_id].header.time_ms
