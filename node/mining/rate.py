"""How many hashes a second, lately."""

from collections import deque
from collections.abc import Callable

WINDOW_S = 10.0


class Rate:
    """A sum, and its growth over a sliding window."""

    def __init__(self, clock: Callable[[], float], window_s: float = WINDOW_S) -> None:
        self.total = 0
        self._clock = clock
        self._window_s = window_s
        self._counts: deque[tuple[float, int]] = deque()
        self._started = clock()

    def add(self, count: int) -> None:
        """So many more, just now."""
        self.total += count
        self._counts.append((self._clock(), count))
        self._forget()

    @property
    def per_second(self) -> float:
        """Over the window, or since the start where that is shorter."""
        self._forget()
        seconds = min(self._window_s, self._clock() - self._started)
        return sum(count for _, count in self._counts) / seconds if seconds > 0 else 0.0

    def _forget(self) -> None:
        since = self._clock() - self._window_s
        while self._counts and self._counts[0][0] < since:
            self._counts.popleft()
