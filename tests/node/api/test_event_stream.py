"""`/v1/events` on real sockets: both wires, filters, cursors, refusals, limits."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest

from ledger.address import encode_address
from node.api import event_outlets
from node.api.app import make_app
from node.api.routing import Limits
from node.api.server import ApiServer, ServerSettings, open_server
from node.client import Client
from node.events import groups, pump
from node.samples import Samples
from tests.node.api.conftest import Call, assert_problem
from tests.node.api.ledger_backend import BOB, CAROL, LedgerBackend
from tests.node.support import until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "PACE_MIN_S", 0.001)
    monkeypatch.setattr(pump, "SWEEP_S", 0.01)


@asynccontextmanager
async def listening(
    server: ApiServer, query: str = "", **headers: str
) -> AsyncIterator[aiohttp.ClientResponse]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}/v1/events{query}", headers=headers) as response,
    ):
        yield response


async def read_events(response: aiohttp.ClientResponse, count: int) -> list[dict[str, str]]:
    """So many events in their fields, read as strictly as the format allows: nothing else comes."""
    found: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    async with asyncio.timeout(10):
        while len(found) < count:
            line = (await response.content.readline()).decode()
            assert line.endswith("\n"), "a line that is cut off"
            assert "\r" not in line
            if line == "\n":
                if "data" in fields:
                    found.append(fields)
                else:
                    assert set(fields) in ({"id"}, {"retry"})
                fields = {}
                continue
            name, separator, value = line[:-1].partition(": ")
            assert separator == ": "
            assert name in {"id", "event", "data", "retry"}
            assert name not in fields
            fields[name] = value
    return found


def decode(event: dict[str, str]) -> Any:
    """The JSON of an event, which agrees with its other fields."""
    form = msgspec.json.decode(event["data"])
    assert form["kind"] == event["event"]
    assert form["cursor"] == event.get("id", form["cursor"])
    return form


async def test_server_sent_events(server: ApiServer, backend: LedgerBackend) -> None:
    async with listening(server, "?kinds=block,final") as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Connection"] == "close"
        applied = backend.make_block(backend.pay(0))
        block, final = map(decode, await read_events(response, 2))
        assert (block["kind"], block["height"]) == ("block", 1)
        assert block["data"]["id"] == applied.block_id.hex()
        assert block["data"]["transactions"] == 1
        assert (final["kind"], final["height"]) == ("final", 1)
        assert final["data"] == {"id": applied.block_id.hex()}


async def test_a_websocket(server: ApiServer, backend: LedgerBackend) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.url + "/v1/events?kinds=final") as ws,
    ):
        position = await ws.receive_json()
        assert (position["kind"], position["data"]) == ("position", {})
        backend.make_block()
        event = await ws.receive_json()
        assert (event["kind"], event["height"]) == ("final", 1)
        after = event["cursor"]
        backend.make_block()
        await ws.receive_json()
        await backend.events.close()
        last = await ws.receive_json()
        assert (last["kind"], last["data"]["reason"]) == ("end", "node-stopping")
        closing = await ws.receive()
        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        assert closing.extra == "node-stopping"
    assert after < last["data"]["cursor"]


async def test_a_websocket_that_talks_is_closed(server: ApiServer, backend: LedgerBackend) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.url + "/v1/events") as ws,
    ):
        await ws.receive_json()
        await ws.ping()
        await ws.send_str("hello")
        async with asyncio.timeout(5):
            while (message := await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        assert message.data == 1003
    await until(lambda: backend.events.count == 0)


async def test_resuming_by_parameter_and_by_header(
    server: ApiServer, backend: LedgerBackend
) -> None:
    for _ in range(3):
        backend.make_block()
    async with listening(server, "?kinds=block&after=oldest&follow=0") as response:
        events = await read_events(response, 4)
        assert await response.read() == b""
    blocks, end = [decode(event) for event in events[:3]], decode(events[3])
    assert [block["height"] for block in blocks] == [1, 2, 3]
    assert end["data"]["reason"] == "caught-up"
    cursor = blocks[0]["cursor"]
    for query, headers in (
        (f"?kinds=block&follow=0&after={cursor}", {}),
        ("?kinds=block&follow=0", {"Last-Event-ID": cursor}),
        ("?kinds=block&follow=0&after=oldest", {"Last-Event-ID": cursor}),
        (f"?kinds=block&follow=0&after={end['cursor']}", {}),
    ):
        async with listening(server, query, **headers) as response:
            told = (await response.text()).count("event: block")
        assert told == (0 if end["cursor"] in query else 2)


async def test_addresses_and_transactions(server: ApiServer, backend: LedgerBackend) -> None:
    ours, theirs = backend.pay(0), backend.pay(0, sender=BOB)
    carol, bob = encode_address(CAROL.public_key), encode_address(BOB.public_key)
    queries = {
        f"?address={bob}": [theirs],
        f"?address={carol}": [ours, theirs],
        f"?transaction={ours.id.hex()}": [ours],
        f"?transaction={ours.id.hex()}&address={bob}": [ours, theirs],
        f"?kinds=transaction,block&address={bob}": [theirs],
    }
    backend.make_block(ours, theirs)
    for query, expected in queries.items():
        async with listening(server, query + "&after=oldest&follow=0") as response:
            text = await response.text()
        assert [one for one in (ours, theirs) if one.id.hex() in text] == expected
        assert ("event: block" in text) == ("block" in query)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("kinds=blocks", "query-invalid"),
        ("kinds=", "query-invalid"),
        ("kinds=block,block", "query-invalid"),
        ("kinds=block,,final", "query-invalid"),
        ("kinds=block&kinds=final", "query-repeated"),
        ("kind=block", "query-unknown"),
        ("address=me", "query-invalid"),
        ("transaction=00", "query-invalid"),
        ("transaction=" + "AB" * 32, "query-invalid"),
        ("transaction=" + ",".join(f"{n:064x}" for n in range(101)), "query-invalid"),
        ("kinds=block&transaction=" + "ab" * 32, "query-conflict"),
        ("follow=yes", "query-invalid"),
        ("after=yesterday", "cursor-invalid"),
        ("after=", "cursor-invalid"),
    ],
)
async def test_malformed_queries(call: Call, query: str, reason: str) -> None:
    assert_problem(await call("GET", f"/v1/events?{query}"), 400, reason)


async def test_cursors_that_are_gone(call: Call, backend: LedgerBackend) -> None:
    foreign = await call("GET", "/v1/events?after=ffffffff-1-1")
    problem = assert_problem(foreign, 410, "cursor-unknown")
    assert "/v1/blocks" in problem["detail"]
    backend.make_block()
    backend.events.log.forgotten = backend.events.log.newest
    reply = await call("GET", f"/v1/events?after={backend.events.log.id}-1-1")
    problem = assert_problem(reply, 410, "cursor-too-old")
    again = await call("GET", f"/v1/events?follow=0&after={problem['oldest']}")
    assert again.status == 200


async def test_pages_of_other_sites_are_refused(call: Call, server: ApiServer) -> None:
    for origin in ("http://example.org", "null"):
        reply = await call("GET", "/v1/events", headers={"Origin": origin})
        assert_problem(reply, 403, "origin-refused")
    headers = {"Origin": server.url}
    assert (await call("GET", "/v1/events?follow=0", headers=headers)).status == 200


async def test_a_broken_handshake_and_other_methods(call: Call) -> None:
    reply = await call("GET", "/v1/events", headers={"Upgrade": "websocket"})
    assert_problem(reply, 400, "request-malformed")
    assert_problem(await call("POST", "/v1/events"), 405, "method-not-allowed")
    head = await call("HEAD", "/v1/events")
    assert (head.status, head.headers["Content-Type"]) == (200, "text/event-stream")


async def test_places_are_bounded_and_given_back(
    server: ApiServer, call: Call, backend: LedgerBackend
) -> None:
    async with listening(server), listening(server), listening(server), listening(server):
        await until(lambda: backend.events.count == 4)
        reply = await call("GET", "/v1/events")
        problem = assert_problem(reply, 503, "too-many-subscribers")
        assert problem["definite"] is True
        assert int(reply.headers["Retry-After"]) > 0
        async with Client(server.url) as client:
            samples = Samples(await client.metrics_text())
        assert samples.value("quorate_event_subscribers") == 4
    await until(lambda: backend.events.count == 0)


async def test_subscribers_take_no_place_from_requests(backend: LedgerBackend) -> None:
    settings = ServerSettings(connections_max=2)
    server = await open_server(
        make_app(backend, Limits()), "127.0.0.1", 0, backend.metrics, settings
    )
    backend.events.start()
    try:
        async with listening(server), listening(server), listening(server):
            await until(lambda: backend.events.count == 3)
            async with Client(server.url) as one, Client(server.url) as another:
                await asyncio.gather(one.status(), another.status())
        await until(lambda: backend.events.count == 0)
    finally:
        await backend.events.close()
        await server.close()


async def test_a_subscriber_that_does_not_read_is_told_why_it_is_dropped(
    server: ApiServer, backend: LedgerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "QUEUE_BYTES_MAX", 4 * groups.CHUNK_BYTES_MAX)
    monkeypatch.setattr(event_outlets, "SEND_BUFFER_BYTES", 4096)
    host, port = server.url.removeprefix("http://").split(":")
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect((host, int(port)))
        sock.setblocking(False)
        sock.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: backend.events.count == 1)
        detail = "x" * 1000
        dropped = backend.metrics.event_subscribers_dropped.labels("too-slow")
        while dropped._value.get() == 0:
            backend.recorder.on_alarm("flood", detail)
            await asyncio.sleep(0)
        data = await asyncio.get_running_loop().run_in_executor(None, _read_rest, sock)
    assert b'"reason":"too-slow"' in data[-400:]
    assert data.endswith(b"0\r\n\r\n")


def _read_rest(sock: socket.socket) -> bytes:
    sock.settimeout(10)
    data = b""
    while piece := sock.recv(65536):
        data += piece
    return data


async def test_a_dead_subscriber_is_cut(
    server: ApiServer, backend: LedgerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "WRITE_DEADLINE_S", 0.05)
    monkeypatch.setattr(event_outlets, "FAREWELL_S", 0.05)
    monkeypatch.setattr(event_outlets, "SEND_BUFFER_BYTES", 4096)
    host, port = server.url.removeprefix("http://").split(":")
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect((host, int(port)))
        sock.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: backend.events.count == 1)
        dropped = backend.metrics.event_subscribers_dropped.labels("stalled")
        while backend.events.count:
            backend.recorder.on_alarm("flood", "x" * 200)
            await asyncio.sleep(0.001)
        assert dropped._value.get() == 1


async def test_a_stream_does_not_count_as_a_slow_request(
    server: ApiServer, call: Call, backend: LedgerBackend
) -> None:
    await call("GET", "/v1/events?follow=0")
    async with Client(server.url) as client:
        samples = Samples(await client.metrics_text())
    name = "quorate_http_requests_total"
    assert samples.value(name, route="/v1/events", method="GET", status="200") == 1
    assert samples.value("quorate_http_request_seconds_count", route="/v1/events") == 0
    assert backend.failures == []


async def test_who_is_dropped_at_once_is_told_and_the_connection_ends(
    server: ApiServer, backend: LedgerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(server) as response:
        await until(lambda: backend.events.count == 1)
        monkeypatch.setattr(pump, "QUEUE_BYTES_MAX", 10)
        backend.make_block()
        (end,) = map(decode, await read_events(response, 1))
        assert end["data"]["reason"] == "too-slow"
        assert await response.read() == b""
    async with listening(server, f"?after={end['cursor']}&kinds=block") as response:
        (block,) = map(decode, await read_events(response, 1))
        assert block["height"] == 1
