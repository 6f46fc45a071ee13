"""Percentiles by nearest rank, in milliseconds."""

from collections.abc import Sequence

PERCENTILES = (50, 95, 99)


def compute_percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` of a sorted, non-empty sequence do not exceed."""
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def summarise_latencies(seconds: Sequence[float]) -> dict[str, float | None]:
    """p50, p95 and p99 in milliseconds; None where nothing was measured."""
    ordered = sorted(seconds)
    return {
        f"p{percent}": round(compute_percentile(ordered, percent) * 1000, 1) if ordered else None
        for percent in PERCENTILES
    }
