"""Samples of pace: what happened between two readings, in rings that never grow."""

import pytest

from node.pulse import (
    SAMPLES_MAX,
    Pulse,
    Reading,
    Span,
    compute_quantile_ms,
    compute_sample,
)

BOUNDS_S = (0.1, 0.2, 0.4)


def read(transactions: int = 0, height: int = 0, latencies: tuple[int, ...] = (0,) * 4) -> Reading:
    return Reading(height, height, 7, transactions, latencies, BOUNDS_S)


class Clock:
    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> int:
        return self.ms


def test_a_sample_is_what_happened_since_the_reading_before() -> None:
    sample = compute_sample(5, 2_000, read(10, 1), read(30, 5, (0, 20, 0, 0)))
    assert (sample.at_ms, sample.height, sample.final_height, sample.pending) == (5, 5, 5, 7)
    assert (sample.transactions_per_s, sample.blocks_per_s) == (10.0, 2.0)
    assert sample.p50_ms == pytest.approx(150)
    assert sample.p95_ms == pytest.approx(195)


def test_without_transactions_of_clients_there_is_no_latency() -> None:
    sample = compute_sample(5, 1_000, read(), read())
    assert (sample.p50_ms, sample.p95_ms, sample.transactions_per_s) == (None, None, 0)


def test_a_head_that_went_back_is_no_negative_pace() -> None:
    assert compute_sample(5, 1_000, read(5, 9), read(5, 8)).blocks_per_s == 0


@pytest.mark.parametrize(
    ("quantile", "counts", "expected"),
    [
        (0.5, (4, 0, 0, 0), 50),
        (0.5, (2, 2, 0, 0), 100),
        (0.75, (2, 2, 0, 0), 150),
        (0.5, (0, 0, 0, 3), 400),
        (1.0, (1, 1, 1, 0), 400),
    ],
)
def test_quantiles_lie_on_a_line_within_their_bucket(
    quantile: float, counts: tuple[int, ...], expected: float
) -> None:
    assert compute_quantile_ms(quantile, counts, BOUNDS_S) == pytest.approx(expected)


def test_of_nothing_there_is_no_quantile() -> None:
    assert compute_quantile_ms(0.5, (0, 0, 0, 0), BOUNDS_S) is None
    assert compute_quantile_ms(0.5, (), ()) is None


def test_samples_are_taken_when_they_are_due_and_the_rings_never_grow() -> None:
    clock, readings = Clock(), 0

    def count() -> Reading:
        nonlocal readings
        readings += 1
        return read()

    pulse = Pulse(count, clock, lambda: 1_000_000 + clock.ms)
    seconds = SAMPLES_MAX[Span.MINUTES] + 50
    for quarter in range(4 * seconds + 1):
        clock.ms = quarter * 250
        pulse.beat()
    fine = pulse.list_samples(Span.MINUTES)
    assert len(fine) == SAMPLES_MAX[Span.MINUTES]
    assert fine[-1].at_ms - fine[0].at_ms == (len(fine) - 1) * 1_000
    assert len(pulse.list_samples(Span.DAY)) == seconds // 60
    assert readings == seconds + 1
