"""Worlds of timing: when a message has arrived at the latest, and what may be lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import ModelError
from consensus.model.timing import (
    Adversary,
    Asynchronous,
    Synchronous,
    Timing,
    UnknownBound,
    UnknownStabilisation,
    World,
    classify,
    known_bound_ms,
    latest_arrival_ms,
    may_lose,
    stable_from_ms,
)

MOMENTS = st.integers(0, 10**9)


def test_classes_include_those_before_them() -> None:
    order = (Timing.SYNCHRONOUS, Timing.PARTIALLY_SYNCHRONOUS, Timing.ASYNCHRONOUS)
    for at, timing in enumerate(order):
        assert [timing.includes(other) for other in order] == [i <= at for i in range(3)]


@pytest.mark.parametrize(
    ("world", "timing", "arrival_ms", "known_ms", "stable_ms"),
    [
        (Synchronous(50, 7), Timing.SYNCHRONOUS, 150, 50, 0),
        (UnknownBound(50), Timing.PARTIALLY_SYNCHRONOUS, 150, None, 0),
        (UnknownStabilisation(50, 400), Timing.PARTIALLY_SYNCHRONOUS, 450, 50, 400),
        (UnknownStabilisation(50, 100), Timing.PARTIALLY_SYNCHRONOUS, 150, 50, 100),
        (UnknownStabilisation(50, 99), Timing.PARTIALLY_SYNCHRONOUS, 150, 50, 99),
        (Asynchronous(), Timing.ASYNCHRONOUS, None, None, None),
    ],
)
def test_a_message_sent_at_100(
    world: World,
    timing: Timing,
    arrival_ms: int | None,
    known_ms: int | None,
    stable_ms: int | None,
) -> None:
    assert classify(world) is timing
    assert latest_arrival_ms(world, 100) == arrival_ms
    assert known_bound_ms(world) == known_ms
    assert stable_from_ms(world) == stable_ms


@given(sent_at_ms=MOMENTS, bound_ms=MOMENTS, gst_ms=MOMENTS)
def test_after_stabilisation_partial_synchrony_is_synchrony(
    sent_at_ms: int, bound_ms: int, gst_ms: int
) -> None:
    late = latest_arrival_ms(UnknownStabilisation(bound_ms, gst_ms), sent_at_ms)
    bounded = latest_arrival_ms(Synchronous(bound_ms), sent_at_ms)
    assert late is not None
    assert bounded is not None
    assert late >= bounded
    assert (late == bounded) == (sent_at_ms >= gst_ms)


@pytest.mark.parametrize(("sent_at_ms", "lost"), [(0, True), (99, True), (100, False)])
def test_only_before_stabilisation_may_timing_lose_a_message(sent_at_ms: int, lost: bool) -> None:
    assert may_lose(UnknownStabilisation(10, 100, loses_before=True), sent_at_ms) is lost
    assert not may_lose(UnknownStabilisation(10, 100), sent_at_ms)


@pytest.mark.parametrize("world", [Synchronous(5), UnknownBound(5), Asynchronous()])
def test_other_worlds_only_delay(world: World) -> None:
    assert not may_lose(world, 0)


def test_a_round_outlasts_the_bound_on_the_fastest_and_the_slowest_clock() -> None:
    assert Synchronous(50, 7).compute_round_ms() == 64
    assert Synchronous(50, 7).compute_round_ms(processing_ms=3) == 67


def test_an_adversary_sees_everything_unless_told() -> None:
    assert Asynchronous().adversary is Adversary.STRONG


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Synchronous(-1), "bound_ms"),
        (lambda: Synchronous(1, -1), "skew_ms"),
        (lambda: UnknownBound(-1), "bound_ms"),
        (lambda: UnknownStabilisation(-1, 0), "bound_ms"),
        (lambda: UnknownStabilisation(1, -5), "gst_ms"),
    ],
)
def test_negative_times_are_refused_by_name(make: type[Synchronous], name: str) -> None:
    with pytest.raises(ModelError, match=name):
        make()  # type: ignore[call-arg]
