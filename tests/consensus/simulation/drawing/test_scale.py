"""Time on the page: linear, but for breaks, and never backwards."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.simulation.drawing.scale import (
    BREAK_PX,
    GAP_HOPS,
    HOP_PX,
    TICK_PX,
    compute_step,
    make_scale,
)

MOMENTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=40)
HOPS = st.floats(0.5, 500)


def test_a_median_hop_has_the_height_of_a_hop() -> None:
    scale = make_scale([0, 5, 10], hop_ms=5)
    assert scale.find(5) - scale.find(0) == pytest.approx(HOP_PX)
    assert scale.height_px == pytest.approx(2 * HOP_PX)


def test_more_hosts_have_more_room_but_not_without_bound() -> None:
    heights = [make_scale([0, 50], 50, hosts).height_px for hosts in (1, 4, 7, 16, 64)]
    assert heights == pytest.approx([HOP_PX, HOP_PX, HOP_PX * 1.75**0.5, HOP_PX * 2, HOP_PX * 2])


def test_a_long_silence_is_cut_short() -> None:
    scale = make_scale([0, 5, 605, 610], hop_ms=5)
    assert [stretch.is_break for stretch in scale.stretches] == [False, True, False]
    assert scale.find(605) - scale.find(5) == pytest.approx(BREAK_PX)
    assert scale.find(610) - scale.find(605) == pytest.approx(HOP_PX)
    assert scale.find(305) == pytest.approx(HOP_PX + BREAK_PX / 2)


def test_moments_outside_are_at_the_edge() -> None:
    scale = make_scale([10, 15], hop_ms=5)
    assert scale.find(-3) == 0
    assert scale.find(99) == scale.height_px


def test_one_moment_has_a_tick() -> None:
    scale = make_scale([7], hop_ms=1)
    assert scale.height_px == 0
    assert scale.ticks() == [7]


def test_ticks_are_round_and_begin_every_stretch() -> None:
    assert make_scale([0, 5, 10, 607, 613], hop_ms=5).ticks() == [0, 5, 10, 607, 610]


@given(MOMENTS, HOPS)
def test_time_never_runs_backwards(moments: list[int], hop_ms: float) -> None:
    scale = make_scale(moments, hop_ms)
    places = [scale.find(at_ms) for at_ms in sorted(moments)]
    assert places == sorted(places)
    assert places[0] == 0
    assert places[-1] == pytest.approx(scale.height_px)


@given(MOMENTS, HOPS)
def test_no_silence_is_longer_than_a_gap(moments: list[int], hop_ms: float) -> None:
    scale = make_scale(moments, hop_ms)
    places = [scale.find(at_ms) for at_ms in sorted(set(moments))]
    assert all(after - before <= GAP_HOPS * HOP_PX + 1e-6 for before, after in pairwise(places))
    assert all(after > before for before, after in pairwise(places))


@given(MOMENTS, HOPS)
def test_ticks_do_not_touch_each_other_within_a_stretch(moments: list[int], hop_ms: float) -> None:
    scale = make_scale(moments, hop_ms)
    ticks = scale.ticks()
    assert ticks == sorted(ticks)
    for stretch in scale.stretches:
        inner = [scale.find(at) for at in ticks if stretch.begin_ms <= at <= stretch.end_ms]
        if not stretch.is_break:
            assert all(b - a > TICK_PX / 2 - 1e-6 for a, b in pairwise(inner))


@pytest.mark.parametrize(
    ("least", "step"), [(0.2, 1), (1, 1), (1.5, 2), (3, 5), (6, 10), (11, 20), (300, 500)]
)
def test_steps_are_round(least: float, step: int) -> None:
    assert compute_step(least) == step
