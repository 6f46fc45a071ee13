"""Where the time goes: processor seconds per stage, so that a profile per transaction adds up.

Stages do not nest. Seconds are those of the thread that did the work (`time.thread_time`), not of
the clock on the wall, so that four nodes on two cores measure themselves rightly.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stages:
    """Accumulated processor seconds by stage name; may be used from several threads."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add what the body takes to `stage`."""
        before = time.thread_time()
        try:
            yield
        finally:
            self.add(stage, time.thread_time() - before)

    def add(self, stage: str, seconds: float) -> None:
        """Add `seconds` of processor time to `stage`."""
        with self._lock:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
