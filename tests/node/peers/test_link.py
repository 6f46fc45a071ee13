"""One link under stress: lanes over a real socket, slow readers, silence, and dead processes."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp

from node.wire import Announce, Consensus, GetBodies, Lane, Role, Status, Transactions
from tests.node.peers.harness import (
    QUICK,
    Member,
    Puppet,
    make_members,
    puppet,
    running,
    until,
)

BULK = Transactions((os.urandom(1_000_000),))


@contextlib.asynccontextmanager
async def talking(one: Puppet) -> AsyncIterator[None]:
    """The puppet tells its status all the time, so that it does not seem dead."""

    async def talk() -> None:
        while True:
            await one.say(Status(1, 1, Role.FOLLOWER))
            await asyncio.sleep(0.05)

    task = asyncio.create_task(talk())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def queued(member: Member) -> int:
    return sum(info.queued_bytes for info in member.peers.connected())


async def fill(member: Member) -> None:
    """Send in bulk until the line is full and frames wait here."""
    seen = -1
    while queued(member) != seen or not seen:
        seen = queued(member)
        member.peers.broadcast(BULK)
        for _ in range(20):
            await asyncio.sleep(0.002)
        if seen > 3_000_000:
            return


async def test_what_waits_leaves_in_the_order_of_lanes() -> None:
    (member,) = make_members(1, limits=replace(QUICK, idle_s=1000))
    async with running([member]), puppet(member) as slow:
        await fill(member)
        asking = asyncio.create_task(member.peers.request(slow.id, GetBodies(0, bytes(32))))
        member.peers.broadcast(Announce(bytes(32)))
        await asyncio.sleep(0)
        member.peers.broadcast(Consensus(b"urgent"))
        kinds: list[type] = []
        while len(kinds) < 3:
            frame = await slow.hear()
            if isinstance(frame, Consensus | GetBodies | Announce):
                kinds.append(type(frame))
        assert kinds == [Consensus, GetBodies, Announce]
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def test_a_slow_reader_loses_transactions_first_and_stalls_nobody() -> None:
    members = make_members(2, limits=replace(QUICK, stalled_s=1000))
    async with running(members), puppet(members[0]) as slow, talking(slow):
        await until(lambda: len(members[0].peers.connected()) == 2)
        sent = 0
        while not members[0].metrics.dropped:
            members[0].peers.broadcast(BULK)
            members[0].peers.broadcast(Consensus(sent.to_bytes(4, "big")))
            sent += 1
            await until(lambda: len(members[1].frames) == 2 * sent)  # noqa: B023
        assert set(members[0].metrics.dropped) == {Lane.TRANSACTIONS}
        waiting = {info.peer_id: info.queued_bytes for info in members[0].peers.connected()}
        assert waiting[members[1].id] < 1_000
        assert 1_000_000 < waiting[slow.id] < 10_000_000


async def test_a_reader_that_takes_nothing_for_long_is_cut() -> None:
    (member,) = make_members(1, limits=replace(QUICK, stalled_s=0.3))
    async with running([member]), puppet(member) as slow, talking(slow):
        while not member.metrics.downs:
            member.peers.broadcast(BULK)
            await asyncio.sleep(0.01)
        assert member.metrics.downs == {"stalled": 1}


async def test_silence_ends_a_link() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member):
        await until(lambda: member.metrics.downs["idle"] == 1)
        assert member.changes[-1][1] is False


async def test_a_host_that_is_slow_does_not_take_its_peer_for_silent() -> None:
    (member,) = make_members(1, limits=replace(QUICK, idle_s=0.2))
    release = asyncio.Event()
    beats = 0

    async def slow(_: bytes, __: object) -> None:
        await release.wait()

    member.on_frame = slow
    async with running([member]), puppet(member) as one:
        await one.say(Consensus(b"x"))
        while beats < 6:  # more than idle_s
            beats += isinstance(await one.hear(), Status)
        assert member.metrics.downs == {}
        release.set()
        await until(lambda: member.metrics.downs["idle"] == 1)


async def test_pings_are_answered_and_strange_pongs_ignored() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as one, talking(one):
        await one.socket.pong(b"never sent")
        await one.socket.ping(b"are you there")
        async with asyncio.timeout(10):
            while True:
                message = await one.socket.receive()
                if message.type is aiohttp.WSMsgType.PONG:
                    break
        assert bytes(message.data) == b"are you there"
        assert member.peers.connected()[0].latency_ms is None


async def test_a_goodbye_gives_its_reason() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as one:
        closing = asyncio.create_task(member.peers.close())
        assert await one.hear_close() == (1001, "closing")
        await closing


async def test_small_frames_that_wait_together_share_a_message() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member) as one:
        await one.hear_kind(Status)
        for number in range(10):
            member.peers.broadcast(Consensus(bytes([number])))
        async with asyncio.timeout(10):
            while (message := await one.socket.receive()).type is not aiohttp.WSMsgType.BINARY:
                pass
        assert message.data[1] == 15
        assert len(message.data) > 10 * 5


# Real processes

CHILD = """
import asyncio, sys
from node.certificates import *
from node.identity import Identity
from node.peers.network import Peers
from node.peers.records import Network, PeerAddress
from node.wire import Role, Status
from tests.node.peers.harness import CHAIN_ID, QUICK

async def main(seed, authority, certificate, member, port):
    async def on_frame(peer, frame): pass
    async def on_request(peer, request): raise NotImplementedError
    identity = Identity.from_seed(bytes.fromhex(seed))
    network = Network(
        CHAIN_ID,
        open(authority, "rb").read(),
        open(certificate, "rb").read(),
        frozenset({bytes.fromhex(member)}),
    )
    peers = Peers(
        identity, network, ("127.0.0.1", 0),
        [PeerAddress("127.0.0.1", int(port), bytes.fromhex(member))],
        on_frame=on_frame, on_request=on_request, on_change=lambda peer, up: None,
        local_status=lambda: Status(1, 1, Role.FOLLOWER), limits=QUICK,
    )
    await peers.start()
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


@contextlib.asynccontextmanager
async def child_of(member: Member, actor: Member, folder: Path) -> AsyncIterator[int]:
    """A process with the peer layer of `actor`, linked to `member`; gives its process id."""
    (folder / "ca.pem").write_bytes(actor.network.authority)
    (folder / "cert.pem").write_bytes(actor.network.certificate)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        actor.identity.seed.hex(),
        str(folder / "ca.pem"),
        str(folder / "cert.pem"),
        member.id.hex(),
        str(member.peers.port),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await until(lambda: member.peers.is_connected(actor.id))
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_a_stopped_process_is_given_up_stalls_nobody_and_is_found_again(
    tmp_path: Path,
) -> None:
    members = make_members(2)
    (actor,) = make_members(1, followers=1)
    async with running(members), child_of(members[0], actor, tmp_path) as pid:
        os.kill(pid, signal.SIGSTOP)
        sent = 0
        while members[0].peers.is_connected(actor.id):
            members[0].peers.broadcast(Consensus(sent.to_bytes(4, "big")))
            sent += 1
            await until(lambda: len(members[1].frames) == sent)  # noqa: B023
            await asyncio.sleep(0.01)
        await until(lambda: members[0].metrics.downs == {"idle": 1})
        os.kill(pid, signal.SIGCONT)
        await until(lambda: members[0].peers.is_connected(actor.id))


async def test_a_killed_process_is_noticed_at_once(tmp_path: Path) -> None:
    (member,) = make_members(1, limits=replace(QUICK, idle_s=1000))
    (actor,) = make_members(1, followers=1)
    async with running([member]), child_of(member, actor, tmp_path) as pid:
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not member.peers.is_connected(actor.id))
        assert member.metrics.downs.keys() <= {"lost", "closed-by-peer"}
