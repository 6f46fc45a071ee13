"""Fixed and adaptive timeouts under scripts: late, in bursts, silent, before and after GST."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import ModelError
from consensus.model.accrual import Tuning, make_accrual
from consensus.model.detector_quality import Transition, measure, watch
from consensus.model.detectors import Detector, make_adaptive, make_fixed
from tests.consensus.model.scripts_of_arrivals import beat, before_gst, hold_until

PEERS = (1, 2, 3)
BRISK = Tuning(first_interval_ms=100, deviation_ms_min=20, window=20)
MAKERS: dict[str, Callable[[], Detector]] = {
    "fixed": lambda: make_fixed(PEERS, 300),
    "adaptive": lambda: make_adaptive(PEERS, 300, 50),
    "accrual": lambda: make_accrual(PEERS, BRISK),
}
every_detector = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
HEARD = st.lists(st.tuples(st.integers(0, 2_000), st.sampled_from((1, 2, 3, 99))), max_size=60)


@every_detector
def test_nobody_is_suspected_at_the_start_and_all_the_silent_in_the_end(
    make: Callable[[], Detector],
) -> None:
    detector = make()
    assert detector.suspects(0) == frozenset()
    assert detector.suspects(60_000) == frozenset(PEERS)


@every_detector
def test_regular_peers_are_never_suspected(make: Callable[[], Detector]) -> None:
    arrivals = [arrival for peer in PEERS for arrival in beat(peer, 100, 5_000)]
    assert watch(make(), arrivals, 5_000) == []


@every_detector
def test_a_crash_is_suspected_for_good_and_nobody_else_is(make: Callable[[], Detector]) -> None:
    arrivals = beat(1, 100, 5_000) + beat(2, 100, 2_000) + beat(3, 100, 5_000)
    transitions = watch(make(), arrivals, 5_000)
    assert [(item.peer, item.suspected) for item in transitions] == [(2, True)]
    assert 2_000 < transitions[0].at_ms <= 2_400


@every_detector
def test_strangers_are_not_noted(make: Callable[[], Detector]) -> None:
    detector = make()
    for at_ms in range(0, 1_000, 10):
        detector.heard(99, at_ms)
    assert pickle.dumps(detector) == pickle.dumps(make())


@every_detector
@given(heard=HEARD)
def test_asking_changes_nothing(make: Callable[[], Detector], heard: list[tuple[int, int]]) -> None:
    asked, unasked = make(), make()
    for at_ms, peer in sorted(heard):
        asked.suspects(at_ms)
        asked.heard(peer, at_ms)
        unasked.heard(peer, at_ms)
        asked.suspects(at_ms + 7)
    assert asked == unasked


@every_detector
@given(heard=HEARD)
def test_silence_never_clears_a_suspicion(
    make: Callable[[], Detector], heard: list[tuple[int, int]]
) -> None:
    detector = make()
    for at_ms, peer in sorted(heard):
        detector.heard(peer, at_ms)
    suspects = [detector.suspects(at_ms) for at_ms in range(2_000, 9_000, 250)]
    assert all(earlier <= later for earlier, later in pairwise(suspects))


@pytest.mark.parametrize("name", ["fixed", "adaptive"])
@given(heard=HEARD)
def test_a_message_that_is_told_late_does_not_turn_time_back(
    name: str, heard: list[tuple[int, int]]
) -> None:
    detector = MAKERS[name]()
    detector.heard(1, 3_000)
    for at_ms, peer in heard:
        detector.heard(peer, at_ms)
    assert 1 not in detector.suspects(3_050)


def test_a_fixed_timeout_is_exact() -> None:
    detector = make_fixed([1], 300, now_ms=50)
    assert detector.suspects(350) == frozenset()
    assert detector.suspects(351) == {1}
    detector.heard(1, 351)
    assert detector.suspects(351) == frozenset()


def test_a_fixed_timeout_makes_the_same_mistake_for_ever() -> None:
    transitions = watch(make_fixed([1], 300), beat(1, 400, 20_000), 20_000)
    quality = measure(transitions, [1], {}, 20_000)
    assert quality.mistakes == 50
    assert quality.mistake_duration_ms == 99
    assert quality.mistake_rate == 2.5


def test_an_adaptive_timeout_learns_the_period_after_few_mistakes() -> None:
    detector = make_adaptive([1], 100, 50)
    transitions = watch(detector, beat(1, 400, 20_000), 20_000)
    quality = measure(transitions, [1], {}, 20_000)
    assert quality.mistakes == 6
    assert detector.mistakes == {1: 6}
    assert detector.timeouts_ms == {1: 400}
    assert transitions[-1].at_ms == 2_400


@given(
    gaps_ms=st.lists(st.integers(1, 3_000), min_size=1, max_size=8),
    timeout_ms=st.integers(10, 500),
    step_ms=st.integers(1, 300),
)
def test_after_stabilisation_mistakes_are_bounded(
    gaps_ms: list[int], timeout_ms: int, step_ms: int
) -> None:
    gst_ms, period_ms, bound_ms = 10_000, 100, 80
    detector = make_adaptive([1], timeout_ms, step_ms)
    for at_ms, peer in before_gst(1, gst_ms, tuple(gaps_ms)):
        detector.heard(peer, at_ms)
    detector.heard(1, gst_ms)
    mistakes = detector.mistakes.get(1, 0)
    for number, at_ms in enumerate(range(gst_ms, gst_ms + 100_000, period_ms)):
        detector.heard(1, at_ms + number * 37 % bound_ms)
    after = detector.mistakes.get(1, 0) - mistakes
    assert after <= max(0, -(-(period_ms + bound_ms - timeout_ms) // step_ms))


def test_each_peer_has_its_own_patience() -> None:
    detector = make_adaptive([1, 2], 100, 50)
    watch(detector, beat(1, 400, 20_000) + beat(2, 50, 20_000), 20_000)
    assert detector.timeouts_ms == {1: 400, 2: 100}


def test_a_burst_after_silence_is_one_mistake() -> None:
    detector = make_adaptive([1], 300, 50)
    arrivals = hold_until(beat(1, 100, 3_000), 1_000, 2_000)
    transitions = watch(detector, arrivals, 3_000)
    assert transitions == [
        Transition(1_201, 1, suspected=True),
        Transition(2_000, 1, suspected=False),
    ]
    assert detector.mistakes == {1: 1}


def test_a_cap_below_the_period_gives_the_promise_up() -> None:
    detector = make_adaptive([1], 100, 50, timeout_ms_max=300)
    watch(detector, beat(1, 400, 20_000), 20_000)
    assert detector.timeouts_ms == {1: 300}
    assert detector.mistakes == {1: 50}


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_fixed([1], 0),
        lambda: make_adaptive([1], 0, 5),
        lambda: make_adaptive([1], 5, 0),
        lambda: make_adaptive([1], 10, 5, timeout_ms_max=9),
    ],
)
def test_impossible_numbers(make: Callable[[], Detector]) -> None:
    with pytest.raises(ModelError):
        make()


PROGRAM = """
from tests.consensus.model.test_detectors import MAKERS, PEERS
from tests.consensus.model.scripts_of_arrivals import beat, jitter
from consensus.model.detector_quality import watch
arrivals = [item for peer in PEERS for item in jitter(beat(peer, 70 + peer, 8_000), 600)]
for make in MAKERS.values():
    for item in watch(make(), arrivals, 12_000):
        print(item)
"""


def test_the_same_arrivals_give_the_same_word_in_every_process() -> None:
    words = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(words) == 1
    assert words.pop().count("Transition") > 6
