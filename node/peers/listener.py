"""The door: accepts connections, makes them prove their certificate, and frees slots in time.

A stranger can hold one of `half_open_max` slots for `handshake_s` and nothing else: no frame is
read, and hardly any memory spent, before TLS has shown a certificate of the network.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web

from node.peers.errors import ListenError
from node.peers.groups import Crowd, compute_group
from node.peers.limits import PeerLimits
from node.peers.metrics import PeerMetrics

PATH = "/quorate/peer"
BACKLOG = 128
ACCEPT_PAUSE_S = 0.1
"""After a failed accept (out of file descriptors): rest rather than spin."""

HEADER_BYTES_MAX = 4_096
"""A peer's upgrade request has half a dozen short headers."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_http_log = logging.getLogger("quorate.peers.http")
_http_log.setLevel(logging.CRITICAL)  # peers' bad requests are counted, not logged with traces

_TLS_REASONS = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "tls-no-certificate",
    "CERTIFICATE_VERIFY_FAILED": "tls-foreign-certificate",
    "UNSUPPORTED_PROTOCOL": "tls-old-version",
    "HTTP_REQUEST": "tls-not-spoken",
    "HTTPS_PROXY_REQUEST": "tls-not-spoken",
    "WRONG_VERSION_NUMBER": "tls-not-spoken",
    "RECORD_LAYER_FAILURE": "tls-not-spoken",
    "TLSV1_ALERT_UNKNOWN_CA": "tls-we-are-foreign",
}
LISTENER_REASONS = (
    *dict.fromkeys(_TLS_REASONS.values()),
    "tls-failed",
    "tls-aborted",
    "too-many-half-open",
    "too-many-half-open-of-group",
    "accept-failed",
    "greeting-too-slow",
)
"""Why a connection is refused before anybody has greeted."""


class Listener:
    """Serves WebSocket upgrades over TLS; `handler` gets each request with its deadline.

    In an open network, where strangers get through TLS, each group of addresses has only so many of
    the half-open slots. The handler calls `settle(request)` when the connection has become a link, or is done with.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        handler: Handler,
        limits: PeerLimits,
        metrics: PeerMetrics,
        *,
        is_open: bool = False,
    ) -> None:
        self._crowd = Crowd(limits.half_open_group_max if is_open else None)
        self._context = context
        self._handler = handler
        self._limits = limits
        self._metrics = metrics
        self._server: web.Server | None = None
        self._socket: socket.socket | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._half_open: dict[object, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def half_open(self) -> int:
        """Connections that have not greeted yet."""
        return len(self._half_open)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    def open(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one. Raises `ListenError`."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise ListenError(
                f"cannot listen for peers on {host}:{port}: {error.strerror or error}",
                advice="another process may use the port; choose another with p2p.port",
            ) from error
        self._socket.setblocking(False)
        self._server = web.Server(
            self._handler,
            access_log=None,
            logger=_http_log,
            keepalive_timeout=self._limits.handshake_s,
            lingering_time=0,
            max_line_size=HEADER_BYTES_MAX,
            max_field_size=HEADER_BYTES_MAX,
        )
        self._listen()

    def settle(self, request: web.BaseRequest) -> None:
        """This connection no longer counts as half-open."""
        if event := self._half_open.get(request.protocol):
            event.set()

    def stop_accepting(self) -> None:
        """Close the door; links live on."""
        if self._resting is not None:
            self._resting.cancel()
        if self._socket is not None and self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()

    async def close(self) -> None:
        """Cut what is still connected."""
        self.stop_accepting()
        await asyncio.sleep(0)  # a task cancelled before its first step would lose its socket
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.shutdown(self._limits.close_s)

    def _listen(self) -> None:
        assert self._socket is not None
        asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        """Take one connection; called again while there are more.

        Not `loop.sock_accept`: cancelled at the wrong moment, that loses an accepted socket.
        """
        assert self._socket is not None
        try:
            connection, address = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:
            self._rest()
            return
        if len(self._half_open) >= self._limits.half_open_max:
            self._metrics.refused("too-many-half-open")
            connection.close()
            return
        group = compute_group(address[0])
        if not self._crowd.enter(group):
            self._metrics.refused("too-many-half-open-of-group")
            connection.close()
            return
        connection.setblocking(False)
        self._admit(connection, group)

    def _rest(self) -> None:
        assert self._socket is not None
        self._metrics.refused("accept-failed")
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)
        self._resting = loop.call_later(ACCEPT_PAUSE_S, self._listen)

    def _admit(self, connection: socket.socket, group: str) -> None:
        assert self._server is not None
        protocol = self._server()
        self._half_open[protocol] = asyncio.Event()
        work = self._secure(connection, protocol, group)
        task = asyncio.create_task(work, name="peer-handshake")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _secure(
        self, connection: socket.socket, protocol: asyncio.Protocol, group: str
    ) -> None:
        """TLS, then a deadline for the greeting."""
        deadline = asyncio.get_running_loop().time() + self._limits.handshake_s
        try:
            transport = await self._shake_hands(connection, protocol)
            if transport is not None:
                await self._await_greeting(transport, protocol, deadline)
        finally:
            del self._half_open[protocol]
            self._crowd.leave(group)

    async def _shake_hands(
        self, connection: socket.socket, protocol: asyncio.Protocol
    ) -> asyncio.Transport | None:
        try:
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=self._limits.handshake_s,
                ssl_shutdown_timeout=self._limits.close_s,
            )
        except ssl.SSLError as error:
            self._metrics.refused(_TLS_REASONS.get(error.reason or "", "tls-failed"))
        except (OSError, EOFError):
            self._metrics.refused("tls-aborted")
        else:
            return transport
        return None

    async def _await_greeting(
        self, transport: asyncio.Transport, protocol: asyncio.Protocol, deadline: float
    ) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self._half_open[protocol].wait()
        except TimeoutError:
            self._metrics.refused("greeting-too-slow")
            transport.abort()
        except asyncio.CancelledError:
            transport.abort()
            raise
