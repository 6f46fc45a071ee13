"""Targets over many windows: they follow the hash rate, and lies about time do not move them for long."""

from collections.abc import Callable

import msgspec
import pytest

from consensus.pow.block_tree import BlockTree, plant
from consensus.pow.compact import decode_compact
from consensus.pow.header_rules import compute_bits
from consensus.pow.parameters import Parameters, compute_first_hashes, compute_mean_hashes
from consensus.pow.work import compute_id
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality
from consensus.simulation.stage import Stage
from tests.consensus.pow.forge import ROOT, make_block

WHOLE = Parameters(interval_ms=1_000, window=16, drift_ms=5_000, simulated_work=1)
BITCOINS = msgspec.structs.replace(WHOLE, whole_window=0)
CHANGED_WINDOWS = 6
"""What a change by four takes at most, and then some."""

Tell = Callable[[BlockTree, int, int], int]
"""What a miner says of the time: of the tree, the height and the true time in milliseconds."""


def mine(parameters: Parameters, count: int, rate: float, tell: Tell) -> tuple[BlockTree, float]:
    """So many blocks, as fast as the mean says; the tree, and the mean time of the last window.

    `rate` is the hash rate, in what finds one block per interval at the first target.
    """
    tree, now_ms, marks = plant(ROOT, 0, parameters.first_bits), 0.0, [0.0]
    for height in range(1, count + 1):
        parent = tree.nodes[tree.chain[-1]]
        bits = compute_bits(tree, parent, parameters)
        share = compute_mean_hashes(bits) / compute_first_hashes(parameters)
        now_ms += parameters.interval_ms * share / rate
        earliest = tree.compute_median_time_ms(parent.block_id) + 1
        time_ms = max(tell(tree, height, round(now_ms)), earliest)
        assert time_ms <= now_ms + parameters.drift_ms + 1
        after_ms = time_ms - parent.header.time_ms
        block = make_block(tree, parent.block_id, parameters, after_ms=after_ms)
        block_id = compute_id(block.header)
        tree.add(block_id, block.header, bits, decode_compact(bits).magnitude)
        tree.store(block_id)
        tree.adopt(block_id)
        marks.append(now_ms)
    return tree, (marks[-1] - marks[-1 - parameters.window]) / parameters.window


def tell_truth(_tree: BlockTree, _height: int, now_ms: int) -> int:
    return now_ms


def warp_time(_tree: BlockTree, height: int, now_ms: int) -> int:
    """The time-warp: as early as allowed, but for the last block of each window, as late as that."""
    return now_ms + 5_000 if height % 16 == 15 else 0


@pytest.mark.parametrize("rate", [0.25, 4.0, 0.5, 2.0, 64.0])
@pytest.mark.parametrize("parameters", [WHOLE, BITCOINS])
def test_the_interval_comes_back_whatever_the_hash_rate(
    parameters: Parameters, rate: float
) -> None:
    _, interval_ms = mine(parameters, 20 * parameters.window, rate, tell_truth)
    off_by_one = 1.0 if parameters.whole_window else parameters.window / (parameters.window - 1)
    assert interval_ms == pytest.approx(parameters.interval_ms * off_by_one, rel=0.01)


def test_a_time_warp_makes_blocks_come_ever_faster_under_bitcoins_window() -> None:
    """The hole is real: windows that do not overlap forget what one end borrowed from the next."""
    _, interval_ms = mine(BITCOINS, 12 * 16, 1.0, warp_time)
    assert interval_ms < BITCOINS.interval_ms / 50


def test_a_time_warp_gains_nothing_where_windows_touch() -> None:
    """All windows together are as long as the time since the first block, but for one drift."""
    _, interval_ms = mine(WHOLE, 40 * 16, 1.0, warp_time)
    assert interval_ms == pytest.approx(WHOLE.interval_ms, rel=0.02)


def grow(cluster: Cluster, blocks: int) -> float:
    """Milliseconds per block for the next ones."""
    started_ms, height = cluster.now_ms, cluster.hosts[0].height
    assert cluster.run_until(lambda: cluster.hosts[0].height >= height + blocks, 10**9)
    return (cluster.now_ms - started_ms) / blocks


@pytest.mark.parametrize(("permille", "first"), [(4_000, 0.25), (250, 4.0)])
def test_a_network_follows_a_hash_rate_that_changes_by_four(permille: int, first: float) -> None:
    """At first blocks come four times as fast, or slow; after some windows they are in time again."""
    parameters = {"interval_ms": 10_000, "window": 64, "depth": 1_000, "resend_ms": 60_000}
    cluster = make_cluster("pow", 3, seed=5, quality=Quality(5, 20), parameters=parameters)
    cluster.start()
    stage = Stage(cluster)
    grow(cluster, 3 * 64)
    for place in range(3):
        stage.do(f"work {place} {permille}")
    assert grow(cluster, 60) == pytest.approx(10_000 * first, rel=0.5)
    grow(cluster, CHANGED_WINDOWS * 64)
    assert grow(cluster, 10 * 64) == pytest.approx(10_000, rel=0.15)
