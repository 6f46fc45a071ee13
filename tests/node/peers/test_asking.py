"""Requests from one node to another over real links."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from node.peers.errors import PeerBusy, PeerDeclined, PeerError, PeerGone, PeerTimeout
from node.wire import Blocks, Bodies, GetBlocks, GetBodies, Request
from tests.node.peers.harness import QUICK, linked, make_members, running, until


async def test_a_request_is_answered_by_the_one_who_was_asked() -> None:
    members = make_members(3)

    def answering(height: int) -> Callable[[bytes, Request], Awaitable[Blocks]]:
        async def answer(_: bytes, request: Request) -> Blocks:
            return Blocks(height, ())  # the number is put right on the way out

        return answer

    for height, member in enumerate(members):
        member.on_request = answering(height)
    async with running(members):
        await linked(members)
        answers = await asyncio.gather(
            *(members[0].peers.request(m.id, GetBlocks(0, 1, 1)) for m in members[1:] * 20)
        )
        assert len(answers) == 40
        assert members[0].metrics.requests == {("get_blocks", "answered"): 40}
        assert members[1].metrics.refusals == members[2].metrics.refusals == {}


async def test_a_request_that_nobody_answers_times_out_and_its_late_answer_is_forgiven() -> None:
    members = make_members(2)
    release = asyncio.Event()

    async def answer(_: bytes, request: Request) -> Bodies:
        await release.wait()
        return Bodies(request.request, ())

    members[1].on_request = answer
    async with running(members):
        await linked(members)
        with pytest.raises(PeerTimeout):
            await members[0].peers.request(members[1].id, GetBodies(0, b""), timeout_s=0.1)
        release.set()
        await until(lambda: members[0].metrics.frames_in["bodies"] == 1)
        assert members[0].peers.connected()[0].score == 0
        assert members[0].metrics.requests == {("get_bodies", "timeout"): 1}


async def test_a_request_to_nobody_fails_at_once() -> None:
    (member,) = make_members(1)
    async with running([member]):
        with pytest.raises(PeerGone):
            await member.peers.request(b"nobody", GetBodies(0, b""))


async def test_a_request_fails_when_the_link_is_lost() -> None:
    members = make_members(2)

    async def answer(_: bytes, __: Request) -> Bodies:
        await asyncio.Event().wait()
        raise AssertionError

    members[1].on_request = answer
    async with running(members):
        await linked(members)
        asking = asyncio.create_task(
            members[0].peers.request(members[1].id, GetBodies(0, b""), timeout_s=1000)
        )
        await until(lambda: members[1].metrics.frames_in["get_bodies"])
        await members[1].peers.close()
        with pytest.raises(PeerGone):
            await asking


async def test_a_host_that_fails_to_answer_says_so_and_stays_linked() -> None:
    members = make_members(2)

    async def answer(_: bytes, request: Request) -> Bodies:
        if request.request % 2:
            raise ValueError("a fault of the host")
        return Bodies(request.request, (bytes(9_000_000),))

    members[1].on_request = answer
    async with running(members):
        await linked(members)
        reasons = []
        for _ in range(2):
            with pytest.raises(PeerDeclined) as caught:
                await members[0].peers.request(members[1].id, GetBodies(0, b""))
            reasons.append(caught.value.reason)
        assert reasons == ["error", "answer-too-large"]
        assert members[0].peers.connected()
        assert members[1].metrics.refusals == {"request-handler-failed": 1}


async def test_only_so_many_requests_at_a_time_are_asked_and_the_rest_wait() -> None:
    members = make_members(2)
    running_now, most = 0, 0

    async def answer(_: bytes, request: Request) -> Bodies:
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        await asyncio.sleep(0)
        running_now -= 1
        return Bodies(request.request, ())

    members[1].on_request = answer
    async with running(members):
        await linked(members)
        asked = (members[0].peers.request(members[1].id, GetBodies(0, b"")) for _ in range(50))
        assert len(await asyncio.gather(*asked)) == 50
        assert 0 < most <= QUICK.requests_max
        assert members[1].metrics.refusals == {}


async def test_a_request_that_finds_the_queue_full_says_so() -> None:
    members = make_members(2, limits=replace(QUICK, blocks_frames_max=0))
    async with running(members):
        await linked(members)
        with pytest.raises(PeerBusy):
            await members[0].peers.request(members[1].id, GetBodies(0, b""))
        assert issubclass(PeerBusy, PeerError)
