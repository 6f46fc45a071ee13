"""The door: who gets past TLS, and how long a stranger may stand in it."""

import asyncio
import contextlib
import gc
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web

from node.certificates import create_authority, make_tls_contexts
from node.peers.errors import ListenError
from node.peers.listener import PATH
from node.peers.records import PeerAddress
from node.wire import Consensus
from tests.node.peers.harness import (
    AUTHORITY,
    PATIENCE_S,
    QUICK,
    Member,
    client_context,
    make_members,
    puppet,
    running,
    until,
)


@contextlib.asynccontextmanager
async def plain_connection(
    member: Member, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", member.peers.port, ssl=context)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    """Everything until the other side closes; b"" also for a connection that is cut."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            return await reader.read()
        except OSError:
            return b""


async def assert_still_works(member: Member) -> None:
    """A good peer gets in as if nothing had happened."""
    heard = len(member.frames)
    async with puppet(member) as good:
        await good.say(Consensus(b"still here"))
        await until(lambda: len(member.frames) == heard + 1)


async def test_a_certificate_of_another_network_is_refused() -> None:
    (member,) = make_members(1)
    (foreign,) = make_members(1, authority=create_authority("test"))
    trusting = client_context(foreign)
    trusting.verify_mode = ssl.CERT_NONE
    async with running([member]):
        async with plain_connection(member, trusting) as (reader, _):
            assert await read_to_end(reader) == b""
        await until(lambda: member.metrics.refusals["tls-foreign-certificate"] == 1)
        assert member.changes == []
        await assert_still_works(member)


async def test_two_networks_do_not_link_from_either_side() -> None:
    (one,) = make_members(1)
    (other,) = make_members(1, authority=create_authority("test"))
    async with running([one, other]):
        await until(lambda: other.metrics.dial_failures["tls-foreign-certificate"] >= 2)
        assert one.changes == other.changes == []


async def test_no_certificate_is_refused() -> None:
    (member,) = make_members(1)
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.check_hostname = False
    bare.load_verify_locations(cadata=AUTHORITY.certificate.decode())
    async with running([member]):
        async with plain_connection(member, bare) as (reader, _):
            assert await read_to_end(reader) == b""
        await until(lambda: member.metrics.refusals["tls-no-certificate"] == 1)
        await assert_still_works(member)


async def test_an_older_tls_is_refused() -> None:
    (member,) = make_members(1)
    async with running([member]):
        old = client_context(member)
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with plain_connection(member, old):
                pass
        await until(lambda: member.metrics.refusals["tls-old-version"] == 1)


@pytest.mark.parametrize(
    "said", [b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 100, b"\xff" * 5000, b"\x16\x03\x01\x00\x05hello"]
)
async def test_a_plaintext_client_is_refused(said: bytes) -> None:
    (member,) = make_members(1)
    async with running([member]):
        async with plain_connection(member) as (reader, writer):
            writer.write(said)
            await read_to_end(reader)
        await until(lambda: sum(member.metrics.refusals.values()) == 1)
        assert set(member.metrics.refusals) <= {"tls-not-spoken", "tls-failed"}
        await assert_still_works(member)


async def test_a_connection_that_breaks_during_tls() -> None:
    (member,) = make_members(1)
    async with running([member]):
        async with plain_connection(member) as (_, writer):
            writer.write(b"\x16\x03\x01\x02\x00\x01")
        await until(lambda: member.metrics.refusals["tls-aborted"] == 1)
        await until(lambda: member.peers._listener.half_open == 0)


# Deadlines and caps


async def test_a_stranger_who_says_nothing_is_put_out() -> None:
    (member,) = make_members(1, limits=replace(QUICK, handshake_s=0.2))
    async with running([member]):
        async with plain_connection(member) as (reader, _):
            assert await read_to_end(reader) == b""
        await until(lambda: member.metrics.refusals["tls-aborted"] == 1)
        assert member.peers._listener.half_open == 0


async def test_a_node_that_stops_after_tls_is_put_out() -> None:
    (member,) = make_members(1, limits=replace(QUICK, handshake_s=0.2))
    async with running([member]):
        async with plain_connection(member, client_context(make_members(1)[0])) as (reader, _):
            assert await read_to_end(reader) == b""
        await until(lambda: member.metrics.refusals["greeting-too-slow"] == 1)
        assert member.peers._listener.half_open == 0


async def test_a_node_that_does_not_greet_is_put_out() -> None:
    (member,) = make_members(1, limits=replace(QUICK, handshake_s=0.2))
    async with running([member]):
        async with puppet(member, greet=False) as mute:
            await mute.hear_close()
        await until(lambda: sum(member.metrics.refusals.values()) >= 1)
        reasons = set(member.metrics.refusals) - {"connection-futile"}
        assert reasons <= {"greeting-too-slow", "no-hello", "hello-too-slow"}
        assert member.changes == []


async def test_only_so_many_may_stand_in_the_door() -> None:
    (member,) = make_members(1, limits=replace(QUICK, half_open_max=2, handshake_s=1000))
    async with running([member]):
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(2):
                await stack.enter_async_context(plain_connection(member))
            await until(lambda: member.peers._listener.half_open == 2)
            async with plain_connection(member) as (reader, _):
                assert await read_to_end(reader) == b""
            assert member.metrics.refusals["too-many-half-open"] == 1
        await until(lambda: member.peers._listener.half_open == 0)
        await assert_still_works(member)


async def test_a_link_does_not_stand_in_the_door() -> None:
    (member,) = make_members(1, limits=replace(QUICK, half_open_max=1))
    async with running([member]), puppet(member), puppet(member), puppet(member):
        await until(lambda: len(member.peers.connected()) == 3)
        assert member.peers._listener.half_open == 0


async def test_closing_with_callers_at_the_door_loses_no_socket() -> None:
    """Sockets that are accepted, but not yet anything more, are closed with the door."""
    for turns in range(6):
        (member,) = make_members(1)
        await member.start()
        for _ in range(3):
            await asyncio.sleep(0)
        callers = [socket.create_connection(("127.0.0.1", member.peers.port)) for _ in range(5)]
        for _ in range(turns):
            await asyncio.sleep(0)
        await member.peers.close()
        gc.collect()  # an unclosed socket warns here, and warnings are errors
        for caller in callers:
            caller.settimeout(PATIENCE_S)
            with contextlib.suppress(ConnectionError):
                assert caller.recv(1) == b""
            caller.close()


async def test_a_failing_accept_rests_and_comes_back() -> None:
    (member,) = make_members(1)
    async with running([member]):
        listener = member.peers._listener
        real = listener._socket
        assert real is not None

        class Failing(socket.socket):
            """Out of file descriptors, once; made of a copy of the real one's descriptor."""

            def accept(self) -> tuple[socket.socket, object]:
                listener._socket = real
                self.close()
                raise OSError(24, "too many open files")

        listener._socket = Failing(fileno=real.dup().detach())
        await assert_still_works(member)
        assert member.metrics.refusals["accept-failed"] == 1


# What is not a WebSocket

UPGRADE_ELSEWHERE = (
    b"GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.mark.parametrize(
    "said",
    [
        b"GET " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        UPGRADE_ELSEWHERE,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
async def test_a_node_that_wants_something_else(said: bytes) -> None:
    (member,) = make_members(1)
    async with running([member]):
        context = client_context(make_members(1)[0])
        async with plain_connection(member, context) as (reader, writer):
            writer.write(said)
            async with asyncio.timeout(PATIENCE_S):
                assert b" 426 " in await reader.readline()
        assert member.metrics.refusals["not-a-node"] == 1
        await assert_still_works(member)


@pytest.mark.parametrize("said", [b"\x00\x01\x02\r\n\r\n", b"GET /" + b"x" * 20_000])
async def test_a_node_that_does_not_speak_http(said: bytes) -> None:
    (member,) = make_members(1, limits=replace(QUICK, handshake_s=0.5))
    async with running([member]):
        context = client_context(make_members(1)[0])
        async with plain_connection(member, context) as (reader, writer):
            writer.write(said)
            assert b"Traceback" not in await read_to_end(reader)
        await until(lambda: member.peers._listener.half_open == 0)
        assert member.changes == []
        await assert_still_works(member)


async def test_a_seed_that_redirects_is_not_followed() -> None:
    """A member that answers with a redirect must not send us to a third place."""
    (caller,) = make_members(1)
    (liar,) = make_members(1)
    server_context = make_tls_contexts(
        liar.identity, liar.network.authority, liar.network.certificate
    )[0]
    visited: list[str] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        visited.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context)
    await site.start()
    try:
        port = runner.addresses[0][1]
        caller.seeds = (PeerAddress("127.0.0.1", port, liar.id),)
        async with running([caller]):
            await until(lambda: caller.metrics.dial_failures["not-a-node"] == 1)
            assert set(visited) == {PATH}
    finally:
        await runner.cleanup()


# The address


async def test_a_port_in_use_is_named() -> None:
    (member, other) = make_members(2)
    async with running([member]):
        other.port = member.peers.port
        with pytest.raises(ListenError) as caught:
            await other.start()
        await other.peers.close()
        assert caught.value.reason == "peer-address-unavailable"
        assert str(other.port) in str(caught.value)
        assert caught.value.advice


async def test_a_free_port_is_chosen_and_told() -> None:
    (member,) = make_members(1)
    async with running([member]):
        with socket.create_connection(("127.0.0.1", member.peers.port)):
            assert member.peers.port > 0
