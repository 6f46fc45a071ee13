"""The node's failure detector on a real event loop: silence, lost links, and its own pauses."""

import asyncio
import time
from collections.abc import Callable

import pytest

from consensus.errors import ContractError
from consensus.events import Suspected, Trusted
from node.detecting import LOST_MS, Detecting

LONG_MS = 60_000
"""A silence that no test waits for."""


class Ear:
    """A detector, and what it says."""

    def __init__(
        self, silence_ms: int, clock: Callable[[], float] = time.monotonic, *, watched: int = 1
    ) -> None:
        self.words: asyncio.Queue[tuple[Suspected | Trusted, int]] = asyncio.Queue()
        self.detecting = Detecting(
            silence_ms, lambda word, number: self.words.put_nowait((word, number)), clock
        )
        self.detecting.watch(watched)

    def look(self) -> None:
        self.detecting._stop_looking()
        self.detecting._look()

    async def next(self) -> Suspected | Trusted:
        word, number = await asyncio.wait_for(self.words.get(), 5)
        assert self.detecting.is_current(number)
        return word


async def test_a_silence_is_told_once_and_so_is_its_end() -> None:
    ear = Ear(40)
    assert await ear.next() == Suspected(1)
    ear.detecting.heard(2)
    ear.detecting.heard(1)
    ear.detecting.heard(1)
    assert await ear.next() == Trusted(1)
    assert await ear.next() == Suspected(1)
    ear.detecting.close()
    assert ear.words.empty()


async def test_whoever_speaks_in_time_is_not_suspected() -> None:
    ear, silent = Ear(400), Ear(400)
    word = asyncio.create_task(silent.next())
    while not word.done():
        ear.detecting.heard(1)
        await asyncio.wait({word}, timeout=0.02)
    assert word.result() == Suspected(1)
    assert ear.words.empty()
    for each in (ear, silent):
        each.detecting.close()


async def test_words_about_an_older_choice_are_void() -> None:
    ear = Ear(20)
    word, number = await asyncio.wait_for(ear.words.get(), 5)
    assert word == Suspected(1)
    ear.detecting.watch(2)
    assert not ear.detecting.is_current(number)
    assert await ear.next() == Suspected(2)
    ear.detecting.close()


async def test_nobody_is_watched_any_more() -> None:
    ear, other = Ear(40), Ear(120)
    ear.detecting.watch(None)
    assert await other.next() == Suspected(1)
    assert ear.words.empty()
    other.detecting.close()


async def test_a_pause_of_its_own_is_no_silence_of_others() -> None:
    ear = Ear(100)
    time.sleep(0.3)  # noqa: ASYNC251 - the whole process stands still
    await asyncio.sleep(0)
    assert ear.words.empty()
    ear.detecting.heard(1)
    assert await ear.next() == Suspected(1), "and it still notices a real one"
    ear.detecting.close()


async def test_after_a_late_step_what_waits_in_the_sockets_is_handled_first() -> None:
    now_ms = [0]
    ear = Ear(80, lambda: now_ms[0] / 1_000)
    for at_ms in (25, 50, 75, 500):  # the last one was to be at 81, when the silence is too long
        now_ms[0] = at_ms
        ear.look()
    assert ear.words.empty()
    now_ms[0] += 10
    ear.look()
    assert ear.words.get_nowait()[0] == Suspected(1)
    ear.detecting.close()


async def test_a_process_that_is_always_late_suspects_all_the_same() -> None:
    start = time.monotonic()
    ear = Ear(80, lambda: start + 10 * (time.monotonic() - start))
    assert await ear.next() == Suspected(1)
    ear.detecting.close()


async def test_a_lost_link_is_suspected_long_before_the_silence_is() -> None:
    ear = Ear(LONG_MS)
    ear.detecting.on_link(2, is_up=False)
    ear.detecting.on_link(1, is_up=False)
    before = time.monotonic()
    assert await ear.next() == Suspected(1)
    assert LOST_MS - 1 <= (time.monotonic() - before) * 1_000 < 5_000
    ear.detecting.on_link(1, is_up=True)
    ear.detecting.heard(1)
    assert await ear.next() == Trusted(1)
    ear.detecting.close()


async def test_a_link_that_is_back_at_once_is_not_suspected() -> None:
    back, gone = Ear(LONG_MS), Ear(LONG_MS)
    for ear in (back, gone):
        ear.detecting.on_link(1, is_up=False)
    back.detecting.on_link(1, is_up=True)
    assert await gone.next() == Suspected(1)
    assert back.words.empty()
    for ear in (back, gone):
        ear.detecting.close()


async def test_a_link_that_comes_up_counts_as_heard() -> None:
    now_ms = [0]
    ear = Ear(80, lambda: now_ms[0] / 1_000)
    for at_ms in (25, 50, 75):
        now_ms[0] = at_ms
        ear.look()
    ear.detecting.on_link(1, is_up=True)
    for at_ms in (85, 100, 125, 150):
        now_ms[0] = at_ms
        ear.look()
    assert ear.words.empty()
    now_ms[0] = 156
    ear.look()
    assert ear.words.get_nowait()[0] == Suspected(1)
    ear.detecting.on_link(1, is_up=True)
    assert ear.words.empty(), "trusted is who speaks"
    ear.detecting.close()


async def test_whoever_has_no_link_any_more_is_suspected_soon_after_it_is_chosen() -> None:
    ear = Ear(LONG_MS)
    ear.detecting.on_link(2, is_up=False)
    ear.detecting.watch(2)
    assert await ear.next() == Suspected(2)
    ear.detecting.close()


async def test_an_engine_without_a_stated_silence_cannot_watch() -> None:
    detecting = Detecting(0, lambda _word, _number: None)
    detecting.heard(1)
    detecting.on_link(1, is_up=False)
    assert not detecting.is_current(0)
    with pytest.raises(ContractError, match="silence_ms"):
        detecting.watch(1)
    detecting.close()
