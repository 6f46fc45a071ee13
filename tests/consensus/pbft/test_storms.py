"""Random faults from a seed: safe at every step, and done within a bound once all is calm."""

import pytest

from consensus.simulation.swarm import Report, Storm, run_storm
from tests.consensus.pbft.attacks import dress_traitors

CALM_WITHIN_MS = 60_000
SHORT = Storm(duration_ms=8_000)


def assert_weathered(report: Report) -> None:
    """All work is done and certified; something happened at all."""
    assert report.at_rest, report
    assert report.calm_after_ms <= CALM_WITHIN_MS
    assert min(report.heights) > 5


@pytest.mark.parametrize("seed", range(10))
def test_crashes_partitions_and_losses(seed: int) -> None:
    assert_weathered(run_storm(seed, SHORT))


@pytest.mark.parametrize("seed", range(100, 106))
def test_with_f_traitors(seed: int) -> None:
    assert_weathered(run_storm(seed, SHORT, dress=dress_traitors))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1_000, 1_120))
def test_many_more(seed: int) -> None:
    assert_weathered(run_storm(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2_000, 2_080))
def test_many_more_with_traitors(seed: int) -> None:
    assert_weathered(run_storm(seed, dress=dress_traitors))
