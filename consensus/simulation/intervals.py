"""How sure a measured share is: 99 % intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

QUANTILE = 2.5758293035489004
"""Of the normal distribution: 99 % lie within so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Does it contain a value."""
        return self.low <= value <= self.high


def estimate_share(hits: int, trials: int) -> Interval:
    """Of a chance, by independent trials (Wilson's score interval, which is sound for rare hits)."""
    if not 0 <= hits <= trials or not trials:
        raise ValueError(f"{hits} hits of {trials} trials")
    share, square = hits / trials, QUANTILE**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    spread = share * (1 - share) / trials + square / (4 * trials**2)
    half = QUANTILE * math.sqrt(spread) / (1 + square / trials)
    return Interval(max(middle - half, 0.0), min(middle + half, 1.0))


def estimate_mean(values: Sequence[float]) -> Interval:
    """Of a mean, by independent values, thirty or more (Student's distribution)."""
    count = len(values)
    if count < 30:
        raise ValueError(f"{count} values are too few for an interval")
    mean = math.fsum(values) / count
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    half = compute_student_quantile(count - 1) * math.sqrt(variance / count)
    return Interval(mean - half, mean + half)


def compute_student_quantile(freedom: int) -> float:
    """What `QUANTILE` is for a variance estimated with so many degrees of freedom, 20 or more.

    The first terms of its expansion about the normal one (Cornish and Fisher 1938), good to 0.001.
    """
    z = QUANTILE
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2
