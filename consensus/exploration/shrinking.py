"""Schedules without the moves that are not needed: for searches that do not find a shortest one.

Delta debugging (Zeller and Hildebrandt 2002): runs of moves are left out, long runs first, as long as
what is left can be played and still breaks the property. In the end no single move can be left out.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

Step = TypeVar("Step")


def shrink(moves: Sequence[Step], breaks: Callable[[Sequence[Step]], bool]) -> list[Step]:
    """The moves that are left; `breaks` plays them afresh, and says no to what cannot be played."""
    best = list(moves)
    assert breaks(best)
    length = max(len(best) // 2, 1)
    while length:
        at, before = 0, len(best)
        while at < len(best):
            fewer = best[:at] + best[at + length :]
            if breaks(fewer):
                best = fewer
            else:
                at += length
        if length == 1 and len(best) < before:
            continue
        length //= 2
    return best
