"""What a replica tells of its branches: rates, paces and depths."""

import pytest

from consensus import catalog
from consensus.effects import Store
from consensus.fork_measures import ForkMeasures
from consensus.pow.engine import create
from consensus.pow.measures import BRANCHES_MAX
from consensus.pow.stale import HEIGHTS_MAX, StaleBlocks
from consensus.pow.work import compute_id
from tests.consensus.pow.forge import COMMITTEE, ROOT, SIMULATED, Bench, make_block


def measure(bench: Bench) -> ForkMeasures:
    rules = catalog.get("pow").tree
    assert rules is not None
    return rules.measure(bench.engine)


def test_before_the_first_block() -> None:
    found = measure(Bench())
    assert [b.height for b in found.branches] == [0]
    assert (found.stale_blocks, found.orphans, found.reorganisations) == (0, 0, {})
    assert set(found.fork_rates.values()) == {0.0}
    assert (found.hash_rate_per_s, found.interval_ms, found.finality_ms) == (None, None, None)
    assert found.difficulty == (1 << 20) + 1  # 2^256 over the first target, 0x0fffff·2^216


def test_branches_are_told_with_the_adopted_one_first() -> None:
    bench = Bench()
    [first, second, third] = bench.grow(3)
    [side] = bench.grow(1, first, miner=5)
    found = measure(bench)
    assert [b.tip for b in found.branches] == [third, side]
    adopted, other = found.branches
    assert (adopted.height, adopted.fork_height, adopted.is_adopted) == (3, 3, True)
    assert (other.height, other.fork_height, other.is_adopted, other.is_stored) == (
        2,
        1,
        False,
        True,
    )
    assert adopted.work - other.work == bench.tree.head.work - bench.tree.nodes[second].work


def test_no_more_branches_are_told_than_anybody_reads() -> None:
    bench = Bench()
    for miner in range(BRANCHES_MAX + 5):
        bench.grow(1, ROOT, miner=miner)
    assert len(measure(bench).branches) == BRANCHES_MAX


def test_reorganisations_are_counted_by_depth() -> None:
    bench = Bench()
    [one, *_] = bench.grow(3)
    bench.grow(3, one, miner=5)
    bench.engine.replica.late_blocks = 9
    bench.grow(5, ROOT, miner=6)
    assert measure(bench).reorganisations == {2: 1, 4: 1}


def test_what_can_never_come_back_is_stale() -> None:
    bench = Bench()
    [one, *_] = bench.grow(3)
    bench.grow(2, one, miner=5)
    assert measure(bench).stale_blocks == 0
    bench.grow(SIMULATED.depth)
    found = measure(bench)
    assert found.stale_blocks == 2
    assert found.fork_rates[100] == pytest.approx(2 / (3 + 2))
    late = make_block(bench.tree, ROOT, miner=7)
    assert not any(isinstance(effect, Store) for effect in bench.hear(late))
    assert measure(bench).stale_blocks == 3


def test_a_restart_counts_what_the_store_still_holds() -> None:
    bench = Bench()
    [one, *_] = bench.grow(3)
    side = make_block(bench.tree, one, miner=5)
    bench.hear(side)
    bench.grow(SIMULATED.depth)
    headers = [block.header for block in bench.blocks.values()]
    again = Bench()
    again.engine = create(0, COMMITTEE, SIMULATED)
    again.start(headers, bench.head, bench.tree.final)
    assert measure(again).stale_blocks == measure(bench).stale_blocks == 1
    assert compute_id(side.header) not in again.tree.nodes


def test_paces() -> None:
    bench = Bench()
    bench.grow(SIMULATED.window - 1, after_ms=2_000)
    found = measure(bench)
    assert found.interval_ms == 2_000
    work = bench.tree.head.work - bench.tree.nodes[bench.tree.chain[1]].work
    assert found.hash_rate_per_s == pytest.approx(work / (2 * (bench.tree.head.height - 1)))
    assert found.finality_ms == 2_000 * SIMULATED.depth


def test_a_rate_is_over_its_window_and_old_heights_are_forgotten() -> None:
    bench = Bench()
    bench.grow(2)
    nodes = [bench.tree.nodes[i] for i in bench.tree.chain[1:]]
    stale = StaleBlocks()
    stale.note(nodes, 2)
    assert (stale.count(2, 1), stale.count(2, 2), stale.count(102, 100)) == (1, 2, 0)
    stale.note((), 2 + HEIGHTS_MAX)
    assert (stale.total, stale.by_height) == (2, {})
