"""The hub: who subscribes gets every event once, and nobody waits for those who do not read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ledger.store.store import Batch
from node.events import groups, pump
from node.events import log as log_module
from node.events.cursor import Position, after_all
from node.events.forms import Wire
from node.events.groups import End, Ended
from node.events.hub import CursorError, TooManyError
from node.events.kinds import Filter, Kind
from tests.ledger.support import ALICE, BOB, CAROL
from tests.node.events.support import FakeOutlet, World
from tests.node.support import until

BLOCKS = Filter(frozenset({Kind.BLOCK}))


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(pump, "PACE_MIN_S", 0.001)
    monkeypatch.setattr(pump, "SWEEP_S", 0.01)
    one = World()
    one.hub.start()
    yield one
    await one.hub.close()
    assert one.failures == []


@asynccontextmanager
async def subscribed(
    world: World,
    outlet: FakeOutlet,
    wanted: Filter = BLOCKS,
    after: Position | None = None,
    *,
    follow: bool = True,
) -> AsyncIterator["asyncio.Task[Ended]"]:
    """A subscriber that has been told its position."""

    async def serve() -> Ended:
        with world.hub.take_seat():
            return await world.hub.subscribe(outlet, wanted, after, follow=follow)

    task = asyncio.create_task(serve())
    await until(lambda: outlet.sent or task.done())
    try:
        yield task
    finally:
        outlet.is_lost = True
        await task


async def test_from_now_on(world: World) -> None:
    world.grow()
    await until(lambda: world.hub.told.place == world.log.newest)
    outlet = FakeOutlet()
    async with subscribed(world, outlet):
        world.grow()
        world.grow()
        await until(lambda: outlet.heights("block") == [2, 3])
        assert outlet.kinds() == ["block", "block"]


async def test_from_the_beginning_and_on(world: World) -> None:
    for _ in range(3):
        world.grow()
    outlet = FakeOutlet()
    async with subscribed(world, outlet, after=world.hub.oldest):
        await until(lambda: outlet.heights("block") == [1, 2, 3])
        world.grow()
        await until(lambda: outlet.heights("block") == [1, 2, 3, 4])


async def test_whatever_cursor_nothing_is_lost_or_told_twice(world: World) -> None:
    pays = [world.pay() for _ in range(3)]
    world.admit(*pays)
    world.grow(*pays)
    world.grow()
    whole = FakeOutlet()
    async with subscribed(world, whole, Filter(), world.hub.oldest, follow=False) as task:
        assert await task == (End.CAUGHT_UP, world.hub.told)
    events = list(whole.events())
    assert len(events) > 10
    for number, event in enumerate(events):
        rest = FakeOutlet()
        after = world.hub.locate(event["cursor"])
        async with subscribed(world, rest, Filter(), after, follow=False) as task:
            await task
        assert list(rest.events()) == events[number + 1 :]


async def test_events_that_come_while_the_log_is_read_come_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.events.replaying.SLICE_RECORDS", 2)
    for _ in range(10):
        world.grow()
    outlets = [FakeOutlet() for _ in range(5)]
    async with (
        subscribed(world, outlets[0], after=world.hub.oldest),
        subscribed(world, outlets[1], after=world.hub.oldest),
        subscribed(world, outlets[2], Filter(), world.hub.oldest),
    ):
        for _ in range(10):
            world.grow()
            await asyncio.sleep(0)
        for outlet in outlets[:3]:
            await until(lambda outlet=outlet: outlet.heights("block") == list(range(1, 21)))  # type: ignore[misc]


async def test_a_transaction_is_told_to_those_it_is_about(world: World) -> None:
    ours, theirs = world.pay(ALICE, BOB), world.pay(BOB, CAROL)
    alice, one, all_, none = (FakeOutlet() for _ in range(4))
    only = frozenset({Kind.TRANSACTION})
    async with (
        subscribed(world, alice, Filter(only, frozenset({ALICE.public_key}))),
        subscribed(world, one, Filter(only, frozenset(), frozenset({theirs.id}))),
        subscribed(world, all_, Filter(only)),
        subscribed(world, none, BLOCKS),
    ):
        world.admit(ours, theirs)
        world.grow(ours, theirs)
        await until(lambda: len(list(all_.events())) == 4)
        await until(lambda: none.heights("block") == [1])
        assert [event["data"]["id"] for event in alice.events()] == [ours.id.hex()] * 2
        assert [event["data"]["id"] for event in one.events()] == [theirs.id.hex()] * 2
        assert none.kinds() == ["block"]


async def test_who_comes_while_events_are_made_gets_its_transactions(world: World) -> None:
    blocks, late = FakeOutlet(), FakeOutlet()
    pays = [world.pay() for _ in range(3)]
    async with subscribed(world, blocks):
        expand = world.hub.made.expand
        joined = asyncio.Event()

        async def slowly(reads: object, *, with_transactions: bool) -> object:
            events = await expand(reads, with_transactions=with_transactions)  # type: ignore[arg-type]
            await joined.wait()
            return events

        world.hub.made.expand = slowly  # type: ignore[method-assign, assignment]
        world.grow(*pays)
        await until(lambda: not world.hub.pump._stir.is_set())
        task = asyncio.create_task(world.hub.pump.join(late, Filter()))
        await until(lambda: (Wire.WEBSOCKET, Filter()) in world.hub.pump._groups)
        joined.set()
        await until(lambda: len(late.kinds()) == 5)
        assert late.kinds() == ["block", "final", *["transaction"] * 3]
    late.is_lost = True
    await task


async def test_a_stuck_subscriber_is_given_one_chunk_and_holds_up_nobody(world: World) -> None:
    stuck, quick = FakeOutlet(is_stuck=True), FakeOutlet()
    async with subscribed(world, stuck), subscribed(world, quick):
        for _ in range(5):
            world.grow()
        await until(lambda: len(quick.heights("block")) == 5)
        assert len(stuck.sent) == 1
        stuck.is_stuck, stuck.waiting = False, 0
        await until(lambda: len(stuck.heights("block")) == 5)


async def test_a_subscriber_that_is_too_slow_is_dropped_where_it_can_resume(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "QUEUE_BYTES_MAX", 2_000)
    stuck, quick = FakeOutlet(is_stuck=True), FakeOutlet()
    async with subscribed(world, stuck) as task, subscribed(world, quick):
        for _ in range(30):
            world.grow()
            await until(lambda: len(quick.heights("block")) == world.chain.height)
        ended = await task
        assert ended.reason is End.TOO_SLOW
        told = len(stuck.heights("block"))
        resumed = FakeOutlet()
        async with subscribed(world, resumed, after=ended.position):
            await until(lambda: len(resumed.heights("block")) == 30 - told)
            assert resumed.heights("block") == list(range(told + 1, 31))
        dropped = world.metrics.event_subscribers_dropped.labels("too-slow")
        assert dropped._value.get() == 1


async def test_queues_are_bounded_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "QUEUES_BYTES_MAX", 5_000)
    outlets = [FakeOutlet(wire, is_stuck=True) for wire in Wire]
    async with subscribed(world, outlets[0]) as first, subscribed(world, outlets[1]) as second:
        for _ in range(60):
            world.grow()
            held = sum(group.size_bytes for group in world.hub.pump._groups.values())
            assert held <= 5_000
            await asyncio.sleep(0)
        ends = {(await task).reason for task in (first, second)}
        assert ends == {End.TOO_SLOW}


async def test_a_stalled_subscriber_is_dropped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "WRITE_DEADLINE_S", 0.05)
    stuck = FakeOutlet(is_stuck=True)
    async with subscribed(world, stuck) as task:
        world.grow()
        assert (await task).reason is End.STALLED


async def test_lost_connections_are_let_go(world: World) -> None:
    lost, breaking = FakeOutlet(), FakeOutlet()
    async with subscribed(world, lost) as first, subscribed(world, breaking) as second:
        await until(lambda: world.hub.count == 2)
        lost.is_lost = True
        assert (await first).reason is End.GONE
        breaking.breaks = True
        world.grow()
        assert (await second).reason is End.GONE
    assert world.hub.count == 0
    assert world.hub.pump._groups == {}


async def test_a_quiet_subscriber_is_told_its_position(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "HEARTBEAT_S", 0.01)
    monkeypatch.setattr(world.hub.pump, "_heartbeat_at", 0.0)
    outlet = FakeOutlet()
    async with subscribed(world, outlet, Filter(frozenset({Kind.ALARM}))):
        world.grow()
        await until(lambda: world.hub.told.spell(world.log.id).encode() in outlet.sent[-1])
        assert outlet.kinds() == []


async def test_places_are_bounded(world: World) -> None:
    world.hub._subscribers_max = 1
    with world.hub.take_seat():
        assert world.metrics.event_subscribers._value.get() == 1
        with pytest.raises(TooManyError) as raised:
            world.hub.take_seat()
        assert raised.value.reason == "too-many-subscribers"
    with world.hub.take_seat():
        pass


async def test_closing_tells_what_there_is_and_ends_everything(world: World) -> None:
    outlet = FakeOutlet()
    async with subscribed(world, outlet) as task:
        world.grow()
        await world.hub.close()
        assert await task == (End.STOPPING, Position(1, 2, 0))
    assert outlet.heights("block") == [1]
    with pytest.raises(TooManyError) as raised:
        world.hub.take_seat()
    assert raised.value.reason == "node-stopping"


async def test_sent_events_are_counted_by_kind(world: World) -> None:
    outlets = [FakeOutlet(), FakeOutlet()]
    async with subscribed(world, outlets[0]), subscribed(world, outlets[1], Filter()):
        world.grow()
        await until(lambda: outlets[1].kinds() == ["block", "final"])
        sent = world.metrics.events_sent
        await until(lambda: sent.labels("block")._value.get() == 2)
        assert sent.labels("final")._value.get() == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "cursor-invalid"),
        ("{id}-1-999", "cursor-invalid"),
        ("{id}-9-1", "cursor-invalid"),
        ("ffffffff-1-1", "cursor-unknown"),
    ],
)
async def test_cursors_that_lead_nowhere(world: World, text: str, reason: str) -> None:
    with pytest.raises(CursorError) as raised:
        world.hub.locate(text.format(id=world.log.id))
    assert raised.value.reason == reason
    assert raised.value.advice


async def test_a_cursor_may_be_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "SEGMENT_RECORDS", 2)
    world = World()
    world.open(count_max=6)
    first = Position(world.log.run, 1, 0)
    for _ in range(10):
        world.grow()
    with pytest.raises(CursorError) as raised:
        world.hub.locate(first.spell(world.log.id))
    assert raised.value.reason == "cursor-too-old"
    assert world.hub.locate(world.hub.oldest.spell(world.log.id)) == world.hub.oldest


async def test_what_goes_while_it_is_read_ends_the_stream(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(10):
        world.grow()
    after = Position(1, 3, 0)
    world.log.forgotten = after_all(Position(1, 5, 0).place).place
    async with subscribed(world, FakeOutlet(), after=after) as task:
        assert (await task).reason is End.CURSOR_TOO_OLD


async def test_a_cursor_that_a_power_cut_took_is_answered_with_a_gap() -> None:
    world = World()
    world.grow()
    key = list(world.log_store.scan(b"e", b"f"))[-1][0]
    cursor = Position(*world.log.newest, 0).spell(world.log.id)
    batch = Batch()
    batch.delete(key)
    world.log_store.write(batch)
    world.open()
    world.hub.start()
    outlet = FakeOutlet()
    after = world.hub.locate(cursor)
    async with subscribed(world, outlet, Filter(), after, follow=False) as task:
        await task
    first, *rest = outlet.events()
    assert (first["kind"], first["data"]["reason"], first["cursor"]) == (
        "gap",
        "power-lost",
        cursor,
    )
    assert [event["kind"] for event in rest] == ["node"]
    await world.hub.close()


def test_a_node_without_events_writes_nothing_and_serves_nobody() -> None:
    world = World(subscribers_max=0)
    world.admit(world.pay())
    world.grow()
    world.recorder.on_alarm("x", "y")
    assert world.log.count == 0
    with pytest.raises(TooManyError) as raised:
        world.hub.take_seat()
    assert raised.value.reason == "events-off"


def test_limits_fit_each_other() -> None:
    assert groups.CHUNK_BYTES_MAX < groups.QUEUE_BYTES_MAX < groups.QUEUES_BYTES_MAX


async def test_when_the_pump_is_far_behind_all_resume_from_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "FRESH_MAX", 10)
    outlet, resumed = FakeOutlet(), FakeOutlet()
    async with subscribed(world, outlet) as task:
        for _ in range(20):
            world.grow()
        ended = await task
    assert ended.reason is End.TOO_SLOW
    async with subscribed(world, resumed, after=ended.position):
        await until(lambda: resumed.heights("block") == list(range(1, 21)))
        world.grow()
        await until(lambda: resumed.heights("block") == list(range(1, 22)))
