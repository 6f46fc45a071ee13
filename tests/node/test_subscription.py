"""A subscription that goes on by itself, against a server that does what a test says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from node import subscription
from node.client import Client, IndefiniteError, RefusedError, UnreachableError
from node.subscription import StreamError, Wanted, follow

Script = Callable[[web.StreamResponse], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "PAUSE_MIN_S", 0.001)


def spell(number: int, kind: str = "block") -> bytes:
    text = f'{{"cursor":"c{number}","kind":"{kind}","time_ms":1,"data":{{}}}}'
    return f"id: c{number}\nevent: {kind}\ndata: {text}\n\n".encode()


def spell_end(reason: str) -> bytes:
    data = f'{{"cursor":"x","kind":"end","time_ms":1,"data":{{"reason":"{reason}"}}}}'
    return f"event: end\ndata: {data}\n\n".encode()


class Scripted:
    """Answers each call with the next of its scripts; remembers the queries."""

    def __init__(self, *scripts: bytes | web.Response) -> None:
        self._scripts = list(scripts)
        self.queries: list[dict[str, str]] = []
        self.url = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.queries.append(dict(request.query))
        script = self._scripts.pop(0)
        if isinstance(script, web.Response):
            return script
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(script)
        if script.endswith(b"\n\n"):
            return response
        assert request.transport is not None
        request.transport.abort()
        return response


@asynccontextmanager
async def served(*scripts: bytes | web.Response) -> AsyncIterator[tuple[Client, Scripted]]:
    scripted = Scripted(*scripts)
    app = web.Application()
    app.router.add_get("/v1/events", scripted.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with Client(f"http://{host}:{port}") as client:
        yield client, scripted
    await runner.cleanup()


async def collect(client: Client, wanted: Wanted) -> list[str]:
    async with asyncio.timeout(5):
        return [event.cursor async for event in follow(client, wanted)]


async def test_it_goes_on_after_the_last_event_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = (
        b"id: c0\n\n" + spell(1) + spell(2) + b"id: c3\nevent: block\ndata: {cut",
        b"id: c7\n\n",
        web.json_response({"reason": "too-many-subscribers", "definite": True}, status=503),
        spell(8) + spell_end("too-slow"),
        spell_end("node-stopping"),
        spell(9) + spell_end("caught-up"),
    )
    async with served(*scripts) as (client, scripted):
        wanted = Wanted(kinds=("block", "final"), follow=False)
        assert await collect(client, wanted) == ["c1", "c2", "c8", "c9"]
    assert [query["after"] for query in scripted.queries] == ["now", "c2", "c7", "c7", "c8", "c8"]
    assert {query["kinds"] for query in scripted.queries} == {"block,final"}
    assert {query["follow"] for query in scripted.queries} == {"0"}


async def test_it_says_what_it_wants() -> None:
    wanted = Wanted(addresses=("a", "b"), transactions=("c",), after="c5")
    assert wanted.make_query("c5") == {"address": "a,b", "transaction": "c", "after": "c5"}


async def test_a_refusal_is_raised() -> None:
    gone = web.json_response({"reason": "cursor-too-old"}, status=410)
    async with served(spell(1), gone) as (client, _):
        events = follow(client)
        assert (await anext(events)).cursor == "c1"
        with pytest.raises(RefusedError) as raised:
            await anext(events)
        assert raised.value.reason == "cursor-too-old"


async def test_a_stream_that_cannot_go_on_is_an_error() -> None:
    async with served(spell_end("cursor-too-old")) as (client, _):
        with pytest.raises(StreamError) as raised:
            await collect(client, Wanted())
        assert raised.value.reason == "cursor-too-old"


async def test_the_first_call_has_to_find_somebody() -> None:
    async with Client("http://127.0.0.1:1") as client:
        with pytest.raises(UnreachableError):
            await collect(client, Wanted())


async def test_what_is_no_event_is_an_error_at_first() -> None:
    async with served(web.json_response({}, status=500)) as (client, _):
        with pytest.raises(IndefiniteError):
            await collect(client, Wanted())


async def test_silence_is_a_broken_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "SILENCE_S", 0.05)
    calls = 0

    async def serve(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(spell(calls))
        if calls < 3:
            await asyncio.Event().wait()
        await response.write(spell_end("caught-up"))
        return response

    app = web.Application()
    app.router.add_get("/v1/events", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with Client(f"http://{host}:{port}") as client:
        assert await collect(client, Wanted()) == ["c1", "c2", "c3"]
    await runner.cleanup()
