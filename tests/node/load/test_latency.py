import pytest

from node.load.latency import compute_percentile, summarise_latencies


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50), (95, 95), (99, 99), (1, 1), (100, 100), (0, 1)]
)
def test_percentiles_are_nearest_ranks(percent: int, expected: int) -> None:
    assert compute_percentile(range(1, 101), percent) == expected


def test_a_single_value_is_every_percentile() -> None:
    assert summarise_latencies([0.25]) == {"p50": 250.0, "p95": 250.0, "p99": 250.0}


def test_order_does_not_matter_and_nothing_is_nothing() -> None:
    assert summarise_latencies([3, 1, 2])["p50"] == 2000.0
    assert summarise_latencies([]) == {"p50": None, "p95": None, "p99": None}
