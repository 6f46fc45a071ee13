"""Since when something is so: whoever looks often enough can date every change.

Durations come from the monotonic clock, so that nobody's setting of a clock makes a fault older.
"""

import time
from collections.abc import Callable, Hashable


class Dates:
    """Remembers when each of a few named things last changed, as far as it was told."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks: dict[Hashable, tuple[object, float]] = {}

    def age_ms(self, name: Hashable, mark: object) -> int:
        """Milliseconds since `name` has been `mark`, 0 if it has just become so."""
        known = self._marks.get(name)
        if known is None or known[0] != mark:
            known = self._marks[name] = (mark, self._clock())
        return int((self._clock() - known[1]) * 1_000)
