"""Serves the application with the limits that aiohttp leaves open.

aiohttp has no deadline for the first request of a connection, no cap on connections, and keeps an
idle one for an hour. Here a connection beyond the cap is answered 503 and closed, and one that has
not sent a whole request head in time is cut. Idle connections are kept `keepalive_s`; a slow body
is the body reader's matter.
"""

import asyncio
from dataclasses import dataclass
from typing import cast

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from node.api.problems import INTERNAL, Problem
from node.api.request_ids import HEADER, choose_id
from node.metrics import Metrics

log = structlog.get_logger(__name__)


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
    """Counts connections, and makes the protocol of each new one."""

    def __init__(self, server: web.Server, settings: ServerSettings, metrics: Metrics) -> None:
        self._server = server
        self.settings = settings
        self._metrics = metrics
        self.open = 0

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        return BoundedHandler(self, self._server)

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


class BoundedHandler(web.RequestHandler):
    """aiohttp's protocol with a place of its own, and a deadline for the first request head."""

    def __init__(self, keeper: Doorkeeper, server: web.Server) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=keeper.settings.keepalive_s,
            access_log=None,  # type: ignore[arg-type]
            auto_decompress=False,
        )
        self._keeper = keeper
        self._is_inside = False
        self._is_outside = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the connection in, or tell it that there is no place."""
        real = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        if not self._keeper.enter():
            real.write(BUSY_ANSWER)
            real.close()
            return
        self._is_inside = True
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._keeper.settings.first_request_s, real.abort)
        super().connection_made(real)

    def settle(self) -> None:
        """The first request head is here: the deadline is off."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def give_up_place(self) -> None:
        """Stand beside the cap from here on: what is served now is counted elsewhere."""
        if self._is_inside:
            self._is_inside = False
            self._is_outside = True
            self._keeper.leave()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Give the place back."""
        self.settle()
        if self._is_inside:
            self._is_inside = False
            self._keeper.leave()
            super().connection_lost(exc)
        elif self._is_outside:
            self._is_outside = False
            super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What aiohttp's parser refuses, as a problem document; the connection ends."""
        self.settle()
        id_ = choose_id(request)
        if status >= 500:
            log.error("a request failed outside the application", request=id_, exc_info=exc)
        reason = "request-malformed" if status < 500 else INTERNAL
        first_line = (message or "").split("\n", 1)[0]
        response = Problem(reason, first_line, status=status).answer(request)
        response.headers[HEADER] = id_
        response.force_close()
        return response


@web.middleware
async def settle_connection(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the connection that a request head has arrived."""
    if isinstance(request.protocol, BoundedHandler):
        request.protocol.settle()
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
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=settings.shutdown_s)
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
