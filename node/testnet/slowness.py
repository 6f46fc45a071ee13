"""Slow links: what a relay passes on comes later, in order, and at a bounded rate.

TCP delivers everything in order, so a link that loses packets shows as one that is slower and less
even; that is what delay, jitter and rate make of it.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable

import msgspec

PIPE_BYTES_MAX = 4 * 1024 * 1024
"""On its way in one direction; beyond that the sender is not read from, as with a full socket."""


class Slowness(msgspec.Struct, frozen=True):
    """Every byte comes `delay_ms` later and up to `jitter_ms` more; 0 is no bound on the rate."""

    delay_ms: int = 0
    jitter_ms: int = 0
    bytes_per_s: int = 0

    @property
    def is_none(self) -> bool:
        """Is the link as fast as the machine."""
        return not (self.delay_ms or self.jitter_ms or self.bytes_per_s)


NOT_SLOW = Slowness()


class Pace:
    """How slow the links of one relay are just now; shared by all its connections."""

    def __init__(self) -> None:
        self.slowness = NOT_SLOW
        self._chance = random.Random("")  # noqa: S311 - jitter, not secrets

    def set(self, slowness: Slowness, seed: str) -> None:
        """From here on; jitter is drawn from the seed."""
        self.slowness = slowness
        self._chance = random.Random(seed)  # noqa: S311 - as above

    def draw_delay_s(self) -> float:
        """How much later the next piece comes."""
        slowness = self.slowness
        jitter_ms = self._chance.uniform(0, slowness.jitter_ms) if slowness.jitter_ms else 0.0
        return (slowness.delay_ms + jitter_ms) / 1_000


class Pipe:
    """One direction of one connection: pieces wait here until they are due, the end after them all.

    `write` gets each piece, None for the end of what this side says. `on_room` is told when the pipe
    takes in again after it was full.
    """

    def __init__(
        self, pace: Pace, write: Callable[[bytes | None], None], on_room: Callable[[], None]
    ) -> None:
        self._pace = pace
        self._write = write
        self._on_room = on_room
        self._waiting: deque[tuple[float, bytes | None]] = deque()
        self._free_at = self._last_due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._was_full = False
        self.size_bytes = 0

    @property
    def is_empty(self) -> bool:
        """Is nothing on its way."""
        return not self._waiting

    @property
    def is_full(self) -> bool:
        """Should nothing more be taken in for now."""
        self._was_full = self._was_full or self.size_bytes >= PIPE_BYTES_MAX
        return self._was_full

    def put(self, data: bytes | None) -> None:
        """One more piece; at once where the link is not slow and nothing is before it."""
        if self._pace.slowness.is_none and not self._waiting:
            self._write(data)
            return
        self._waiting.append((self._find_due(len(data or b"")), data))
        self.size_bytes += len(data or b"")
        self._wait()

    def hurry(self) -> None:
        """The link is fast again: what is on its way arrives now."""
        if self._pace.slowness.is_none and self._waiting:
            self._waiting = deque((0.0, data) for _, data in self._waiting)
            self._free_at = self._last_due = 0.0
            self._deliver()

    def drop(self) -> None:
        """Nothing arrives any more."""
        self._waiting.clear()
        self.size_bytes = 0
        if self._timer is not None:
            self._timer.cancel()

    def _find_due(self, size_bytes: int) -> float:
        """After its delay, not before the piece before it, and when the bytes before it are through."""
        now, rate = asyncio.get_running_loop().time(), self._pace.slowness.bytes_per_s
        self._free_at = max(self._free_at, now) + (size_bytes / rate if rate else 0.0)
        self._last_due = max(self._last_due, self._free_at + self._pace.draw_delay_s())
        return self._last_due

    def _wait(self) -> None:
        if self._timer is None and self._waiting:
            self._timer = asyncio.get_running_loop().call_at(self._waiting[0][0], self._deliver)

    def _deliver(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = asyncio.get_running_loop().time()
        while self._waiting and self._waiting[0][0] <= now:
            _, data = self._waiting.popleft()
            self.size_bytes -= len(data or b"")
            self._write(data)
        if self._was_full and self.size_bytes < PIPE_BYTES_MAX // 2:
            self._was_full = False
            self._on_room()
        self._wait()
