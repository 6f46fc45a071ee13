"""Small networks on loopback, with real sockets and TLS, and a peer that says what it is told."""

import asyncio
import contextlib
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from node.certificates import Authority, create_authority, make_tls_contexts
from node.identity import Identity
from node.peers.limits import PeerLimits
from node.peers.listener import PATH
from node.peers.metrics import PeerMetrics
from node.peers.network import Peers
from node.peers.records import Network, PeerAddress
from node.wire import (
    PROTOCOL_VERSION,
    Answer,
    AnyFrame,
    Blocks,
    Bodies,
    Frame,
    GetBodies,
    Hello,
    Lane,
    Request,
    Role,
    Status,
    decode_frame,
    encode_frame,
    split_message,
)

CHAIN_ID = bytes(range(32))
PATIENCE_S = 20.0
QUICK = PeerLimits(status_s=0.1, idle_s=1.0, redial_min_s=0.02, redial_max_s=0.2, close_s=0.5)
"""Limits for tests: the same rules at a faster pace."""

AUTHORITY = create_authority("test")


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until `condition()` holds; fails the test if it never does."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for is another's state
            await asyncio.sleep(0.005)


class Clock:
    """Seconds that can be made to jump."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


class CountingMetrics(PeerMetrics):
    """Every hook, counted."""

    def __init__(self) -> None:
        self.frames_in: Counter[str] = Counter()
        self.frames_out: Counter[str] = Counter()
        self.dropped: Counter[Lane] = Counter()
        self.refusals: Counter[str] = Counter()
        self.dial_failures: Counter[str] = Counter()
        self.downs: Counter[str] = Counter()
        self.requests: Counter[tuple[str, str]] = Counter()
        self.bans = 0
        self.ups = 0

    def frame_in(self, kind: str, size_bytes: int) -> None:
        assert size_bytes > 0
        self.frames_in[kind] += 1

    def frame_out(self, kind: str, size_bytes: int) -> None:
        assert size_bytes > 0
        self.frames_out[kind] += 1

    def frame_dropped(self, lane: Lane, count: int) -> None:
        self.dropped[lane] += count

    def refused(self, reason: str) -> None:
        self.refusals[reason] += 1

    def dial_failed(self, reason: str) -> None:
        self.dial_failures[reason] += 1

    def banned(self) -> None:
        self.bans += 1

    def link_up(self) -> None:
        self.ups += 1

    def link_down(self, reason: str) -> None:
        self.downs[reason] += 1

    def request_done(self, kind: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.requests[kind, outcome] += 1


@dataclass
class Member:
    """One node's peer layer, with a host that remembers what it was told."""

    identity: Identity
    network: Network
    limits: PeerLimits
    name: str = "member"
    role: Role = Role.VALIDATOR
    seeds: tuple[PeerAddress, ...] = ()
    port: int = 0
    frames: list[tuple[bytes, AnyFrame]] = field(default_factory=list)
    changes: list[tuple[bytes, bool]] = field(default_factory=list)
    statuses: list[tuple[bytes, Status]] = field(default_factory=list)
    metrics: CountingMetrics = field(default_factory=CountingMetrics)
    on_frame: Callable[[bytes, AnyFrame], Any] | None = None
    on_request: Callable[[bytes, Request], Any] | None = None
    height: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> bytes:
        return self.identity.public_key

    @property
    def address(self) -> PeerAddress:
        return PeerAddress("127.0.0.1", self.peers.port, self.id)

    async def start(self) -> None:
        self.peers = Peers(
            self.identity,
            self.network,
            ("127.0.0.1", self.port),
            self.seeds,
            on_frame=self._take,
            on_request=self._answer,
            on_change=lambda peer, is_up: self.changes.append((peer, is_up)),
            local_status=lambda: Status(self.height, 0, self.role),
            metrics=self.metrics,
            limits=self.limits,
            name=self.name,
            **self.options,
        )
        await self.peers.start()
        self.port = self.peers.port

    async def restart(self) -> None:
        await self.peers.close()
        await self.start()

    async def _take(self, peer: bytes, frame: AnyFrame) -> None:
        if isinstance(frame, Status):
            self.statuses.append((peer, frame))
            return
        self.frames.append((peer, frame))
        if self.on_frame is not None:
            await self.on_frame(peer, frame)

    async def _answer(self, peer: bytes, request: Request) -> Answer:
        if self.on_request is not None:
            answer: Answer = await self.on_request(peer, request)
            return answer
        if isinstance(request, GetBodies):
            return Bodies(request.request, (request.ids,))
        return Blocks(request.request, ())


def make_members(
    count: int,
    *,
    limits: PeerLimits = QUICK,
    followers: int = 0,
    authority: Authority = AUTHORITY,
    chain_id: bytes = CHAIN_ID,
    is_open: bool = False,
) -> list[Member]:
    """Members with distinct keys, in the order of their keys; the last `followers` are none."""
    identities = sorted(
        (Identity.generate() for _ in range(count)), key=lambda identity: identity.public_key
    )
    validators = identities[: count - followers]
    keys = frozenset(identity.public_key for identity in validators)

    def make_network(key: bytes) -> Network:
        if is_open:
            return Network.open(chain_id, keys)
        return Network(chain_id, authority.certificate, authority.issue(key), keys)

    return [
        Member(
            identity,
            make_network(identity.public_key),
            limits,
            name=f"node-{index}",
            role=Role.VALIDATOR if identity in validators else Role.FOLLOWER,
        )
        for index, identity in enumerate(identities)
    ]


@contextlib.asynccontextmanager
async def running(members: Iterable[Member]) -> AsyncIterator[None]:
    """Start members in turn, each calling those before it, and close them all in the end."""
    started: list[Member] = []
    try:
        for member in members:
            member.seeds = (*member.seeds, *(other.address for other in started))
            await member.start()
            started.append(member)
        yield
    finally:
        await asyncio.gather(*(member.peers.close() for member in started))


async def linked(members: list[Member]) -> None:
    """Wait until each of the members is connected to each other one."""
    await until(lambda: all(len(m.peers.connected()) == len(members) - 1 for m in members))


class Puppet:
    """A node with a good certificate that says exactly what a test tells it to."""

    def __init__(self, member: Member, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.member = member
        self.socket = socket
        self.received: list[AnyFrame] = []

    @property
    def id(self) -> bytes:
        return self.member.id

    def hello(self, **changes: object) -> Hello:
        """A correct greeting, but for the changes."""
        own = Hello(PROTOCOL_VERSION, CHAIN_ID, Role.FOLLOWER, 7, "puppet")
        return msgspec.structs.replace(own, **changes)

    async def say(self, *frames: Frame) -> None:
        for frame in frames:
            await self.socket.send_bytes(encode_frame(frame))

    async def say_bytes(self, data: bytes) -> None:
        await self.socket.send_bytes(data)

    async def hear(self) -> AnyFrame:
        """The next frame; statuses included."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.received:
                message = await self.socket.receive()
                if message.type is aiohttp.WSMsgType.PING:
                    continue
                if message.type is not aiohttp.WSMsgType.BINARY:
                    raise ConnectionError(f"{message.type!r} {message.data} {message.extra}")
                self.received += map(decode_frame, split_message(message.data))
        return self.received.pop(0)

    async def hear_kind(self, kind: type[Frame]) -> Any:
        """The next frame of a kind."""
        while not isinstance(frame := await self.hear(), kind):
            pass
        return frame

    async def hear_close(self) -> tuple[int | None, str | None]:
        """Read to the end; code and reason of the close frame."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self.socket.receive()
                if message.type is aiohttp.WSMsgType.CLOSE:
                    return message.data, message.extra
                if message.type not in {aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.PING}:
                    return None, None


def client_context(member: Member) -> ssl.SSLContext:
    """The TLS client side of a member."""
    network = member.network
    return make_tls_contexts(member.identity, network.authority, network.certificate)[1]


@contextlib.asynccontextmanager
async def puppet(
    target: Member, actor: Member | None = None, *, greet: bool = True, **hello: object
) -> AsyncIterator[Puppet]:
    """Connect a puppet (a follower, unless `actor` is given) to a running member."""
    actor = actor or make_members(1, followers=1)[0]
    async with (
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=client_context(actor), force_close=True)
        ) as session,
        session.ws_connect(
            f"wss://127.0.0.1:{target.peers.port}{PATH}",
            autoping=False,
            max_msg_size=16 * 1024 * 1024,
            timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
        ) as socket,
    ):
        one = Puppet(actor, socket)
        if greet:
            await one.say(one.hello(**hello))
            assert isinstance(await one.hear(), Hello)
        yield one
