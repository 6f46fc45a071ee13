"""Phi accrual: suspicion as a number, two thresholds, a bounded window."""

from math import inf, isclose, log10
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import ModelError
from consensus.model.accrual import PhiAccrual, Tuning, make_accrual
from consensus.model.detector_quality import measure, watch
from tests.consensus.model.scripts_of_arrivals import beat, hold_until, jitter

BRISK = Tuning(first_interval_ms=100, deviation_ms_min=20, window=20)


def make_with(intervals_ms: list[int], tuning: Tuning = BRISK) -> PhiAccrual:
    """A detector that has heard peer 1 after these intervals."""
    detector, now_ms = make_accrual([1], tuning), 0
    for interval_ms in intervals_ms:
        now_ms += interval_ms
        detector.heard(1, now_ms)
    return detector


@given(
    intervals_ms=st.lists(st.integers(0, 500), max_size=60),
    elapsed_ms=st.integers(0, 400),
)
def test_phi_is_what_its_definition_says(intervals_ms: list[int], elapsed_ms: int) -> None:
    detector = make_with(intervals_ms)
    window = [BRISK.first_interval_ms, *intervals_ms][-BRISK.window :]
    mean = sum(window) / len(window)
    spread = (sum((item - mean) ** 2 for item in window) / len(window)) ** 0.5
    normal = NormalDist(0, max(spread, BRISK.deviation_ms_min))
    phi = detector.compute_phi(1, sum(intervals_ms) + elapsed_ms)
    assert isclose(10**-phi, normal.cdf(mean - elapsed_ms), abs_tol=1e-12)


@given(st.lists(st.integers(0, 300), max_size=100))
def test_sums_are_those_of_the_window(intervals_ms: list[int]) -> None:
    rhythm = make_with(intervals_ms).rhythms[1]
    assert list(rhythm.intervals) == [100, *intervals_ms][-20:]
    assert rhythm.total == sum(rhythm.intervals)
    assert rhythm.squares == sum(item * item for item in rhythm.intervals)


def test_phi_grows_with_silence_and_ends_at_infinity() -> None:
    detector = make_with([100] * 30)
    values = [detector.compute_phi(1, 3_000 + elapsed) for elapsed in range(0, 2_000, 50)]
    assert values == sorted(values)
    assert values[0] < 0.001
    assert isclose(values[2], log10(2))
    assert values[-1] == inf


def test_the_threshold_is_where_the_mistake_is_one_in_a_hundred_million() -> None:
    detector = make_with([100] * 30)
    deviations = -NormalDist().inv_cdf(10**-8)
    edge_ms = 3_000 + 100 + int(deviations * 20)
    assert detector.suspects(edge_ms) == frozenset()
    assert detector.suspects(edge_ms + 1) == {1}


def test_an_irregular_peer_is_given_more_time() -> None:
    regular = watch(make_accrual([1], BRISK), beat(1, 100, 3_000), 6_000)
    irregular = watch(make_accrual([1], BRISK), jitter(beat(1, 100, 3_000), 90), 6_000)
    assert [item.suspected for item in regular] == [item.suspected for item in irregular] == [True]
    assert irregular[0].at_ms > regular[0].at_ms + 50


def test_one_message_after_a_silence_does_not_clear_a_peer_but_a_rhythm_does() -> None:
    detector = make_with([100] * 30)
    detector.heard(1, 5_000)
    assert detector.suspects(5_000) == {1}
    detector.heard(1, 5_100)
    assert detector.suspects(5_100) == frozenset()


def test_two_thresholds_keep_a_peer_at_the_edge_from_flapping() -> None:
    arrivals = [(at, 1) for at in range(100, 2_001, 100)]
    arrivals += [(2_000 + 400 * step, 1) for step in range(1, 4)]
    flapping = Tuning(trust_phi=8.0, first_interval_ms=100, deviation_ms_min=20, window=20)
    one = watch(make_accrual([1], flapping), arrivals, 3_200)
    two = watch(make_accrual([1], BRISK), arrivals, 3_200)
    assert len(two) < len(one)
    assert [item.suspected for item in two] == [True]


def test_a_slower_rhythm_is_learnt() -> None:
    arrivals = beat(1, 100, 3_000) + beat(1, 700, 40_000, since_ms=3_000)
    transitions = watch(make_accrual([1], BRISK), arrivals, 40_000)
    quality = measure(transitions, [1], {}, 40_000)
    assert not transitions[-1].suspected
    assert transitions[-1].at_ms < 20_000
    assert quality.mistakes <= 3


def test_a_burst_is_heard_as_no_interval_at_all() -> None:
    arrivals = hold_until(beat(1, 100, 3_000), 1_000, 1_500)
    detector = make_accrual([1], BRISK)
    transitions = watch(detector, arrivals, 3_000)
    assert [item.suspected for item in transitions] == [True, False]
    assert 0 in detector.rhythms[1].intervals


def test_a_crash_of_an_hour_does_not_make_it_patient_for_ever() -> None:
    tuning = Tuning(first_interval_ms=100, deviation_ms_min=20, window=20, interval_ms_max=1_000)
    detector = make_with([100] * 30, tuning)
    detector.heard(1, 3_603_000)
    for at_ms in range(3_603_100, 3_606_000, 100):
        detector.heard(1, at_ms)
    assert max(detector.rhythms[1].intervals) == 100
    assert detector.suspects(3_606_200) == {1}


def test_a_message_that_is_told_late_does_not_turn_time_back() -> None:
    detector = make_with([100] * 30)
    detector.heard(1, 1_234)
    assert detector.rhythms[1].last_ms == 3_000
    assert min(detector.rhythms[1].intervals) == 0


def test_memory_is_bounded() -> None:
    detector = make_with([100] * 5_000)
    assert len(detector.rhythms) == 1
    assert len(detector.rhythms[1].intervals) == BRISK.window


@pytest.mark.parametrize(
    "numbers",
    [
        {"trust_phi": 9.0},
        {"trust_phi": 0.0},
        {"window": 0},
        {"first_interval_ms": 0},
        {"deviation_ms_min": 0},
        {"interval_ms_max": 10},
    ],
)
def test_impossible_tunings(numbers: dict[str, int]) -> None:
    with pytest.raises(ModelError):
        Tuning(**numbers)
