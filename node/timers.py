"""An engine's timers on the event loop's clock."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from consensus.events import Elapsed, Timer


@dataclass(slots=True)
class _Armed:
    handle: asyncio.TimerHandle
    generation: int


class Timers:
    """Named timers of which each runs out at most once; setting one again replaces it.

    `on_elapsed(elapsed, generation)` is called when one runs out. The event then waits in a queue,
    so whoever takes it out asks `is_current` first: a timer that was cancelled or set again
    meanwhile must not arrive. `read_clock_ms` counts from the genesis, for timers that keep step.
    """

    def __init__(
        self,
        on_elapsed: Callable[[Elapsed, int], None],
        read_clock_ms: Callable[[], int],
        rng: random.Random | None = None,
    ) -> None:
        self._on_elapsed = on_elapsed
        self._read_clock_ms = read_clock_ms
        self._rng = rng or random.SystemRandom()
        self._armed: dict[Timer, _Armed] = {}
        self._generation = 0

    def set(self, timer: Timer, after_ms: int, spread_ms: int = 0) -> None:
        """Let `timer` run out so many milliseconds from now, and a draw of 0 … `spread_ms` more."""
        self.cancel(timer)
        self._generation += 1
        if spread_ms:
            after_ms += self._rng.randint(0, spread_ms)
        self._arm(timer, after_ms, lambda: Elapsed(timer))

    def set_step(self, timer: Timer, align_ms: int) -> None:
        """Let `timer` run out when the clock next comes to a whole multiple of `align_ms`."""
        self.cancel(timer)
        self._generation += 1
        now_ms = self._read_clock_ms()
        tick = now_ms // align_ms + 1

        def say() -> Elapsed:
            return Elapsed(timer, max(tick, self._read_clock_ms() // align_ms))

        self._arm(timer, tick * align_ms - now_ms, say)

    def _arm(self, timer: Timer, after_ms: int, say: Callable[[], Elapsed]) -> None:
        generation = self._generation
        handle = asyncio.get_running_loop().call_later(
            after_ms / 1000, lambda: self._on_elapsed(say(), generation)
        )
        self._armed[timer] = _Armed(handle, generation)

    def cancel(self, timer: Timer) -> None:
        """Forget `timer`; harmless if it is not set."""
        if armed := self._armed.pop(timer, None):
            armed.handle.cancel()

    def is_current(self, timer: Timer, generation: int) -> bool:
        """Is this the setting of `timer` that counts; if so it is used up by asking."""
        armed = self._armed.get(timer)
        if armed is None or armed.generation != generation:
            return False
        del self._armed[timer]
        return True

    def close(self) -> None:
        """Cancel them all."""
        for armed in self._armed.values():
            armed.handle.cancel()
        self._armed.clear()
