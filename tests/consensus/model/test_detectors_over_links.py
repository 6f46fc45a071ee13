"""Detectors over the simulator's links: heartbeats through loss and heavy tails, then after GST."""

from collections.abc import Callable
from functools import cache

import pytest

from consensus.model.accrual import Tuning, make_accrual
from consensus.model.detector_quality import Arrival, Quality, measure, watch
from consensus.model.detectors import Detector, make_adaptive, make_fixed
from consensus.simulation.chance import Chance
from consensus.simulation.links import Links
from consensus.simulation.links import Quality as LinkQuality

PEERS = (1, 2, 3)
PERIOD_MS, GST_MS, END_MS = 100, 20_000, 60_000
STORM = LinkQuality(5, 300, loss_permille=300, tail_permille=200)
CALM = LinkQuality(5, 20)
CRASHED_MS = 50_000
"""When peer 3 crashes."""
BRISK = Tuning(first_interval_ms=100, deviation_ms_min=20, window=100)
MAKERS: dict[str, Callable[[], Detector]] = {
    "fixed": lambda: make_fixed(PEERS, 150),
    "adaptive": lambda: make_adaptive(PEERS, 150, 100),
    "accrual": lambda: make_accrual(PEERS, BRISK),
}


def make_arrivals(seed: int) -> list[Arrival]:
    """A heartbeat of each peer per period; peer 3 crashes."""
    links = Links(Chance(seed), STORM)
    arrivals: list[Arrival] = []
    for now_ms in range(PERIOD_MS, END_MS, PERIOD_MS):
        links.quality = STORM if now_ms < GST_MS else CALM
        for peer in PEERS[: 2 if now_ms > CRASHED_MS else 3]:
            arrivals += [(now_ms + ms, peer) for ms in links.draw_delays_ms(peer, 0, None, now_ms)]
    return arrivals


@cache
def run(name: str, seed: int) -> tuple[Quality, Quality]:
    """The quality of the whole run, and that of the part after stabilisation."""
    transitions = watch(MAKERS[name](), make_arrivals(seed), END_MS, every_ms=5)
    settled_ms = GST_MS + 20_000
    late = [item for item in transitions if item.at_ms >= settled_ms]
    crashes = {3: CRASHED_MS}
    whole = measure(transitions, PEERS, crashes, END_MS)
    return whole, measure(late, PEERS, crashes, END_MS)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("seed", range(3))
def test_all_err_before_stabilisation_and_none_long_after_it(name: str, seed: int) -> None:
    whole, late = run(name, seed)
    assert whole.mistakes > 1
    assert whole.accuracy < 1
    assert late.mistakes == 0


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("seed", range(3))
def test_the_crash_is_found(name: str, seed: int) -> None:
    _, late = run(name, seed)
    detection_ms = late.detections_ms[3]
    assert detection_ms is not None
    assert detection_ms < 3_000


@pytest.mark.parametrize("seed", range(3))
def test_patience_is_bought_with_detection_time(seed: int) -> None:
    fixed, adaptive = run("fixed", seed)[0], run("adaptive", seed)[0]
    assert adaptive.mistakes < fixed.mistakes / 2
    found_fixed, found_adaptive = fixed.detections_ms[3], adaptive.detections_ms[3]
    assert found_fixed is not None
    assert found_adaptive is not None
    assert found_fixed < found_adaptive


@pytest.mark.parametrize("seed", range(3))
def test_a_learnt_rhythm_buys_patience_that_is_given_back(seed: int) -> None:
    adaptive, accrual = run("adaptive", seed)[0], run("accrual", seed)[0]
    assert accrual.mistakes < adaptive.mistakes
    found_adaptive, found_accrual = adaptive.detections_ms[3], accrual.detections_ms[3]
    assert found_adaptive is not None
    assert found_accrual is not None
    assert found_accrual < found_adaptive
