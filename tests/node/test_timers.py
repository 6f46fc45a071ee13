"""Timers with a spread: the draw is added, and nothing is drawn for those without one."""

import asyncio
import random

from consensus.events import Elapsed, Timer
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
    timers = Timers(lambda event, _number: elapsed.set_result(event.timer), lambda: 0, rng)
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


async def test_a_step_runs_out_at_a_whole_multiple_and_says_at_which() -> None:
    loop = asyncio.get_running_loop()
    elapsed: asyncio.Future[Elapsed] = loop.create_future()
    origin = loop.time() - 1.234

    def read_clock_ms() -> int:
        return int((loop.time() - origin) * 1_000)

    timers = Timers(lambda event, _number: elapsed.set_result(event), read_clock_ms)
    timers.set_step(("round",), 50)
    event = await asyncio.wait_for(elapsed, 5)
    assert event.timer == ("round",)
    assert event.tick >= 25
    assert read_clock_ms() // 50 >= event.tick
    timers.close()


async def test_a_host_that_is_late_is_told_how_late() -> None:
    clock = [101]
    elapsed: asyncio.Future[Elapsed] = asyncio.get_running_loop().create_future()
    timers = Timers(lambda event, _number: elapsed.set_result(event), lambda: clock[0])
    timers.set_step(("round",), 10)
    clock[0] = 148
    assert await asyncio.wait_for(elapsed, 5) == Elapsed(("round",), 14)
    timers.close()
