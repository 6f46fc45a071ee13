"""The driver: effects in order, and nothing that follows a record leaves before it is durable."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from consensus.effects import (
    Adopt,
    Broadcast,
    CancelTimer,
    Effect,
    Finalize,
    Ignore,
    Mine,
    Persist,
    Readable,
    Rewrite,
    Send,
    SetTimer,
    Share,
    Toss,
    Watch,
)
from consensus.errors import ContractError
from consensus.events import Elapsed, Event, Pending, Received, Suspected, Trusted
from node.driver import Driver
from node.journal import Journal, create_journal
from node.stages import Stages

SPEC: Any = SimpleNamespace(records=SimpleNamespace(encode=lambda record: record))


class Scripted:
    """An engine that answers each event with the next list of effects."""

    def __init__(self, *answers: list[Effect]) -> None:
        self.answers = list(answers)
        self.seen: list[Event] = []

    def react(self, event: Event) -> Iterator[Effect]:
        self.seen.append(event)
        if self.answers:
            yield from self.answers.pop(0)


class Recorder:
    """A host that writes down what it is asked, and can be waited for."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self._news = asyncio.Event()

    def __getattr__(self, name: str) -> Callable[[Any], None]:
        def note(effect: Any) -> None:
            self.done.append(effect)
            self._news.set()

        return note

    async def until(self, count: int) -> list[Any]:
        while len(self.done) < count:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 5)
        return self.done


class Bench:
    """A driver with a scripted engine, a real journal, and a gate before each sync."""

    def __init__(self, path: Path, *answers: list[Effect], silence_ms: int = 0) -> None:
        create_journal(path)
        self.journal = Journal.open(path)
        self.engine = Scripted(*answers)
        self.host = Recorder()
        self.gate = threading.Event()
        self.gate.set()
        self.syncs = 0
        self.failures: list[BaseException] = []
        self.driver = Driver(
            self.engine,
            SPEC,
            self.journal,
            sync=self.sync,
            host=self.host,
            stages=Stages(),
            on_failure=self.failures.append,
            read_clock_ms=lambda: 0,
            silence_ms=silence_ms,
        )

    def sync(self, taken: tuple[bool, list[bytes]]) -> None:
        assert self.gate.wait(5)
        self.syncs += 1
        self.journal.write(taken)

    def stored(self, path: Path) -> tuple[bytes, ...]:
        journal = Journal.open(path)
        journal.close()
        return journal.records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


async def test_effects_after_a_record_wait_for_its_sync(path: Path) -> None:
    bench = Bench(path, [Send(1, b"before"), Persist(b"vote"), Send(1, b"after"), Send(2, b"too")])
    bench.gate.clear()
    bench.driver.start(Pending(True))
    assert await bench.host.until(1) == [Send(1, b"before")]
    assert bench.stored(path) == ()
    bench.gate.set()
    await bench.host.until(3)
    assert bench.stored(path) == (b"vote",)
    assert bench.host.done[1:] == [Send(1, b"after"), Send(2, b"too")]
    await bench.driver.close()


async def test_steps_during_a_sync_share_the_next_one_and_keep_their_order(path: Path) -> None:
    steps: list[list[Effect]] = [[Persist(b"%d" % i), Broadcast(i)] for i in range(5)]
    bench = Bench(path, *steps, [Send(0, b"unrelated")])
    bench.gate.clear()
    bench.driver.start(Pending(True))
    for _ in range(5):
        await bench.driver.deliver(Pending(True))
    bench.gate.set()
    await bench.host.until(6)
    assert bench.host.done == [*map(Broadcast, range(5)), Send(0, b"unrelated")]
    assert bench.syncs == 2
    assert bench.stored(path) == (b"0", b"1", b"2", b"3", b"4")
    await bench.driver.close()


async def test_what_stays_within_the_node_does_not_wait(path: Path) -> None:
    bench = Bench(path, [Persist(b"vote"), Ignore(b"message", "stale"), Send(1, b"after")])
    bench.gate.clear()
    bench.driver.start(Pending(True))
    assert await bench.host.until(1) == [Ignore(b"message", "stale")]
    bench.gate.set()
    await bench.host.until(2)
    await bench.driver.close()


async def test_a_common_coin_is_asked_for_like_a_word_to_others_an_own_one_at_once(
    path: Path,
) -> None:
    own, common = Toss((1,), common=False), Toss((1,), common=True)
    bench = Bench(path, [Persist(b"vote"), common, own])
    bench.gate.clear()
    bench.driver.start(Pending(True))
    assert await bench.host.until(1) == [own]
    bench.gate.set()
    assert await bench.host.until(2) == [own, common]
    await bench.driver.close()


async def test_a_rewrite_is_synced_before_what_follows(path: Path) -> None:
    bench = Bench(path, [Persist(b"old")], [Rewrite((b"new",)), Send(1, b"after")])
    bench.driver.start(Pending(True))
    bench.driver.post(Pending(False))
    await bench.host.until(1)
    assert bench.stored(path) == (b"new",)
    await bench.driver.close()


async def test_a_failed_sync_ends_the_driver_and_releases_nothing(path: Path) -> None:
    bench = Bench(path, [Persist(b"vote"), Send(1, b"after")])

    def fail(taken: tuple[bool, list[bytes]]) -> None:
        raise OSError("no space left")

    bench.driver._sync = fail
    failed = asyncio.Event()

    def note(error: BaseException) -> None:
        bench.failures.append(error)
        failed.set()

    bench.driver._on_failure = note
    bench.driver.start(Pending(True))
    await asyncio.wait_for(failed.wait(), 5)
    assert isinstance(bench.failures[0], OSError)
    assert bench.host.done == []
    await bench.driver.close()


async def test_closing_waits_for_the_sync_in_flight_and_releases_nothing(path: Path) -> None:
    bench = Bench(path, [Persist(b"vote"), Send(1, b"after"), Persist(b"next")])
    bench.gate.clear()
    bench.driver.start(Pending(True))
    await bench.driver.deliver(Pending(True))
    closing = asyncio.create_task(bench.driver.close())
    done, _ = await asyncio.wait({closing}, timeout=0.05)
    assert not done, "the thread still writes to the journal"
    bench.gate.set()
    await asyncio.wait_for(closing, 5)
    bench.journal.close()
    assert bench.stored(path) == (b"vote", b"next")
    assert bench.host.done == []
    assert bench.failures == []


class Broken(Scripted):
    """An engine with a bug."""

    def react(self, event: Event) -> Iterator[Effect]:
        if isinstance(event, Received):
            raise ZeroDivisionError
        yield from super().react(event)


async def test_an_error_in_a_step_is_told_and_leaves_no_peer_waiting(path: Path) -> None:
    bench = Bench(path)
    bench.driver._engine = Broken()
    bench.driver.start(Pending(True))
    said = [bench.driver.deliver(Received(number, b"hello")) for number in range(3)]
    await asyncio.wait_for(asyncio.gather(*said), 5)
    assert [type(error) for error in bench.failures] == [ZeroDivisionError]
    await asyncio.wait_for(bench.driver.deliver(Received(3, b"too late")), 5)
    await bench.driver.close()


async def test_after_a_failed_sync_nothing_more_is_taken(path: Path) -> None:
    bench = Bench(path, [Persist(b"vote"), Send(1, b"after")], [Send(1, b"more")])
    failed = asyncio.Event()

    def fail(taken: tuple[bool, list[bytes]]) -> None:
        raise OSError("no space left")

    bench.driver._sync = fail
    bench.driver._on_failure = lambda error: failed.set()
    bench.driver.start(Pending(True))
    await asyncio.wait_for(failed.wait(), 5)
    await asyncio.wait_for(bench.driver.deliver(Received(3, b"too late")), 5)
    assert bench.engine.seen == [Pending(True)]
    assert bench.host.done == []
    await bench.driver.close()


async def test_a_timer_set_again_or_cancelled_never_arrives(path: Path) -> None:
    bench = Bench(
        path,
        [SetTimer(("a",), 1), SetTimer(("b",), 1), SetTimer(("c",), 30)],
        [SetTimer(("a",), 20), CancelTimer(("b",))],
        [Send(0, b"a ran out")],
        [Send(0, b"c ran out")],
    )
    bench.driver.start(Pending(True))
    bench.driver.post(Pending(False))
    await bench.host.until(2)
    elapsed = [event for event in bench.engine.seen if isinstance(event, Elapsed)]
    assert elapsed == [Elapsed(("a",)), Elapsed(("c",))]
    await bench.driver.close()


async def test_a_peer_waits_until_the_engine_has_taken_its_message(path: Path) -> None:
    bench = Bench(path)
    bench.driver.start(Pending(False))
    await bench.driver.deliver(Received(2, b"hello"))
    assert bench.engine.seen == [Pending(False), Received(2, b"hello")]
    await bench.driver.close()
    await bench.driver.deliver(Received(2, b"too late"))
    assert len(bench.engine.seen) == 2


async def test_what_a_tree_of_blocks_asks_leaves_in_its_order(path: Path) -> None:
    effects: list[Effect] = [
        Send(1, b"before"),
        Mine(None),
        Adopt(b"tip"),
        Finalize(1, b"low"),
        Share(b"tip", None),
        Send(1, b"after"),
    ]
    bench = Bench(path, effects)
    bench.driver.start(Pending(True))
    assert await bench.host.until(len(effects)) == effects
    assert bench.driver.has_started
    await bench.driver.close()
    assert bench.failures == []


async def test_the_engine_hears_of_a_silence_and_of_its_end(path: Path) -> None:
    bench = Bench(path, [Persist(b"vote"), Watch(2)], [Send(0, b"silent")], silence_ms=30)
    bench.driver.start(Pending(True))
    assert await bench.host.until(1) == [Send(0, b"silent")]
    await bench.driver.deliver(Received(2, b"hello"))
    await bench.driver.deliver(Received(3, b"hello"))
    await bench.driver.close()
    assert bench.engine.seen[:4] == [
        Pending(True),
        Suspected(2),
        Received(2, b"hello"),
        Trusted(2),
    ]


async def test_a_word_on_a_replica_that_is_not_watched_any_more_never_arrives(path: Path) -> None:
    bench = Bench(path, [Watch(2)], [Watch(None)], [Send(0, b"done")], silence_ms=60_000)
    bench.driver.start(Pending(True))
    await bench.driver.deliver(Received(2, b"hello"))
    bench.driver.detecting.watch(2)
    bench.driver.detecting._give_up()  # its word waits behind what makes it void
    bench.driver.detecting.watch(3)
    await bench.driver.deliver(Received(2, b"again"))
    await bench.host.until(1)
    await bench.driver.close()
    assert bench.engine.seen == [Pending(True), Received(2, b"hello"), Received(2, b"again")]


async def test_a_lost_link_reaches_the_engine(path: Path) -> None:
    bench = Bench(path, [Watch(2)], [Send(0, b"suspects")], silence_ms=60_000)
    bench.driver.start(Pending(True))
    bench.driver.on_link(2, is_up=False)
    await bench.host.until(1)
    assert bench.engine.seen == [Pending(True), Suspected(2)]
    await bench.driver.close()
    bench.driver.on_link(2, is_up=False)
    assert bench.failures == []


async def test_watching_without_a_stated_silence_ends_the_driver(path: Path) -> None:
    bench = Bench(path, [Watch(2)])
    failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    bench.driver._on_failure = failed.set_result
    bench.driver.start(Pending(True))
    assert isinstance(await asyncio.wait_for(failed, 5), ContractError)
    await bench.driver.close()


async def test_a_reader_is_told_nothing_before_the_records_it_depends_on(path: Path) -> None:
    bench = Bench(path, [Readable(1, 4), Persist(b"promise"), Readable(2, 5)])
    bench.gate.clear()
    bench.driver.start(Pending(True))
    assert await bench.host.until(1) == [Readable(1, 4)]
    bench.gate.set()
    assert await bench.host.until(2) == [Readable(1, 4), Readable(2, 5)]
    await bench.driver.close()
