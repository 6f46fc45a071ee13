"""Links between nodes: they come up, carry frames, break and come back, and end without a trace."""

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

import node.peers.network
from node.peers.records import PeerAddress
from node.wire import (
    Announce,
    AnyFrame,
    Bodies,
    Consensus,
    Frame,
    FrameTooLargeError,
    GetBodies,
    Lane,
    Request,
    Role,
    Status,
    Transactions,
    encode_frame,
)
from tests.node.peers.harness import (
    QUICK,
    Clock,
    Member,
    linked,
    make_members,
    puppet,
    running,
    until,
)


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def know_each_other(members: list[Member]) -> None:
    """Fixed ports, and everybody a seed of everybody."""
    for member, port in zip(members, free_ports(len(members)), strict=True):
        member.port = port
    for member in members:
        member.seeds = tuple(
            PeerAddress("127.0.0.1", other.port, other.id)
            for other in members
            if other is not member
        )


async def start_together(members: list[Member]) -> None:
    await asyncio.gather(*(member.start() for member in members))


async def close_all(members: list[Member]) -> None:
    await asyncio.gather(*(member.peers.close() for member in members))


def consensus_of(member: Member) -> list[bytes]:
    return [frame.data for _, frame in member.frames if isinstance(frame, Consensus)]


@pytest.mark.parametrize("count", [2, 3, 4])
async def test_all_are_linked_and_hear_a_broadcast(count: int) -> None:
    members = make_members(count)
    async with running(members):
        await linked(members)
        assert members[0].peers.broadcast(Consensus(b"to all")) == count - 1
        await until(lambda: all(consensus_of(m) == [b"to all"] for m in members[1:]))
        assert consensus_of(members[0]) == []
        assert members[-1].frames == [(members[0].id, Consensus(b"to all"))]


async def test_what_is_known_of_a_peer() -> None:
    members = make_members(2)
    members[1].height = 7
    async with running(members):
        await linked(members)
        (info,) = members[0].peers.connected()
        await until(lambda: members[0].peers.connected()[0].latency_ms is not None)
        (info,) = members[0].peers.connected()
        assert (info.peer_id, info.name, info.role) == (members[1].id, "node-1", "validator")
        assert info.address.startswith("127.0.0.1:")
        assert not info.outbound
        assert members[1].peers.connected()[0].outbound
        assert info.status == Status(7, 0, Role.VALIDATOR)
        assert info.latency_ms is not None
        assert 0 < info.latency_ms < 5_000
        assert (info.score, info.queued_bytes) == (0, 0)
        assert min(info.frames_in, info.frames_out, info.bytes_in, info.bytes_out) > 0
        assert (members[1].id, Status(7, 0, Role.VALIDATOR)) in members[0].statuses
        assert members[0].changes == [(members[1].id, True)]
        assert members[0].peers.is_connected(members[1].id)


async def test_sending_to_one() -> None:
    members = make_members(3)
    async with running(members):
        await linked(members)
        assert members[0].peers.send(members[2].id, Consensus(b"you"))
        assert not members[0].peers.send(b"nobody" * 5, Consensus(b"you"))
        await until(lambda: consensus_of(members[2]) == [b"you"])
        assert consensus_of(members[1]) == []


async def test_a_broadcast_to_some() -> None:
    members = make_members(4)
    async with running(members):
        await linked(members)
        some = [members[1].id, members[3].id, b"stranger" * 4]
        assert members[0].peers.broadcast(Consensus(b"some"), only=some) == 2
        assert members[0].peers.broadcast(Consensus(b"all")) == 3
        await until(lambda: all(b"all" in consensus_of(m) for m in members[1:]))
        assert [consensus_of(m) for m in members[1:]] == [
            [b"some", b"all"],
            [b"all"],
            [b"some", b"all"],
        ]


async def test_a_broadcast_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    members = make_members(4)
    encoded: list[bytes] = []

    def counting(frame: Frame) -> bytes:
        data = encode_frame(frame)
        if isinstance(frame, Announce):
            encoded.append(data)
        return data

    queued: list[bytes] = []

    def keep(lane: Lane, data: bytes) -> bool:
        queued.append(data)
        return lane is Lane.TRANSACTIONS

    async with running(members):
        await linked(members)
        monkeypatch.setattr(node.peers.network, "encode_frame", counting)
        for link in members[0].peers._table:
            monkeypatch.setattr(link, "send", keep)
        assert members[0].peers.broadcast(Announce(bytes(32))) == 3
        assert len(encoded) == 1
        assert [data is encoded[0] for data in queued] == [True] * 3


async def test_frames_of_one_lane_keep_their_order() -> None:
    members = make_members(2)
    async with running(members):
        await linked(members)
        for number in range(500):
            members[0].peers.broadcast(Consensus(number.to_bytes(2, "big")))
        await until(lambda: len(members[1].frames) == 500)
        assert consensus_of(members[1]) == [n.to_bytes(2, "big") for n in range(500)]


async def test_a_frame_of_several_megabytes_crosses() -> None:
    members = make_members(2)

    async def answer(_: bytes, request: Request) -> Bodies:
        return Bodies(request.request, (os.urandom(4_000_000), bytes(4_000_000)))

    members[1].on_request = answer
    async with running(members):
        await linked(members)
        bodies = await members[0].peers.request(members[1].id, GetBodies(0, bytes(32)))
        assert [len(raw) for raw in bodies.raws] == [4_000_000, 4_000_000]


async def test_a_frame_beyond_its_limit_is_refused_here() -> None:
    members = make_members(2)
    async with running(members):
        await linked(members)
        with pytest.raises(FrameTooLargeError):
            members[0].peers.broadcast(Consensus(bytes(5_000_000)))


# Two that call each other


@pytest.mark.parametrize("_round", range(5))
async def test_two_that_call_each_other_keep_one_link(_round: int) -> None:
    members = make_members(2)
    know_each_other(members)
    await start_together(members)
    try:
        await linked(members)
        members[0].peers.broadcast(Consensus(b"a"))
        members[1].peers.broadcast(Consensus(b"b"))
        await until(lambda: consensus_of(members[0]) and consensus_of(members[1]))
        (one,), (other,) = (m.peers.connected() for m in members)
        assert one.outbound != other.outbound
        assert [m.metrics.ups for m in members] == [1, 1]
        assert [m.metrics.downs for m in members] == [{}, {}]
    finally:
        await close_all(members)


async def test_four_that_call_each_other_keep_one_link_per_pair() -> None:
    members = make_members(4)
    know_each_other(members)
    await start_together(members)
    try:
        await linked(members)
        members[2].peers.broadcast(Consensus(b"c"))
        await until(lambda: all(consensus_of(m) for m in members if m is not members[2]))
        assert [m.metrics.ups for m in members] == [3] * 4
        outbound = sum(info.outbound for m in members for info in m.peers.connected())
        assert outbound == 6
    finally:
        await close_all(members)


# Breaking and coming back


@pytest.mark.parametrize("who", [0, 1])
async def test_a_restarted_node_is_linked_again(who: int) -> None:
    members = make_members(2)
    async with running(members):
        await linked(members)
        await members[who].restart()
        await until(lambda: members[0].peers.connected() and members[1].peers.connected())
        members[0].peers.broadcast(Consensus(b"again"))
        await until(lambda: consensus_of(members[1]) == [b"again"])
        stayed = members[1 - who]
        peer = members[who].id
        assert stayed.changes == [(peer, True), (peer, False), (peer, True)]


async def test_a_node_that_is_not_there_yet_is_called_until_it_is() -> None:
    early, late = make_members(2)
    know_each_other([early, late])
    late.seeds = ()
    await early.start()
    try:
        await until(lambda: early.metrics.dial_failures["unreachable"] >= 3)
        assert early.changes == []
        await late.start()
        await linked([early, late])
    finally:
        await close_all([early, late])


async def test_a_peer_that_vanished_and_calls_again_replaces_its_old_link() -> None:
    (member,) = make_members(1)
    (actor,) = make_members(1, followers=1)
    member.limits = replace(QUICK, idle_s=1000)
    async with running([member]), puppet(member, actor, instance=1) as old:
        await until(lambda: member.peers.is_connected(actor.id))
        async with puppet(member, actor, instance=1) as new:
            await until(lambda: member.metrics.downs["replaced"] == 1)
            await new.say(Consensus(b"new"))
            await until(lambda: consensus_of(member) == [b"new"])
            assert member.changes == [(actor.id, True)]
            assert len(member.peers.connected()) == 1
            assert (await old.hear_close())[1] in {None, "replaced"}


async def test_a_seed_without_a_key_is_learned() -> None:
    members = make_members(2)
    async with running(members[:1]):
        members[1].seeds = (replace(members[0].address, public_key=None),)
        async with running(members[1:]):
            await linked(members)
            await members[0].restart()
            await until(
                lambda: (
                    members[1].changes
                    == [(members[0].id, True), (members[0].id, False), (members[0].id, True)]
                )
            )


async def test_a_seed_that_is_ourselves_is_left_alone() -> None:
    (member,) = make_members(1)
    know_each_other([member])
    me = PeerAddress("127.0.0.1", member.port)
    member.seeds = (replace(me, public_key=member.id), me)
    async with running([member]):
        await until(lambda: member.metrics.dial_failures["self"])
        assert member.peers.connected() == []


async def test_whoever_answers_must_be_whom_we_called() -> None:
    members = make_members(2)
    async with running(members[:1]):
        members[1].seeds = (replace(members[0].address, public_key=b"somebody else" + bytes(19)),)
        async with running(members[1:]):
            await until(lambda: members[1].metrics.dial_failures["wrong-key"])
            assert members[1].metrics.refusals["wrong-key"] >= 1
            assert members[0].changes == members[1].changes == []


# Followers


async def test_a_follower_is_a_peer_like_any_other() -> None:
    members = make_members(3, followers=1)
    follower = members[-1]
    async with running(members):
        await linked(members)
        roles = {info.peer_id: info.role for info in members[0].peers.connected()}
        assert roles == {members[1].id: "validator", follower.id: "follower"}
        follower.peers.broadcast(Transactions((b"t",)))
        await until(lambda: members[0].frames == [(follower.id, Transactions((b"t",)))])


# Ending


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_closing_leaves_no_task_and_no_socket_behind() -> None:
    async def live_and_die() -> None:
        members = make_members(3)
        know_each_other(members)
        await start_together(members)
        await linked(members)
        await close_all(members)

    await live_and_die()  # whatever is made once is made now
    tasks, files = asyncio.all_tasks(), open_files()
    for _ in range(3):
        await live_and_die()
    assert asyncio.all_tasks() == tasks
    assert open_files() == files


async def test_closing_while_calls_are_under_way() -> None:
    members = make_members(4)
    know_each_other(members)
    before = asyncio.all_tasks()
    for _ in range(5):
        await start_together(members)
        await asyncio.sleep(0.01)
        await close_all(members)
    assert asyncio.all_tasks() == before


async def test_closing_does_not_wait_for_a_handler_that_hangs() -> None:
    members = make_members(2)
    started = asyncio.Event()

    async def hang(_: bytes, __: AnyFrame) -> None:
        started.set()
        await asyncio.Event().wait()

    members[1].on_frame = hang
    before = asyncio.all_tasks()
    async with running(members):
        await linked(members)
        members[0].peers.broadcast(Consensus(b""))
        await started.wait()
    assert asyncio.all_tasks() == before


async def test_a_process_that_was_away_does_not_take_its_peers_for_dead() -> None:
    members = make_members(2)
    clock = Clock()
    members[0].options["clock"] = clock
    async with running(members):
        await linked(members)
        clock.ahead_s += 3600
        heard = len(members[0].statuses)
        await until(lambda: len(members[0].statuses) > heard + 5)
        assert members[0].metrics.downs == {}


def test_the_same_on_uvloop() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test_all_are_linked_and_hear_a_broadcast(4))
        runner.run(test_what_is_known_of_a_peer())
        runner.run(test_a_frame_of_several_megabytes_crosses())
        runner.run(test_a_restarted_node_is_linked_again(0))
        runner.run(test_closing_leaves_no_task_and_no_socket_behind())
