"""Misbehaviour after the greeting: counted, scored, survived; and what the host must not notice."""

import asyncio
import random

import msgspec
import pytest

from node.peers.handshake import REFUSED_CODE
from node.wire import (
    BLOCKS_BYTES_MAX,
    MESSAGE_BYTES_MAX,
    SMALL_BYTES_MAX,
    AnyFrame,
    Blocks,
    Bodies,
    Consensus,
    Declined,
    GetBodies,
    Request,
    encode_frame,
    join_frames,
)
from tests.node.peers.harness import QUICK, linked, make_members, puppet, running, until

GOOD = encode_frame(Consensus(b"good"))

BAD_MESSAGES = [
    (b"", "frame-garbage"),
    (b"garbage", "frame-garbage"),
    (b"\x92\x63\xc4\x00", "frame-unknown-tag"),
    (b"\x92\x02\xc4\x09abc", "frame-malformed"),
    (b"\x94\x01\xff\x00\x00", "frame-malformed"),
    (GOOD + b"\x00", "frame-malformed"),
    (b"\x94\x01\x00\x00\x00" + bytes(SMALL_BYTES_MAX), "frame-oversize"),
    (b"\x92\x02" + bytes(BLOCKS_BYTES_MAX - 2), "frame-oversize"),
    (b"\x92\x0f\x92\xc4\x00", "frame-malformed"),
    (join_frames([GOOD, b"\x92\x63\xc4\x00"]), "frame-unknown-tag"),
]


@pytest.mark.parametrize(("data", "reason"), BAD_MESSAGES, ids=range(len(BAD_MESSAGES)))
async def test_a_bad_message_is_counted_and_the_next_good_one_is_read(
    data: bytes, reason: str
) -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as one:
        await one.say_bytes(data)
        await one.say(Consensus(b"after"))
        await until(lambda: (one.id, Consensus(b"after")) in member.frames)
        assert member.metrics.refusals == {reason: 1}
        assert member.peers.connected()[0].score > 0


async def test_three_bad_messages_are_out_and_others_stay() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as good:
        async with puppet(member) as bad:
            for _ in range(10):
                await bad.say_bytes(b"garbage")
            assert await bad.hear_close() == (REFUSED_CODE, "banned")
        await until(lambda: member.metrics.downs["banned"] == 1)
        assert member.metrics.refusals["frame-garbage"] == 3  # nothing is read after the ban
        assert (member.metrics.bans, good.id) == (1, member.peers.connected()[0].peer_id)


async def test_a_message_beyond_all_limits_ends_the_link_unread() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as one:
        sending = asyncio.create_task(one.say_bytes(bytes(MESSAGE_BYTES_MAX + 1)))
        await until(lambda: member.metrics.refusals["message-oversize"] == 1)
        await until(lambda: not member.peers.connected())
        assert member.metrics.bans == 1
        await asyncio.gather(sending, return_exceptions=True)


async def test_text_is_refused() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as one:
        await one.socket.send_str("hello")
        await one.say(Consensus(b"after"))
        await until(lambda: member.frames)
        assert member.metrics.refusals == {"message-not-binary": 1}


async def test_a_broken_websocket_frame_ends_the_link() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as one:
        await one.socket.send_frame(b"", 0x0B)  # type: ignore[arg-type]
        await until(lambda: member.metrics.refusals["message-protocol-error"] == 1)
        await until(lambda: not member.peers.connected())


async def test_a_second_hello_is_refused() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as one:
        await one.say(one.hello())
        await until(lambda: member.metrics.refusals["hello-again"] == 1)
        assert member.frames == []


@pytest.mark.parametrize(
    "answer", [Bodies(99, ()), Blocks(0, ()), Declined(2**64 - 1, "no")], ids=lambda a: a.request
)
async def test_an_answer_to_no_request_is_penalised(answer: AnyFrame) -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as one:
        await one.say(answer)
        await until(lambda: member.metrics.refusals["answer-unknown"] == 1)
        assert member.frames == []


async def test_an_answer_to_another_peers_request_is_not_taken() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as asked, puppet(member) as other:
        await until(lambda: len(member.peers.connected()) == 2)
        asking = asyncio.create_task(member.peers.request(asked.id, GetBodies(0, bytes(32))))
        request = await asked.hear_kind(GetBodies)
        await other.say(Bodies(request.request, (b"forged",)))
        await until(lambda: member.metrics.refusals["answer-unknown"] == 1)
        await asked.say(Bodies(request.request, (b"real",)))
        assert (await asking).raws == (b"real",)


async def test_too_many_requests_at_once_are_declined() -> None:
    (member,) = make_members(1)
    release = asyncio.Event()

    async def answer(_: bytes, request: Request) -> Bodies:
        await release.wait()
        return Bodies(request.request, ())

    member.on_request = answer
    async with running([member]), puppet(member) as one:
        for number in range(QUICK.requests_max + 1):
            await one.say(GetBodies(number, b""))
        assert await one.hear_kind(Declined) == Declined(QUICK.requests_max, "busy")
        assert member.metrics.refusals == {"requests-too-many": 1}
        release.set()
        for _ in range(QUICK.requests_max):
            await one.hear_kind(Bodies)


async def test_the_next_frame_is_not_read_before_the_host_is_done_with_this_one() -> None:
    members = make_members(2)
    entered, release = asyncio.Event(), asyncio.Event()

    async def slow(_: bytes, frame: AnyFrame) -> None:
        if frame == Consensus(b"slow"):
            entered.set()
            await release.wait()

    members[0].on_frame = slow
    async with running(members), puppet(members[0]) as one:
        await until(lambda: len(members[0].peers.connected()) == 2)
        await one.say(Consensus(b"slow"), Consensus(b"next"))
        await entered.wait()
        for number in range(20):  # others are heard all the same
            members[1].peers.broadcast(Consensus(bytes([number])))
        await until(lambda: len(members[0].frames) == 21)
        assert (one.id, Consensus(b"next")) not in members[0].frames
        release.set()
        await until(lambda: (one.id, Consensus(b"next")) in members[0].frames)


async def test_a_host_that_raises_does_not_lose_the_link() -> None:
    members = make_members(2)

    async def raising(_: bytes, __: AnyFrame) -> None:
        raise ValueError("a fault of the host")

    members[0].on_frame = raising
    async with running(members):
        await linked(members)
        for _ in range(3):
            members[1].peers.broadcast(Consensus(b"x"))
        await until(lambda: members[0].metrics.refusals["frame-handler-failed"] == 3)
        assert members[0].peers.connected()[0].score == 0


async def test_random_messages_never_break_the_reader() -> None:
    (member,) = make_members(1, limits=QUICK)
    member.options["clock"] = lambda: 0.0
    rng = random.Random(1)
    good = [GOOD, encode_frame(GetBodies(1, bytes(64))), msgspec.msgpack.encode([3, [b"a"] * 9])]
    for _ in range(12):
        async with running([member]), puppet(member) as one:
            for _ in range(5):
                data = bytearray(rng.choice(good))
                for _ in range(rng.randrange(1, 4)):
                    data[rng.randrange(len(data))] = rng.randrange(256)
                await one.say_bytes(bytes(data))
            await until(lambda: sum(member.metrics.refusals.values()) + len(member.frames) >= 3)
    assert "frame-handler-failed" not in member.metrics.refusals
