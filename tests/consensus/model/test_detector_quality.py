"""Measures of detectors, on hand-made runs."""

import pytest

from consensus.model.detector_quality import Quality, Transition, measure, watch
from consensus.model.detectors import make_fixed


def switch(at_ms: int, peer: int, *, suspected: bool) -> Transition:
    return Transition(at_ms, peer, suspected)


def test_a_run_without_transitions_is_perfect() -> None:
    quality = measure([], [1, 2], {}, 1_000)
    assert quality == Quality({}, 0, (), 2_000)
    assert (quality.mistake_rate, quality.mistake_duration_ms, quality.accuracy) == (0.0, 0.0, 1.0)


def test_mistakes_are_counted_and_timed() -> None:
    run = [
        switch(100, 1, suspected=True),
        switch(150, 2, suspected=True),
        switch(200, 1, suspected=False),
        switch(450, 2, suspected=False),
    ]
    quality = measure(run, [1, 2], {}, 1_000)
    assert quality.mistakes == 2
    assert quality.mistake_durations_ms == (100, 300)
    assert quality.mistake_duration_ms == 200
    assert quality.mistake_rate == 1.0
    assert quality.accuracy == 0.8


def test_a_mistake_that_is_not_taken_back_lasts_to_the_end() -> None:
    quality = measure([switch(900, 1, suspected=True)], [1], {}, 1_000)
    assert quality.mistake_durations_ms == (100,)


def test_detection_counts_from_the_crash_to_the_last_suspicion() -> None:
    run = [
        switch(100, 1, suspected=True),
        switch(200, 1, suspected=False),
        switch(730, 1, suspected=True),
    ]
    quality = measure(run, [1], {1: 500}, 1_000)
    assert quality.detections_ms == {1: 230}
    assert quality.mistakes == 1
    assert quality.observed_ms == 500


def test_a_mistake_ends_with_the_crash_that_makes_it_true() -> None:
    quality = measure([switch(400, 1, suspected=True)], [1], {1: 500}, 1_000)
    assert quality.detections_ms == {1: 0}
    assert quality.mistake_durations_ms == (100,)


@pytest.mark.parametrize(
    "run", [[], [switch(600, 1, suspected=True), switch(700, 1, suspected=False)]]
)
def test_a_crash_that_nobody_holds_against_the_peer_is_not_detected(run: list[Transition]) -> None:
    assert measure(run, [1], {1: 500}, 1_000).detections_ms == {1: None}


def test_nothing_observed_is_no_division_by_zero() -> None:
    quality = measure([], [1], {1: 0}, 1_000)
    assert (quality.mistake_rate, quality.accuracy) == (0.0, 1.0)


def test_watching_hears_before_it_asks() -> None:
    assert watch(make_fixed([1], 10), [(11, 1)], 15) == []
    assert watch(make_fixed([1], 10), [(12, 1)], 15) == [
        switch(11, 1, suspected=True),
        switch(12, 1, suspected=False),
    ]


def test_watching_in_steps_tells_the_real_time_of_arrivals() -> None:
    assert watch(make_fixed([1], 10), [(4, 1)], 20, every_ms=7) == []
    assert watch(make_fixed([1], 10), [(4, 1)], 21, every_ms=7) == [switch(21, 1, suspected=True)]
