"""A TCP relay that can be cut: whatever comes in at one end goes out at the other, unseen.

A cut aborts what is connected, both ways, and lets nobody in until it is mended. An end that is
closed closes the other; half a connection (one side has said that it is done) is passed on as such,
and ended after a while if the other side never finishes. Nothing is kept but what a slow link has on
its way (`node.testnet.slowness`): a slow reader slows its writer down.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from node.testnet.links import Address
from node.testnet.slowness import Pace, Pipe, Slowness

CONNECT_TIMEOUT_S = 5.0
"""A target on this machine answers at once, or its queue of calls is full."""
LINGER_S = 10.0
"""How long half a connection may last: a peer's polite goodbye takes a second."""
CONNECTIONS_MAX = 32
"""Of one relay at a time: two nodes need one, and a few more while they fail to greet."""
BUFFER_BYTES = 256 * 1024


class End(asyncio.Protocol):
    """One end of a connection: what it receives is written to the other."""

    transport: asyncio.Transport | None = None
    is_finished = False
    """It has said all."""
    is_lost = False

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire
        self._early: list[bytes] = []
        self._is_other_slow = False
        self.pipe = Pipe(wire.pace, self._write, self._settle_reading)
        """What this end has said and the other has not heard yet."""

    @property
    def other(self) -> "End":
        """Where this end's bytes go."""
        return self._wire.called if self is self._wire.caller else self._wire.caller

    @property
    def socket(self) -> asyncio.Transport | None:
        """Its transport, unless it is not connected yet or closed already."""
        return None if self.transport is None or self.transport.is_closing() else self.transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=BUFFER_BYTES)
        self._wire.on_made(self)

    def data_received(self, data: bytes) -> None:
        """Pass it on, as soon as the other end is connected; read no more before."""
        if self.other.transport is None:
            self._early.append(data)
            self._settle_reading()
        else:
            self._say(data)

    def _say(self, data: bytes | None) -> None:
        """Put it on its way; None ends what this end says."""
        self.pipe.put(data)
        if self.pipe.is_full:
            self._settle_reading()

    def _write(self, data: bytes | None) -> None:
        """It has arrived at the other end."""
        socket = self.other.socket
        if socket is None:
            return
        if data is not None:
            socket.write(data)
        elif self.is_lost:
            socket.close()
        else:
            socket.write_eof()

    def eof_received(self) -> bool:
        """Pass it on; False where the connection is over with it."""
        self.is_finished = True
        if self.other.is_finished or self.other.is_lost:
            return False
        if self.other.transport is not None:
            self._say(None)
        self._wire.linger()
        return True

    def pass_on_early(self) -> None:
        """The other end is connected: what came before goes out now."""
        for data in self._early:
            self._say(data)
        self._early.clear()
        if self.is_finished:
            self._say(None)
        self._settle_reading()

    def _settle_reading(self) -> None:
        """Take bytes from the socket as long as there is somewhere to put them."""
        if (socket := self.socket) and not self.is_finished:
            is_stuck = self.other.transport is None or self._is_other_slow or self.pipe.is_full
            socket.pause_reading() if is_stuck else socket.resume_reading()

    def pause_writing(self) -> None:
        """This side reads too slowly: read no more from the other."""
        self.other.heed(is_slow=True)

    def resume_writing(self) -> None:
        """This side has caught up."""
        self.other.heed(is_slow=False)

    def heed(self, *, is_slow: bool) -> None:
        """Whoever this end talks to reads too slowly, or has caught up."""
        self._is_other_slow = is_slow
        self._settle_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Close the other end: at once after a fault, else when it has been sent everything."""
        self.is_lost = True
        self.other.pipe.drop()
        if error:
            self.pipe.drop()
            if socket := self.other.socket:
                socket.abort()
        elif self.other.transport is not None:
            self._say(None)
        self._wire.settle()

    def abort(self) -> None:
        """Drop the connection with all that waits in it."""
        self.pipe.drop()
        if self.transport is not None:
            self.transport.abort()


class Wire:
    """One connection through a relay; `on_over` is called when nothing is left of it."""

    def __init__(self, target: Address, pace: Pace, on_over: Callable[["Wire"], None]) -> None:
        self.pace = pace
        self.caller = End(self)
        self.called = End(self)
        self._target = target
        self._on_over = on_over
        self._calling: asyncio.Task[None] | None = None
        self._lingering: asyncio.TimerHandle | None = None

    def on_made(self, end: End) -> None:
        """The caller waits until the target answers; if it is gone by then, nobody is called."""
        if end is self.caller:
            self._calling = asyncio.create_task(self._call(), name="relay-call")
            self._calling.add_done_callback(lambda _: self.settle())
        elif self.caller.is_lost:
            end.abort()
        else:
            self.caller.pass_on_early()

    async def _call(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: self.called, *self._target)
        except OSError:  # a timeout is one too
            self.caller.abort()

    def linger(self) -> None:
        """Half a connection: end it if it stays so."""
        loop = asyncio.get_running_loop()
        self._lingering = self._lingering or loop.call_later(LINGER_S, self.abort)

    def hurry(self) -> None:
        """What is on its way arrives now, if the link is not slow any more."""
        self.caller.pipe.hurry()
        self.called.pipe.hurry()

    def settle(self) -> None:
        """If both ends are gone and none can come any more, it is over."""
        is_calling = self._calling is not None and not self._calling.done()
        is_called_gone = self.called.is_lost or self.called.transport is None
        if self.caller.is_lost and is_called_gone and not is_calling:
            if self._lingering is not None:
                self._lingering.cancel()
            self._on_over(self)

    def abort(self) -> None:
        """Drop both ends."""
        if self._calling is not None:
            self._calling.cancel()
        self.caller.abort()
        self.called.abort()

    async def wait_called(self) -> None:
        """Wait until the call to the target, if one is made, has come to an end."""
        if self._calling is not None:
            await asyncio.gather(self._calling, return_exceptions=True)


class Relay:
    """Listens at one address, and calls another for each connection."""

    def __init__(self, listen: Address, target: Address) -> None:
        self.listen = listen
        self.target = target
        self.is_cut = False
        self._pace = Pace()
        self._server: asyncio.Server | None = None
        self._wires: set[Wire] = set()

    @property
    def connections(self) -> int:
        """How many connections it holds, half ones included."""
        return len(self._wires)

    @property
    def size_bytes(self) -> int:
        """What is on its way where the link is slow."""
        return sum(
            wire.caller.pipe.size_bytes + wire.called.pipe.size_bytes for wire in self._wires
        )

    async def open(self) -> None:
        """Listen; raises `OSError`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, *self.listen)

    def _accept(self) -> asyncio.Protocol:
        if self.is_cut or len(self._wires) >= CONNECTIONS_MAX:
            return Turned()
        wire = Wire(self.target, self._pace, self._wires.discard)
        self._wires.add(wire)
        return wire.caller

    def cut(self) -> None:
        """Abort what is connected, and turn away who calls from now on."""
        self.is_cut = True
        for wire in list(self._wires):
            wire.abort()

    def mend(self) -> None:
        """Let callers in again."""
        self.is_cut = False

    @property
    def is_slow(self) -> bool:
        """Is what it passes on held back."""
        return not self._pace.slowness.is_none

    def slow(self, slowness: Slowness, seed: str = "") -> None:
        """Hold back what is passed on from now on, both ways; `NOT_SLOW` ends it."""
        self._pace.set(slowness, seed)
        for wire in list(self._wires):
            wire.hurry()

    async def close(self) -> None:
        """Stop listening and drop all connections."""
        if self._server is not None:
            self._server.close()
        wires = list(self._wires)
        for wire in wires:
            wire.abort()
        await asyncio.gather(*(wire.wait_called() for wire in wires))
        if self._server is not None:
            await self._server.wait_closed()


class Turned(asyncio.Protocol):
    """A caller that is not let in."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Drop it at once."""
        cast("asyncio.Transport", transport).abort()
