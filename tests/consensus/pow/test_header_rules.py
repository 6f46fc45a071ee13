"""Which headers are good."""

import msgspec
import pytest

from consensus.block import Header
from consensus.pow.block_tree import BlockTree
from consensus.pow.compact import decode_compact
from consensus.pow.header_rules import check_header, compute_bits, validate_header
from consensus.pow.refusals import Refusal
from consensus.pow.work import Claim, compute_id, encode_claim
from tests.consensus.pow.forge import REAL, ROOT, SIMULATED, Bench, make_block, prove


def grown(count: int, after_ms: int = 1_000) -> BlockTree:
    bench = Bench()
    bench.grow(count, after_ms=after_ms)
    return bench.tree


def judge(header: Header, tree: BlockTree) -> Refusal | None:
    refusal = check_header(header, compute_id(header), SIMULATED)
    return refusal or validate_header(header, tree, SIMULATED)


def test_a_good_header() -> None:
    tree = grown(3)
    assert judge(make_block(tree, tree.chain[-1]).header, tree) is None


def test_real_work_is_checked_against_the_target() -> None:
    bench = Bench(REAL)
    header = make_block(bench.tree, ROOT, REAL).header
    assert check_header(header, compute_id(header), REAL) is None
    lazy = msgspec.structs.replace(header, claim=encode_claim(Claim(0x1D00FFFF, 5, 9)))
    assert check_header(lazy, compute_id(lazy), REAL) is Refusal.BAD_PROOF


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"claim": b"none"}, Refusal.BAD_FORM),
        ({"height": 0}, Refusal.BAD_FORM),
        ({"parent": b"x"}, Refusal.BAD_FORM),
        ({"claim": encode_claim(Claim(0x1E8FFFFF, 0, 9))}, Refusal.BAD_TARGET),  # negative
        ({"claim": encode_claim(Claim(0xFF123456, 0, 9))}, Refusal.BAD_TARGET),  # overflowing
        ({"claim": encode_claim(Claim(0x2000FFFF, 0, 9))}, Refusal.BAD_TARGET),  # above the limit
        ({"claim": encode_claim(Claim(0, 0, 9))}, Refusal.BAD_TARGET),
        ({"claim": encode_claim(Claim(0x1E0FFFFF, 1, 9))}, Refusal.BAD_PROOF),
    ],
)
def test_bad_by_itself(change: dict[str, object], refusal: Refusal) -> None:
    tree = grown(3)
    header = make_block(tree, tree.chain[-1]).header
    assert judge(msgspec.structs.replace(header, **change), tree) is refusal


def test_a_height_that_does_not_follow() -> None:
    tree = grown(3)
    header = make_block(tree, tree.chain[-1]).header
    assert judge(prove(msgspec.structs.replace(header, height=5)), tree) is Refusal.BAD_HEIGHT


@pytest.mark.parametrize("bits", [0x1E0FFFFE, 0x1D00FFFF, 0x1F00FFFF])
def test_a_target_that_is_not_the_computed_one(bits: int) -> None:
    """Harder ones are wrong too: what a block says of its work must not be its miner's choice."""
    tree = grown(3)
    assert judge(make_block(tree, tree.chain[-1], bits=bits).header, tree) is Refusal.WRONG_TARGET


def test_time_must_exceed_the_median_of_eleven() -> None:
    tree = grown(12)
    assert tree.compute_median_time_ms(tree.chain[-1]) == 7_000
    head = tree.head.header.time_ms
    good = make_block(tree, tree.chain[-1], after_ms=7_001 - head).header
    assert good.time_ms == 7_001
    assert judge(good, tree) is None
    stale = make_block(tree, tree.chain[-1], after_ms=7_000 - head).header
    assert judge(stale, tree) is Refusal.TOO_EARLY


def test_the_median_of_few_blocks() -> None:
    tree = grown(2)
    assert tree.compute_median_time_ms(ROOT) == 0
    assert tree.compute_median_time_ms(tree.chain[1]) == 1_000  # of 0 and 1,000 the upper one
    assert tree.compute_median_time_ms(tree.chain[2]) == 1_000


def bits_after(count: int, after_ms: int) -> int:
    tree = grown(count, after_ms)
    return compute_bits(tree, tree.head, SIMULATED)


def test_targets_change_at_the_end_of_a_window_only() -> None:
    assert bits_after(6, 250) == SIMULATED.first_bits
    assert bits_after(7, 250) != SIMULATED.first_bits


@pytest.mark.parametrize(
    ("after_ms", "factor"), [(1_000, 1.0), (500, 0.5), (2_000, 2.0), (10, 0.25), (100_000, 4.0)]
)
def test_a_target_follows_the_pace_and_no_further_than_the_clamp(
    after_ms: int, factor: float
) -> None:
    """The second window of eight is measured whole, from the block before it."""
    first, tree = SIMULATED.first_bits, grown(7)
    bench = Bench()
    bench.grow(7)
    bench.grow(8, after_ms=after_ms)
    last = decode_compact(compute_bits(bench.tree, bench.tree.head, SIMULATED)).magnitude
    before = decode_compact(bench.tree.head.bits).magnitude
    assert last / before == pytest.approx(factor, rel=1e-4)
    assert tree.head.bits == first


def test_branches_have_targets_of_their_own() -> None:
    bench = Bench()
    common = bench.grow(4)[-1]
    slow = bench.grow(4, common, after_ms=3_000)[-1]
    fast = bench.grow(4, common, after_ms=200, miner=8)[-1]
    nodes = bench.tree.nodes
    slow_bits = compute_bits(bench.tree, nodes[slow], SIMULATED)
    fast_bits = compute_bits(bench.tree, nodes[fast], SIMULATED)
    assert decode_compact(slow_bits).magnitude > decode_compact(fast_bits).magnitude
