"""One link: a WebSocket to one peer, with one task that writes and one that reads.

Sending puts encoded frames into lanes and never waits. The writer takes from them whenever the
transport has room. The reader hands over one message at a time and reads the next only when that
one is done with: a host that is slow slows this peer's sending, through TCP, and nobody else's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType

from node.peers.handshake import REFUSED_CODE, Socket
from node.peers.lanes import Lanes, QueueSize
from node.peers.limits import PeerLimits
from node.peers.metrics import PeerMetrics
from node.wire import (
    KINDS,
    PACK_BYTES_MAX,
    PACK_COUNT_MAX,
    Hello,
    Lane,
    Status,
    encode_frame,
    join_frames,
)

_log = structlog.get_logger(__name__)

PING_BYTES = 8


class Link:
    """A greeted connection; `run` lives as long as it does.

    `on_message(link, data)` takes each binary message, `on_fault(link, reason)` hears of what is
    not one. `clock` gives seconds and never goes back.
    """

    def __init__(
        self,
        socket: Socket,
        transport: asyncio.Transport,
        peer_id: bytes,
        hello: Hello,
        address: str,
        *,
        outbound: bool,
        limits: PeerLimits,
        metrics: PeerMetrics,
        clock: Callable[[], float],
    ) -> None:
        self.peer_id = peer_id
        self.hello = hello
        self.instance = hello.instance
        self.address = address
        self.outbound = outbound
        self.since = clock()
        self.status: Status | None = None
        self.latency_ms: float | None = None
        self.frames_in = self.frames_out = self.bytes_in = self.bytes_out = 0
        self.stopped: str | None = None
        self.finished = asyncio.Event()
        self.serving: set[asyncio.Task[None]] = set()
        self.asking = asyncio.Semaphore(limits.requests_max)
        self._socket = socket
        self._transport = transport
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._lanes = Lanes(limits)
        self._greeting: bytes | None = None
        self._wake = asyncio.Event()
        self._reading_since: float | None = None
        self._writing_since: float | None = None
        self._ping: tuple[bytes, float] | None = None
        self._is_ping_due = False
        self._pong_due: bytes | None = None
        self._closing: asyncio.Task[None] | None = None
        transport.set_write_buffer_limits(high=limits.write_buffer_bytes)

    @property
    def host(self) -> str:
        """The address without its port."""
        return self.address.rpartition(":")[0]

    @property
    def queued_bytes(self) -> int:
        """What waits to be written."""
        return self._lanes.size_bytes

    @property
    def silent_s(self) -> float:
        """For how long nothing has come although this side listened."""
        return 0.0 if self._reading_since is None else self._clock() - self._reading_since

    @property
    def queues(self) -> Mapping[Lane, QueueSize]:
        """What waits to be written, by lane."""
        return self._lanes.sizes

    def send(self, lane: Lane, data: bytes) -> bool:
        """Queue an encoded frame; False when it was dropped."""
        if self.stopped is not None:
            return False
        taken, dropped = self._lanes.push(lane, data)
        if dropped:
            self._metrics.frame_dropped(lane, dropped)
        if taken:
            self._wake.set()
        return taken

    def ping(self) -> None:
        """Measure the round trip, as soon as the writer gets to it."""
        self._is_ping_due = True
        self._wake.set()

    def examine(self, now: float) -> None:
        """Stop the link when the peer is silent, or takes nothing, for too long.

        Silence counts only while we listen: a slow host must not take its peers for dead.
        """
        if self._reading_since is not None and now - self._reading_since > self._limits.idle_s:
            self.stop("idle", is_dead=True)
        elif self._writing_since is not None and (
            now - self._writing_since > self._limits.stalled_s
        ):
            self.stop("stalled", is_dead=True)

    def forgive(self, now: float) -> None:
        """This process itself was away until `now`: what the peer did meanwhile is not known."""
        if self._reading_since is not None:
            self._reading_since = now
        if self._writing_since is not None:
            self._writing_since = now

    def stop(self, reason: str, *, is_dead: bool = False, is_refusal: bool = False) -> None:
        """End the link, once; `run` returns soon. A dead peer is not said goodbye to."""
        if self.stopped is not None:
            return
        self.stopped = reason
        code = REFUSED_CODE if is_refusal else WSCloseCode.GOING_AWAY
        self._closing = asyncio.create_task(
            close_socket(
                self._socket,
                self._transport,
                code,
                reason,
                0.0 if is_dead else self._limits.close_s,
            ),
            name="link-close",
        )

    async def run(
        self,
        on_message: Callable[["Link", bytes], Awaitable[None]],
        on_fault: Callable[["Link", str], None],
        predecessor: "Link | None" = None,
    ) -> str:
        """Write and read until the link ends; returns why it did.

        Reading begins when the predecessor (the link this one replaces) has been read to its end.
        """
        writer = asyncio.create_task(self._write_all(), name="link-writer")
        try:
            if predecessor is not None:
                await predecessor.finished.wait()
            await self._read_all(on_message, on_fault)
            self.stop("lost", is_dead=True)
        finally:
            writer.cancel()
            for task in self.serving:
                task.cancel()
            self.stop("cancelled", is_dead=True)
            assert self._closing is not None
            await asyncio.gather(writer, *self.serving, self._closing, return_exceptions=True)
            self.finished.set()
        assert self.stopped is not None
        return self.stopped

    async def _read_all(
        self,
        on_message: Callable[["Link", bytes], Awaitable[None]],
        on_fault: Callable[["Link", str], None],
    ) -> None:
        while self.stopped is None:
            self._reading_since = self._clock()
            message: Any = await self._socket.receive()
            self._reading_since = None
            match message.type:
                case WSMsgType.BINARY:
                    self.bytes_in += len(message.data)
                    await on_message(self, message.data)
                case WSMsgType.PING:
                    self._pong_due = bytes(message.data)
                    self._wake.set()
                case WSMsgType.PONG:
                    self._on_pong(bytes(message.data))
                case WSMsgType.TEXT:
                    on_fault(self, "message-not-binary")
                case WSMsgType.ERROR:
                    self._on_error(message.data, on_fault)
                    return
                case _:
                    self.stop("closed-by-peer")
                    return

    def _on_error(self, error: object, on_fault: Callable[["Link", str], None]) -> None:
        """The stream cannot go on: the peer broke the WebSocket protocol, or the line broke."""
        match getattr(error, "code", None):
            case None:
                self.stop("lost", is_dead=True)
            case WSCloseCode.MESSAGE_TOO_BIG:
                on_fault(self, "message-oversize")
            case _:
                on_fault(self, "message-protocol-error")

    def _on_pong(self, data: bytes) -> None:
        if self._ping is not None and self._ping[0] == data:
            self.latency_ms = round((self._clock() - self._ping[1]) * 1000, 3)
            self._ping = None

    async def _write_all(self) -> None:
        try:
            while True:
                if not await self._write_some():
                    self._wake.clear()
                    await self._wake.wait()
        except (OSError, RuntimeError) as error:
            _log.debug("write failed", peer=self.peer_id.hex()[:8], error=str(error))
            self.stop("lost", is_dead=True)

    async def _write_some(self) -> bool:
        """Write what is most urgent; False when nothing waits."""
        self._writing_since = self._clock()
        try:
            if self._greeting is None:
                await self._write_control()
            frames = self._take_frames()
            if not frames:
                return False
            await self._socket.send_bytes(join_frames(frames))
        finally:
            self._writing_since = None
        for data in frames:
            self.count_out(data)
        return True

    def _take_frames(self) -> list[bytes]:
        if (greeting := self._greeting) is not None:
            self._greeting = None
            return [greeting]
        return self._lanes.take(PACK_BYTES_MAX, PACK_COUNT_MAX)

    async def _write_control(self) -> None:
        if (pong := self._pong_due) is not None:
            self._pong_due = None
            await self._socket.pong(pong)
        if self._is_ping_due:
            self._is_ping_due = False
            now = self._clock()
            self._ping = (int(now * 1_000_000).to_bytes(PING_BYTES, "big"), now)
            await self._socket.ping(self._ping[0])

    def count_out(self, data: bytes) -> None:
        """A frame has been handed to the transport."""
        self.frames_out += 1
        self.bytes_out += len(data)
        self._metrics.frame_out(KINDS[data[1]].name, len(data))

    def greet(self, hello: Hello) -> None:
        """Answer the peer's Hello: in a message of its own, before anything else."""
        self._greeting = encode_frame(hello)


async def close_socket(
    socket: Socket, transport: asyncio.Transport, code: int, reason: str, within_s: float
) -> None:
    """Say goodbye within a time (0: not at all), then cut the connection whatever happens."""
    if within_s <= 0:
        transport.abort()
    try:
        async with asyncio.timeout(max(within_s, 0.1)):
            await socket.close(code=code, message=reason.encode())
    except (OSError, RuntimeError) as error:
        _log.debug("goodbye not heard", reason=reason, error=str(error))
    finally:
        transport.abort()
