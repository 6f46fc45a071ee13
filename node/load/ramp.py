"""Finding the highest rate that a network sustains."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from node.load.measure import Measurement

Attempt: TypeAlias = Callable[[float, float], Awaitable[Measurement]]
"""(rate, seconds) -> what came of it."""

GROWTH = 1.3
PRECISION = 1.08
"""The search ends when the lowest rate that failed is within this factor of the best that held."""
BACK_OFF = 0.93
CONFIRMATIONS_MAX = 5


async def find_ceiling(attempt: Attempt, first: float, step_s: float) -> float:
    """Grow until a rate is not sustained, then close in; short steps, so it may be optimistic.

    A rate has to fail twice, because the machine may have been busy otherwise. Where even `first`
    is too much the search goes down, to a twentieth of it at the least.
    """
    best, failed = 0.0, float("inf")
    rate = first
    while failed > best * PRECISION and rate > first / 20:
        if await holds(attempt, rate, step_s):
            best = rate
            rate = rate * GROWTH if failed == float("inf") else (best * failed) ** 0.5
        else:
            failed = rate
            rate = (best * failed) ** 0.5 if best else rate / GROWTH
    return best or first / 20


async def holds(attempt: Attempt, rate: float, step_s: float) -> bool:
    """Is a rate sustained, at the second try if not at the first."""
    first = await attempt(rate, step_s)
    return first.is_sustained or (await attempt(rate, step_s)).is_sustained


async def confirm(attempt: Attempt, rate: float, seconds: float) -> Measurement:
    """The whole time at `rate`, backing off until a rate is sustained; the last word either way."""
    measurement = await attempt(rate, seconds)
    for _ in range(CONFIRMATIONS_MAX - 1):
        if measurement.is_sustained:
            break
        rate *= BACK_OFF
        measurement = await attempt(rate, seconds)
    return measurement
