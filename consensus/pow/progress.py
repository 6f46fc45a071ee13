"""What a good case costs, and how long work takes to become final once all is well."""

from typing import Any

from consensus.errors import ModelError

SAFETY_FACTOR = 6
"""Above the mean: a sum of ten or more exponential times exceeds it once in 10^8, and targets may
have become up to `clamp` times too hard while links were bad."""
BLOCKS_BEFORE = 8
"""Blocks until the work stands in one that stays: others may be full, or stale."""


def count_good_case_messages(size: int) -> dict[str, int]:
    """One block: everybody shares it once with everybody else, two messages per link."""
    return {"TreeBlock": size * (size - 1)}


def count_view_change_messages(_size: int) -> dict[str, int]:
    """There are no views."""
    return {}


def compute_largest_delay_ms(parameters: Any) -> int:
    """Message delays up to a tenth of the interval keep about a tenth of all work from going stale."""
    return max(int(parameters.interval_ms) // 10, 1)


def compute_progress_bound_ms(parameters: Any, size: int, faults: int, delay_ms: int) -> int:
    """From a good network to finality of work known to all, at the pace of the honest alone.

    Raises `ModelError` for a delay as long as the interval between blocks.
    """
    if delay_ms >= parameters.interval_ms:
        raise ModelError(f"delays of {delay_ms} ms are no less than {parameters.interval_ms} ms")
    blocks = parameters.depth + BLOCKS_BEFORE
    pace_ms = (parameters.interval_ms + delay_ms) * size // max(size - faults, 1)
    return int(SAFETY_FACTOR * blocks * pace_ms + 4 * (parameters.resend_ms + delay_ms))
