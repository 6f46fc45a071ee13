"""The server's own limits: connections, deadlines, slow bodies, malformed requests, a clean end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import msgspec
import pytest
import uvloop

from node.api import bodies
from node.api.app import make_app
from node.api.server import ApiServer, ServerSettings, open_server
from tests.node.api.conftest import LIMITS
from tests.node.api.ledger_backend import LedgerBackend

GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
Open: TypeAlias = Callable[[ServerSettings], Awaitable[ApiServer]]
Wire: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def opening(backend: LedgerBackend) -> AsyncIterator[Open]:
    opened: list[ApiServer] = []

    async def open_one(settings: ServerSettings) -> ApiServer:
        app = make_app(backend, LIMITS)
        opened.append(await open_server(app, "127.0.0.1", 0, backend.metrics, settings))
        return opened[-1]

    yield open_one
    for server in opened:
        await server.close()


async def connect(server: ApiServer) -> Wire:
    return await asyncio.open_connection(server.host, server.port)


async def ask(wire: Wire, request: bytes = GET) -> tuple[int, bytes]:
    """One request on an open connection: status and body."""
    reader, writer = wire
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    size = int(head.split("content-length: ")[1].split("\r\n")[0])
    return int(head.split(" ")[1]), await reader.readexactly(size)


async def hang_up(*wires: Wire) -> None:
    for _, writer in wires:
        writer.close()
        await writer.wait_closed()


async def test_connections_beyond_the_cap_are_told_so(
    opening: Open, backend: LedgerBackend
) -> None:
    server = await opening(ServerSettings(connections_max=2))
    first, second = await connect(server), await connect(server)
    assert (await ask(first))[0] == 200
    assert (await ask(second))[0] == 200
    third = await connect(server)
    answer = await third[0].read()
    assert answer.startswith(b"HTTP/1.1 503 ")
    document = msgspec.json.decode(answer.split(b"\r\n\r\n", 1)[1])
    assert (document["reason"], document["definite"]) == ("too-many-connections", True)
    assert backend.metrics.registry.get_sample_value("quorate_http_connections") == 2
    await hang_up(first)
    assert (await ask(second))[0] == 200
    fourth = await connect(server)
    assert (await ask(fourth))[0] == 200
    await hang_up(second, third, fourth)


async def test_a_connection_that_says_nothing_is_cut(opening: Open) -> None:
    server = await opening(ServerSettings(first_request_s=0.05))
    wire = await connect(server)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(wire[0].readexactly(1), 5)
    await hang_up_broken(wire)


async def test_a_request_head_that_never_ends_is_cut(opening: Open) -> None:
    server = await opening(ServerSettings(first_request_s=0.05))
    wire = await connect(server)
    wire[1].write(b"GET /livez HTTP/1.1\r\nHost: ")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(wire[0].readexactly(1), 5)
    await hang_up_broken(wire)


async def hang_up_broken(wire: Wire) -> None:
    wire[1].close()
    try:
        await wire[1].wait_closed()
    except ConnectionError:
        assert wire[1].is_closing()


async def test_an_idle_connection_is_closed_in_the_end(opening: Open) -> None:
    server = await opening(ServerSettings(keepalive_s=0.05))
    wire = await connect(server)
    assert (await ask(wire))[0] == 200
    assert await asyncio.wait_for(wire[0].read(), 5) == b""
    await hang_up(wire)


async def test_the_first_deadline_does_not_end_later_requests(opening: Open) -> None:
    server = await opening(ServerSettings(first_request_s=0.05))
    wire = await connect(server)
    wait = b"POST /v1/transactions?wait=final&timeout=0.2 HTTP/1.1\r\nHost: x\r\n"
    assert (await ask(wire))[0] == 200
    request = wait + b"Content-Type: text/x\r\nContent-Length: 1\r\n\r\nx"
    assert (await ask(wire, request))[0] == 415
    await hang_up(wire)


async def test_a_long_wait_outlives_the_first_deadline(
    opening: Open, backend: LedgerBackend
) -> None:
    server = await opening(ServerSettings(first_request_s=0.05))
    wire = await connect(server)
    raw = backend.pay(0).raw
    head = (
        "POST /v1/transactions?wait=final&timeout=0.3 HTTP/1.1\r\nHost: x\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    status, body = await ask(wire, head.encode() + raw)
    assert (status, msgspec.json.decode(body)["definite"]) == (202, False)
    await hang_up(wire)


async def test_a_body_that_does_not_arrive(opening: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_TIMEOUT_S", 0.05)
    server = await opening(ServerSettings())
    wire = await connect(server)
    head = b"POST /v1/transactions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    status, body = await ask(wire, head + b"Content-Length: 100\r\n\r\n{")
    assert (status, msgspec.json.decode(body)["reason"]) == (408, "body-too-slow")
    await hang_up(wire)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"BREW /livez HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"POST /v1/transactions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        (
            b"POST /v1/transactions HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
    ],
)
async def test_what_is_no_http_gets_a_problem_document(opening: Open, request_bytes: bytes) -> None:
    server = await opening(ServerSettings())
    wire = await connect(server)
    status, body = await ask(wire, request_bytes)
    document = msgspec.json.decode(body)
    assert (status, document["reason"]) == (400, "request-malformed")
    assert b"Traceback" not in body
    assert await wire[0].read() == b""
    await hang_up(wire)


async def test_a_broken_chunk_is_a_broken_body(opening: Open) -> None:
    server = await opening(ServerSettings())
    wire = await connect(server)
    head = b"POST /v1/transactions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    status, body = await ask(wire, head + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n")
    assert status == 400
    assert msgspec.json.decode(body)["reason"] in {"body-broken", "request-malformed"}
    await hang_up(wire)


async def test_closing_lets_a_running_request_end(
    backend: LedgerBackend,
) -> None:
    server = await open_server(make_app(backend, LIMITS), "127.0.0.1", 0, backend.metrics)
    wire = await connect(server)
    raw = backend.pay(0).raw
    head = (
        "POST /v1/transactions?wait=final&timeout=10 HTTP/1.1\r\nHost: x\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    asking = asyncio.create_task(ask(wire, head.encode() + raw))
    await backend.someone_waits.wait()
    closing = asyncio.create_task(server.close())
    await asyncio.sleep(0)
    backend.make_block()
    status, _ = await asking
    assert status == 200
    await closing
    with pytest.raises(ConnectionError):
        await connect(server)
    await hang_up(wire)


async def test_a_taken_port_is_an_error(opening: Open, backend: LedgerBackend) -> None:
    server = await opening(ServerSettings())
    with pytest.raises(OSError, match="in use"):
        await open_server(make_app(backend), "127.0.0.1", server.port, backend.metrics)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_both_event_loops(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def serve_and_ask() -> list[int]:
        backend = LedgerBackend()
        app = make_app(backend, LIMITS)
        only_one = ServerSettings(connections_max=1)
        server = await open_server(app, "127.0.0.1", 0, backend.metrics, only_one)
        first = await connect(server)
        status, _ = await ask(first)
        second = await connect(server)
        refusal = await second[0].read()
        await hang_up(first, second)
        await server.close()
        return [status, int(refusal.split(b" ")[1])]

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(serve_and_ask()) == [200, 503]
