"""A subscriber's connection, as the event hub sees it: server-sent events, or a WebSocket.

Both are aiohttp's own. Server-sent events need no library: the format is three lines per event,
which are made once for all subscribers, and what a library would add (a task and a queue for each
connection) is what the hub is there to avoid.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Sequence

from aiohttp import WSCloseCode, WSMsgType, web

from node.api.problems import Problem
from node.events.forms import RETRY_MS, Wire, spell_end
from node.events.groups import End, Ended
from node.events.pump import now_ms
from node.tasks import end

SEND_BUFFER_BYTES = 32 * 1024
"""What the kernel may hold for one subscriber, instead of some megabytes."""
UNANSWERED_MS = 60_000
"""The kernel gives a connection up whose peer has acknowledged nothing for so long."""
FAREWELL_S = 5.0
"""The last words may take so long; then the connection is cut."""
MESSAGE_BYTES_MAX = 1024
"""Of what a subscriber sends; it has nothing to say."""

AT_ONCE = struct.pack("ii", 1, 0)
"""Lingering for no time: closing resets."""

CLOSE_CODES = {
    End.CAUGHT_UP: WSCloseCode.OK,
    End.STOPPING: WSCloseCode.GOING_AWAY,
    End.TOO_SLOW: WSCloseCode.TRY_AGAIN_LATER,
    End.STALLED: WSCloseCode.TRY_AGAIN_LATER,
    End.CURSOR_TOO_OLD: WSCloseCode.POLICY_VIOLATION,
}


class _Connection:
    """What both kinds share: the transport below."""

    def __init__(self, request: web.Request) -> None:
        if (transport := request.transport) is None:
            raise ConnectionResetError("the subscriber has gone")
        self._transport = transport
        _bound_kernel(transport.get_extra_info("socket"))

    def is_gone(self) -> bool:
        """Is the connection lost."""
        return self._transport.is_closing()

    def count_waiting(self) -> int:
        """Bytes that have not left this process."""
        return self._transport.get_write_buffer_size()

    def cut_later(self) -> None:
        """End the connection soon, whatever still waits in it."""
        asyncio.get_running_loop().call_later(FAREWELL_S, self._cut)

    def _cut(self) -> None:
        """A reset, if something waits that is not going to be read: the kernel keeps nothing then."""
        if self.count_waiting():
            sock = self._transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self._transport.abort()


def _bound_kernel(sock: socket.socket | None) -> None:
    """Little may wait in the kernel, and not for ever; other transports do without."""
    if sock is None or sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MS)


class SseOutlet(_Connection):
    """A response that does not end: `text/event-stream`."""

    wire = Wire.SSE

    def __init__(self, request: web.Request) -> None:
        super().__init__(request)
        headers = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        self.response = web.StreamResponse(headers=headers)
        self.response.force_close()
        self._request = request

    async def open(self) -> None:
        """Answer; browsers learn when to call again."""
        await self.response.prepare(self._request)
        await self.response.write(b"retry: %d\n\n" % RETRY_MS)

    async def send(self, payloads: Sequence[bytes]) -> None:
        """Hand events over."""
        for payload in payloads:
            await self.response.write(payload)

    async def finish(self, ended: Ended, log_id: str) -> None:
        """The last words, if the connection is still there."""
        self.cut_later()
        if self.is_gone():
            return
        words = spell_end(log_id, ended.position, now_ms(), ended.reason.value, self.wire)
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self.response.write(words)
                await self.response.write_eof()


class WebSocketOutlet(_Connection):
    """One text message for each event."""

    wire = Wire.WEBSOCKET

    def __init__(self, request: web.Request) -> None:
        super().__init__(request)
        self.response = web.WebSocketResponse(
            compress=False, timeout=FAREWELL_S, max_msg_size=MESSAGE_BYTES_MAX
        )
        self._request = request
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Answer, and listen for the end."""
        await self.response.prepare(self._request)
        self._listening = asyncio.create_task(self._listen(), name="subscriber")

    async def _listen(self) -> None:
        """Pings are answered and closing is noticed by reading; there is nothing else to say."""
        async for _ in self.response:
            await self.response.close(
                code=WSCloseCode.UNSUPPORTED_DATA, message=b"subscribers only listen"
            )

    def is_gone(self) -> bool:
        """Is the connection lost, or being closed."""
        return self.response.closed or super().is_gone()

    async def send(self, payloads: Sequence[bytes]) -> None:
        """Hand events over."""
        if self.response.closed:
            raise ConnectionResetError("the subscriber has closed")
        for payload in payloads:
            await self.response.send_frame(payload, WSMsgType.TEXT)

    async def finish(self, ended: Ended, log_id: str) -> None:
        """The last words, and a code that says the same."""
        self.cut_later()
        words = spell_end(log_id, ended.position, now_ms(), ended.reason.value, self.wire)
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                if not self.is_gone():
                    await self.send([words])
                    code = CLOSE_CODES.get(ended.reason, WSCloseCode.OK)
                    await self.response.close(code=code, message=ended.reason.value.encode())
        if self._listening is not None:
            await end(self._listening)


def make_outlet(request: web.Request) -> SseOutlet | WebSocketOutlet:
    """The connection of a request that asked for events; raises `Problem`."""
    if request.headers.get("Upgrade", "").lower() != "websocket":
        return SseOutlet(request)
    outlet = WebSocketOutlet(request)
    if not outlet.response.can_prepare(request).ok:
        raise Problem("request-malformed", "this is no WebSocket handshake of version 13")
    return outlet
