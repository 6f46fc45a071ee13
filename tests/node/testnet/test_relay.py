"""Relays with real sockets, on both event loops."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from node.event_loop import run_on_loop
from node.testnet import relay as module
from node.testnet.links import Address
from node.testnet.relay import BUFFER_BYTES, CONNECTIONS_MAX, Relay
from node.testnet.slowness import NOT_SLOW, PIPE_BYTES_MAX, Slowness
from tests.node.support import until

HOST = "127.0.0.1"
PATIENCE_S = 5.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Play = Callable[[Coroutine[Any, Any, None]], None]


class Stage:
    """A relay before a server of which the test holds every connection."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.arrived: asyncio.Queue[Streams] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []

    async def arrive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection has come through."""
        self._writers.append(writer)
        await self.arrived.put((reader, writer))

    async def dial(self) -> Streams:
        """Call the relay."""
        reader, writer = await asyncio.open_connection(*self.relay.listen)
        self._writers.append(writer)
        return reader, writer

    async def connect(self) -> tuple[Streams, Streams]:
        """Both ends of a connection that works."""
        near = await self.dial()
        near[1].write(b"hello")
        while True:
            far = await self.arrived.get()
            with contextlib.suppress(ConnectionError):  # one of an earlier caller that has gone
                if await far[0].read(5) == b"hello":
                    return near, far

    async def settle(self, connections: int) -> None:
        """Wait until the relay holds so many connections."""
        await until(lambda: self.relay.connections == connections)

    def close(self) -> None:
        """Drop everything."""
        for writer in self._writers:
            writer.transport.abort()


def find_address() -> Address:
    with socket.create_server((HOST, 0)) as probe:
        return Address(HOST, probe.getsockname()[1])


@contextlib.asynccontextmanager
async def set_stage(*, is_served: bool = True) -> AsyncIterator[Stage]:
    """A relay that listens, and unless told otherwise a target that does too."""
    target = find_address()
    stage = Stage(Relay(find_address(), target))
    server = await asyncio.start_server(stage.arrive, *target) if is_served else None
    await stage.relay.open()
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield stage
    finally:
        await stage.relay.close()
        assert stage.relay.connections == 0
        stage.close()
        if server is not None:
            server.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a power cut would be noticed: by a reset, not a goodbye."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def ends(reader: asyncio.StreamReader) -> bool:
    """Wait until nothing more can come."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(1 << 16):
            pass
    return True


@pytest.fixture(params=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Play:
    """Run a scene on an event loop of its own."""
    kind: Any = request.param
    if kind == "uvloop":
        pytest.importorskip("uvloop")
    return lambda scene: run_on_loop(kind, scene)


def test_bytes_pass_both_ways_and_in_order(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            (near_in, near_out), (far_in, far_out) = await stage.connect()
            data = bytes(range(256)) * 20_000
            near_out.write(data)
            assert await far_in.readexactly(len(data)) == data
            far_out.write(data[::-1])
            assert await near_in.readexactly(len(data)) == data[::-1]
            assert stage.relay.connections == 1

    play(scene())


def test_a_cut_ends_both_sides_and_lets_nobody_in_until_it_is_mended(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            (near_in, _), (far_in, _) = await stage.connect()
            stage.relay.cut()
            assert await ends(near_in)
            assert await ends(far_in)
            await stage.settle(0)
            late, _ = await stage.dial()
            assert await ends(late)
            assert stage.arrived.empty()
            stage.relay.mend()
            await stage.connect()

    play(scene())


def test_a_goodbye_of_either_side_ends_the_other_when_all_has_been_said(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            for is_near in (True, False):
                near, far = await stage.connect()
                (leaving, other) = (near, far) if is_near else (far, near)
                leaving[1].write(b"bye")
                leaving[1].close()
                assert await other[0].read() == b"bye"
                other[1].close()
                await stage.settle(0)

    play(scene())


def test_half_a_connection_is_passed_on_as_such(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            (near_in, near_out), (far_in, far_out) = await stage.connect()
            near_out.write_eof()
            assert await far_in.read() == b""
            far_out.write(b"still here")
            assert await near_in.readexactly(10) == b"still here"
            far_out.close()
            assert await near_in.read() == b""
            await stage.settle(0)

    play(scene())


def test_half_a_connection_does_not_last(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER_S", 0.05)

    async def scene() -> None:
        async with set_stage() as stage:
            (_, near_out), (far_in, _) = await stage.connect()
            near_out.write_eof()
            assert await far_in.read() == b""
            await stage.settle(0)

    play(scene())


def test_a_target_that_does_not_listen_costs_nothing(play: Play) -> None:
    async def scene() -> None:
        async with set_stage(is_served=False) as stage:
            near_in, near_out = await stage.dial()
            near_out.write(b"hello")
            assert await ends(near_in)
            await stage.settle(0)

    play(scene())


def test_a_caller_that_is_gone_before_it_is_connected_leaves_nothing(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            for _ in range(20):
                _, writer = await stage.dial()
                reset(writer)
            await stage.settle(0)
            await stage.connect()

    play(scene())


def test_no_more_connections_than_allowed(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            for _ in range(CONNECTIONS_MAX):
                await stage.connect()
            refused, _ = await stage.dial()
            assert await ends(refused)
            assert stage.relay.connections == CONNECTIONS_MAX

    play(scene())


def test_a_slow_reader_slows_its_writer_down(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            (_, near_out), (far_in, _) = await stage.connect()
            data = bytes(100 * BUFFER_BYTES)
            near_out.write(data)
            sending = asyncio.create_task(near_out.drain())
            await asyncio.wait({sending}, timeout=0.2)
            assert not sending.done()  # what nobody reads is not taken from the writer
            assert await far_in.readexactly(len(data)) == data
            await sending

    play(scene())


def test_closing_leaves_no_socket(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            (near_in, _), (far_in, _) = await stage.connect()
            await stage.relay.close()
            assert await ends(near_in)
            assert await ends(far_in)
            with pytest.raises(ConnectionRefusedError):
                await stage.dial()

    play(scene())


def test_a_slow_link_delays_what_passes_and_keeps_its_order_and_its_end(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            (near_in, near_out), (far_in, far_out) = await stage.connect()
            stage.relay.slow(Slowness(delay_ms=150, jitter_ms=30), "seed")
            assert stage.relay.is_slow
            clock = asyncio.get_running_loop().time
            began = clock()
            for number in range(50):
                near_out.write(b"%02d" % number)
                await asyncio.sleep(0)
            near_out.write_eof()
            said = await far_in.read()
            assert said == b"".join(b"%02d" % number for number in range(50))
            assert clock() - began >= 0.15
            far_out.write(b"back")
            far_out.close()
            assert await near_in.read() == b"back"
            assert clock() - began >= 0.30
            near_out.close()
            await stage.settle(0)

    play(scene())


def test_a_rate_bounds_what_gets_through_and_healing_lets_the_rest_go(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            (_, near_out), (far_in, _) = await stage.connect()
            stage.relay.slow(Slowness(bytes_per_s=1_000_000))
            clock = asyncio.get_running_loop().time
            began = clock()
            near_out.write(bytes(200_000))
            await far_in.readexactly(200_000)
            assert clock() - began >= 0.19
            stage.relay.slow(Slowness(delay_ms=60_000))
            near_out.write(b"for a long time on its way")
            await until(lambda: stage.relay.size_bytes > 0)
            stage.relay.slow(NOT_SLOW)
            near_out.write(b" and then")
            assert await far_in.readexactly(35) == b"for a long time on its way and then"
            assert not stage.relay.is_slow

    play(scene())


def test_what_is_on_a_slow_link_is_bounded_and_lost_when_it_is_cut(play: Play) -> None:
    async def scene() -> None:
        async with set_stage() as stage:
            (near_in, near_out), (far_in, _) = await stage.connect()
            stage.relay.slow(Slowness(delay_ms=60_000))
            near_out.write(bytes(4 * PIPE_BYTES_MAX))
            await until(lambda: stage.relay.size_bytes >= PIPE_BYTES_MAX)
            sending = asyncio.create_task(near_out.drain())
            await asyncio.wait({sending}, timeout=0.2)
            assert not sending.done()
            assert stage.relay.size_bytes < 1.5 * PIPE_BYTES_MAX
            stage.relay.cut()
            assert await ends(far_in)
            assert await ends(near_in)
            await asyncio.gather(sending, return_exceptions=True)
            assert stage.relay.size_bytes == 0

    play(scene())
