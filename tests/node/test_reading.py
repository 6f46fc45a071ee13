"""Linearizable reads: who shares a ticket, what an answer is good for, and what becomes of silence."""

import asyncio
from collections.abc import Iterator

import pytest

from consensus.effects import Readable
from consensus.events import Event, Read
from node import reading
from node.api.backend import Freshness
from node.reading import Reads
from tests.node.support import leaving_nothing, until

LONG_S = 30.0


class Bench:
    """A ledger that is a number, an engine that is a list."""

    def __init__(self) -> None:
        self.height = 5
        self.posted: list[Event] = []
        self.reads = Reads(self.posted.append, lambda: self.height, 0)

    def read(self, timeout_s: float = LONG_S) -> "asyncio.Task[Freshness]":
        return asyncio.create_task(self.reads.confirm(timeout_s))

    async def asked(self, *tickets: int) -> None:
        await until(lambda: len(self.posted) >= len(tickets))
        assert self.posted == [Read(ticket) for ticket in tickets]

    def answer(self, ticket: int, height: int) -> None:
        self.reads.on_readable(Readable(ticket, height))

    def execute(self, height: int) -> None:
        self.height = height
        self.reads.on_applied()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.reads.close()


async def settle() -> None:
    """Let every task that can go on go on."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_executed_height_is_read_at_once(bench: Bench) -> None:
    reader = bench.read()
    await bench.asked(1)
    bench.answer(1, 5)
    assert await reader is Freshness.CONFIRMED


async def test_a_height_that_is_not_executed_yet_is_waited_for(bench: Bench) -> None:
    reader = bench.read()
    await bench.asked(1)
    bench.answer(1, 7)
    bench.execute(6)
    await settle()
    assert not reader.done()
    bench.execute(7)
    assert await reader is Freshness.CONFIRMED


async def test_who_comes_while_a_ticket_is_under_way_shares_the_next_one(bench: Bench) -> None:
    first = bench.read()
    await bench.asked(1)
    late = [bench.read() for _ in range(3)]
    await settle()
    await bench.asked(1)
    bench.answer(1, 5)
    assert await first is Freshness.CONFIRMED
    await bench.asked(1, 2)
    assert not any(reader.done() for reader in late)
    bench.answer(2, 5)
    assert [await reader for reader in late] == [Freshness.CONFIRMED] * 3
    assert bench.posted == [Read(1), Read(2)]


async def test_without_readers_nothing_is_asked(bench: Bench) -> None:
    reader = bench.read()
    await bench.asked(1)
    bench.answer(1, 5)
    await reader
    bench.execute(9)
    bench.answer(1, 9)
    await bench.asked(1)


async def test_silence_is_given_up_and_asked_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GIVE_UP_S", 0.01)
    reader = bench.read()
    await until(lambda: len(bench.posted) >= 3)
    assert bench.posted[:3] == [Read(1), Read(2), Read(3)]
    bench.answer(2, 5)
    assert await reader is Freshness.CONFIRMED


async def test_an_earlier_answer_is_no_good_for_a_later_reader(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench.read()
    await bench.asked(1)
    second = bench.read()
    await settle()
    monkeypatch.setattr(reading, "GIVE_UP_S", LONG_S)
    bench.reads._settle_flight()  # as after a silence
    await bench.asked(1, 2)
    bench.answer(1, 5)
    assert await first is Freshness.CONFIRMED
    await settle()
    assert not second.done()
    bench.answer(2, 5)
    assert await second is Freshness.CONFIRMED


async def test_a_later_answer_is_good_for_all_before_it(bench: Bench) -> None:
    first = bench.read()
    await bench.asked(1)
    second = bench.read()
    await settle()
    bench.reads._settle_flight()
    await bench.asked(1, 2)
    bench.answer(2, 6)
    bench.execute(6)
    assert [await first, await second] == [Freshness.CONFIRMED] * 2


async def test_time_runs_out(bench: Bench) -> None:
    assert await bench.read(0.01) is Freshness.UNCONFIRMED
    reader = bench.read(0.02)
    bench.reads._settle_flight()
    await settle()
    bench.answer(9, 8)
    assert await reader is Freshness.UNCONFIRMED


async def test_who_gave_up_is_not_asked_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GIVE_UP_S", 0.01)
    assert await bench.read(0.005) is Freshness.UNCONFIRMED
    await until(lambda: bench.reads._in_flight is None)
    count = len(bench.posted)
    assert not bench.reads._asked
    other = bench.read()
    await until(lambda: len(bench.posted) > count)
    bench.answer(bench.reads._ticket, 5)
    assert await other is Freshness.CONFIRMED


async def test_a_node_that_stops_lets_nobody_wait() -> None:
    async with leaving_nothing():
        bench = Bench()
        readers = [bench.read()]
        await bench.asked(1)
        readers.append(bench.read())
        await settle()
        bench.reads.close()
        assert [await reader for reader in readers] == [Freshness.STOPPING] * 2
        assert await bench.read() is Freshness.STOPPING
