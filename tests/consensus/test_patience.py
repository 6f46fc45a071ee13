"""Timeouts double with each failure, up to a cap, and come down with heights decided in peace."""

import pytest

from consensus.patience import calm_down, compute_patience_ms
from consensus.paxos.replica import Clock


@pytest.mark.parametrize(
    ("failures", "expected"), [(0, 100), (1, 200), (4, 1_600), (5, 3_000), (10**9, 3_000)]
)
def test_a_timeout_doubles_up_to_its_cap(failures: int, expected: int) -> None:
    assert compute_patience_ms(100, failures, 3_000) == expected


def test_so_many_heights_take_one_doubling_back() -> None:
    clock = Clock(failures=2, resends=3)
    calm_down(clock, 2)
    assert (clock.progressed, clock.failures, clock.calm, clock.resends) == (True, 2, 1, 0)
    calm_down(clock, 2)
    assert (clock.failures, clock.calm) == (1, 0)


def test_there_is_nothing_to_take_back_from_a_calm_clock() -> None:
    clock = Clock()
    calm_down(clock, 1)
    assert (clock.failures, clock.calm) == (0, 0)
