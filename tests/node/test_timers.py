"""Timers with a spread: the draw is added, and nothing is drawn for those without one."""

import asyncio
import random

from consensus.events import Timer
from node.timers import Timers


class Dice(random.Random):
    """Always the greatest face; remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__(0)
        self.asked: list[tuple[int, int]] = []

    def randint(self, a: int, b: int) -> int:
        self.asked.append((a, b))
        return b


async def run_out(after_ms: int, spread_ms: int, rng: random.Random | None = None) -> float:
    """How many milliseconds a timer takes."""
    loop = asyncio.get_running_loop()
    elapsed: asyncio.Future[Timer] = loop.create_future()
    timers = Timers(lambda timer, _number: elapsed.set_result(timer), rng)
    before = loop.time()
    timers.set(("view", 1), after_ms, spread_ms)
    assert await asyncio.wait_for(elapsed, 5) == ("view", 1)
    timers.close()
    return (loop.time() - before) * 1_000


async def test_the_draw_is_added() -> None:
    dice = Dice()
    assert await run_out(10, 60, dice) >= 69
    assert dice.asked == [(0, 60)]


async def test_without_a_spread_nothing_is_drawn() -> None:
    dice = Dice()
    assert await run_out(5, 0, dice) >= 4
    assert dice.asked == []


async def test_a_host_draws_by_itself() -> None:
    assert await run_out(5, 5) >= 4
