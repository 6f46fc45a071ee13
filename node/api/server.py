"""Serves the application with the limits that aiohttp leaves open.

aiohttp has no deadline for the first request of a connection, no cap on connections, and keeps an
idle one for an hour. Here each connection passes a `Gate`: beyond the cap it is answered 503 and
closed, and one that has not sent a whole request head in time is cut. Idle connections are kept
`keepalive_s`; a slow body is the body reader's matter.
"""

import asyncio
from dataclasses import dataclass
from typing import cast

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from node.api.problems import Problem
from node.metrics import Metrics


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Limits of the HTTP server; durations in seconds."""

    connections_max: int = 1024
    first_request_s: float = 10.0
    keepalive_s: float = 75.0
    shutdown_s: float = 5.0
    backlog: int = 256


def _busy_answer() -> bytes:
    problem = Problem("too-many-connections", extra={"definite": True, "retry_after_s": 1})
    body = msgspec.json.encode(problem.document("/"))
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


BUSY_ANSWER = _busy_answer()


class Doorkeeper:
    """Counts connections and hands each to aiohttp through a gate."""

    def __init__(self, server: web.Server, settings: ServerSettings, metrics: Metrics) -> None:
        self._server = server
        self.settings = settings
        self._metrics = metrics
        self.open = 0

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        return Gate(self, self._server())

    def enter(self) -> bool:
        """Take a place; False when there is none."""
        if self.open >= self.settings.connections_max:
            return False
        self.open += 1
        self._metrics.http_connections.set(self.open)
        return True

    def leave(self) -> None:
        """Give the place back."""
        self.open -= 1
        self._metrics.http_connections.set(self.open)


class Gate(asyncio.Protocol):
    """Stands before aiohttp's protocol on one connection and passes everything on."""

    def __init__(self, keeper: Doorkeeper, inner: asyncio.Protocol) -> None:
        self._keeper = keeper
        self._inner = inner
        self._is_inside = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the connection in, or tell it that there is no place."""
        transport = cast("asyncio.Transport", transport)  # uvloop's are not subclasses of it
        if not self._keeper.enter():
            transport.write(BUSY_ANSWER)
            transport.close()
            return
        self._is_inside = True
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._keeper.settings.first_request_s, transport.abort)
        self._inner.connection_made(transport)

    def settle(self) -> None:
        """The first request head is here: the deadline is off."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        if self._is_inside:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass the end on."""
        return self._inner.eof_received() if self._is_inside else None

    def pause_writing(self) -> None:
        """Pass back-pressure on."""
        if self._is_inside:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass the end of back-pressure on."""
        if self._is_inside:
            self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        """Give the place back."""
        self.settle()
        if self._is_inside:
            self._is_inside = False
            self._keeper.leave()
            self._inner.connection_lost(error)


@web.middleware
async def settle_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the gate that a request head has arrived."""
    if request.transport is not None:
        gate = request.transport.get_protocol()
        if isinstance(gate, Gate):
            gate.settle()
    return await handler(request)


class ApiServer:
    """A listening HTTP server; `port` is the real one where 0 was asked for."""

    def __init__(self, runner: web.AppRunner, server: asyncio.Server) -> None:
        self._runner = runner
        self._server = server
        self.host, self.port = server.sockets[0].getsockname()[:2]

    @property
    def url(self) -> str:
        """Where it answers."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def close(self) -> None:
        """Stop listening, let running requests end (for `shutdown_s`), then cancel the rest."""
        self._server.close()
        await self._runner.cleanup()
        await self._server.wait_closed()


async def open_server(
    app: web.Application,
    host: str,
    port: int,
    metrics: Metrics,
    settings: ServerSettings | None = None,
) -> ApiServer:
    """Listen on `host`:`port`; raises OSError where the port is taken."""
    settings = settings or ServerSettings()
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=settings.keepalive_s,
        auto_decompress=False,
        debug=False,
        shutdown_timeout=settings.shutdown_s,
    )
    await runner.setup()
    assert runner.server is not None
    keeper = Doorkeeper(runner.server, settings, metrics)
    try:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(keeper, host, port, backlog=settings.backlog)
    except OSError:
        await runner.cleanup()
        raise
    return ApiServer(runner, server)
