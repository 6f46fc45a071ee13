"""Calling a peer, again and again, with pauses that grow while nobody answers."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self

import aiohttp
import structlog

from node.peers.handshake import Refusal, RefusedError
from node.peers.limits import PeerLimits
from node.peers.listener import HEADER_BYTES_MAX, PATH
from node.peers.records import PeerAddress
from node.wire import MESSAGE_BYTES_MAX

_log = structlog.get_logger(__name__)

SWITCHING_PROTOCOLS = 101

LASTING_REFUSALS = frozenset(
    {
        Refusal.WRONG_VERSION,
        Refusal.WRONG_CHAIN,
        Refusal.WRONG_ROLE,
        Refusal.WRONG_KEY,
        Refusal.SELF,
        Refusal.BANNED,
        Refusal.FULL,
        Refusal.CROWDED,
        Refusal.BAD_PROOF,
        Refusal.NOT_A_NODE,
    }
)
"""Calling again soon would not help."""

FAILURES = (aiohttp.ClientError, OSError)
"""What can go wrong before the greeting, TLS errors included."""


class Backoff:
    """Pauses that double from the minimum to the maximum, each jittered down by up to a half."""

    def __init__(self, limits: PeerLimits, rng: random.Random) -> None:
        self._limits = limits
        self._rng = rng
        self._pause_s = limits.redial_min_s

    def next_s(self) -> float:
        """The pause before the next try."""
        pause_s, self._pause_s = (
            self._pause_s,
            min(2 * self._pause_s, self._limits.redial_max_s),
        )
        return pause_s * self._rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        """The peer is there again."""
        self._pause_s = self._limits.redial_min_s

    def rest(self) -> None:
        """The peer refused for a reason that will hold for a while."""
        self._pause_s = self._limits.redial_max_s


class Call:
    """One connection that we open: `async with Call(…) as call:`, then `socket`, `transport`.

    It has a session of its own, so that leaving the block leaves nothing behind. Raises
    `aiohttp.ClientError`, `OSError`, or `RefusedError` when no peer answers there.
    """

    def __init__(self, address: PeerAddress, context: ssl.SSLContext, limits: PeerLimits) -> None:
        self._address = address
        self._context = context
        self._limits = limits

    async def __aenter__(self) -> Self:
        """Connect, prove our certificate, and upgrade to a WebSocket."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._context, limit=1, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(self._keep_transport,),
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=HEADER_BYTES_MAX,
            max_field_size=HEADER_BYTES_MAX,
        )
        try:
            async with asyncio.timeout(self._limits.handshake_s):
                self.socket = await self._session.ws_connect(
                    f"wss://{self._address}{PATH}",
                    autoping=False,
                    compress=0,
                    max_msg_size=MESSAGE_BYTES_MAX + 1,
                    timeout=aiohttp.ClientWSTimeout(ws_close=self._limits.close_s),
                )
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cut the connection, if it still is one."""
        self.transport.abort()
        await self.socket.close()
        await self._session.close()

    async def _keep_transport(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Anything but an upgrade (a redirect, say) is not a peer's answer."""
        response = await handler(request)
        connection = response.connection
        if response.status != SWITCHING_PROTOCOLS or connection is None:
            response.close()
            raise RefusedError(Refusal.NOT_A_NODE)
        assert connection.transport is not None
        self.transport = connection.transport
        self.headers = response.headers
        return response


class Dialler:
    """Keeps one peer of the configuration linked.

    `wait_wanted()` returns when a call makes sense (no link, no ban); `call()` makes one and returns
    when its link, if any, has ended: how long it lived in seconds (0 without one), or None when the
    peer turned us away for a lasting reason.
    """

    def __init__(
        self,
        wait_wanted: Callable[[], Awaitable[None]],
        call: Callable[[], Awaitable[float | None]],
        limits: PeerLimits,
        rng: random.Random,
    ) -> None:
        self._wait_wanted = wait_wanted
        self._call = call
        self._limits = limits
        self._backoff = Backoff(limits, rng)

    async def run(self) -> None:
        """Call for ever."""
        while True:
            await self._wait_wanted()
            lived_s: float | None = 0.0
            try:
                lived_s = await self._call()
            except Exception:  # noqa: BLE001 - a fault of ours must not end the calling for ever
                _log.exception("a call failed")
            if lived_s is None:
                self._backoff.rest()
            elif lived_s >= self._limits.settled_s:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_s())


FAILURE_NAMES: Mapping[type[Exception], str] = {
    aiohttp.ClientConnectorCertificateError: "tls-foreign-certificate",
    aiohttp.ClientConnectorSSLError: "tls-failed",
    ssl.SSLError: "tls-failed",
    aiohttp.ClientConnectorError: "unreachable",
    aiohttp.WSServerHandshakeError: "not-a-node",
    TimeoutError: "timeout",
}
CUT_OFF = "cut-off"
"""Any other end of a connection."""


def name_failure(error: Exception) -> str:
    """A closed set of reasons why nobody was reached."""
    named = FAILURE_NAMES.items()
    return next((name for kind, name in named if isinstance(error, kind)), CUT_OFF)
