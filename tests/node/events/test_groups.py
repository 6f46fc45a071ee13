"""Chunks and groups: bytes shared, queued once, bounded."""

import asyncio

from node.events import groups
from node.events.cursor import Position
from node.events.forms import Event, Wire
from node.events.groups import Chunk, End, Group, Subscriber, make_chunks
from node.events.kinds import Filter, Kind
from tests.node.events.support import FakeOutlet


def event(number: int, size: int = 10) -> Event:
    return Event(Position(1, number, 0), Kind.BLOCK, 5, {"x": "y" * size}, number)


def join(group: Group) -> Subscriber:
    ended = asyncio.get_running_loop().create_future()
    member = Subscriber(FakeOutlet(), group.end, Position(1, 0, 0), ended)
    group.members.add(member)
    return member


def chunk(number: int, size: int = 100) -> Chunk:
    (made,) = make_chunks([event(number, size)], "0" * 8, Wire.SSE)
    return made


def test_chunks_are_bounded_and_say_where_they_end() -> None:
    events = [event(number, 6_000) for number in range(1, 8)]
    chunks = list(make_chunks(events, "0" * 8, Wire.SSE))
    assert [one.last.number for one in chunks] == [2, 4, 6, 7]
    assert all(one.size_bytes <= groups.CHUNK_BYTES_MAX for one in chunks)
    assert sum(one.counts[Kind.BLOCK] for one in chunks) == 7
    whole = b"".join(payload for one in chunks for payload in one.payloads)
    assert whole == b"".join(one.spell("0" * 8, Wire.SSE) for one in events)


def test_one_event_larger_than_a_chunk_is_a_chunk() -> None:
    events = [event(1), event(2, 100_000), event(3)]
    assert [one.last.number for one in make_chunks(events, "0" * 8, Wire.SSE)] == [1, 2, 3]
    assert list(make_chunks([], "0" * 8, Wire.SSE)) == []


def test_over_a_websocket_each_event_is_a_message() -> None:
    events = [event(1), event(2)]
    (made,) = make_chunks(events, "0" * 8, Wire.WEBSOCKET)
    assert list(made.payloads) == [one.spell("0" * 8, Wire.WEBSOCKET) for one in events]


def test_an_event_is_spelled_once() -> None:
    one = event(1)
    assert one.spell("0" * 8, Wire.SSE) is one.spell("0" * 8, Wire.SSE)
    assert one.spell("0" * 8, Wire.SSE) == (
        b"id: 00000000-1-1-0\nevent: block\ndata: " + one.spell("0" * 8, Wire.WEBSOCKET) + b"\n\n"
    )


async def test_a_chunk_stays_until_the_last_member_has_it() -> None:
    group = Group(Wire.SSE, Filter())
    quick, slow = join(group), join(group)
    group.add(chunk(1))
    group.add(chunk(2))
    quick.next = 2
    group.forget_read()
    assert group.size_bytes == 2 * chunk(1).size_bytes
    slow.next = 1
    group.forget_read()
    assert group.size_bytes == chunk(1).size_bytes
    assert group.list_behind(0.0) == [slow]
    assert group.get(1).last.number == 2


async def test_whoever_needed_what_went_is_dropped() -> None:
    group = Group(Wire.SSE, Filter())
    quick, slow = join(group), join(group)
    group.add(chunk(1))
    quick.next = 1
    group.forget_oldest()
    assert (group.size_bytes, group.members) == (0, {quick})
    assert slow.ended.result() == (End.TOO_SLOW, Position(1, 0, 0))
    assert not quick.ended.done()
    late = join(group)
    assert late.next == group.end == 1


async def test_who_takes_nothing_is_looked_at_ever_more_seldom() -> None:
    group = Group(Wire.SSE, Filter())
    member = join(group)
    outlet = member.outlet
    assert isinstance(outlet, FakeOutlet)
    group.add(chunk(1))
    outlet.waiting = 7
    assert not member.look(10.0)
    assert (member.since, member.look_at) == (10.0, 10.0)
    assert not member.look(10.1)
    assert group.list_behind(10.15) == []
    assert group.list_behind(10.25) == [member]
    assert not member.look(20.0)
    assert member.look_at == 20.0 + groups.LOOK_S_MAX
    outlet.waiting = 5
    assert not member.look(21.0)
    assert (member.since, member.look_at) == (21.0, 21.0)
    outlet.waiting = 0
    assert member.look(21.1)
    assert group.list_behind(21.1) == [member]
