"""How a connection becomes a link: who it is, the greeting, and the reasons to turn it away."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from node.peers.credentials import CHALLENGE_HEADER, Credentials, read_peer_id
from node.peers.dialler import Call
from node.peers.groups import compute_group
from node.peers.handshake import (
    REFUSED_CODE,
    Introduction,
    Refusal,
    RefusedError,
    Socket,
    receive_hello,
)
from node.peers.limits import PeerLimits
from node.peers.link import Link, close_socket
from node.peers.listener import PATH
from node.peers.metrics import PeerMetrics
from node.peers.records import PeerAddress
from node.peers.scores import Scores
from node.peers.table import LinkTable
from node.wire import MESSAGE_BYTES_MAX, Hello, Role, encode_frame

UPGRADE_REQUIRED = 426

FAULTLESS = frozenset({Refusal.DUPLICATE, Refusal.BANNED, Refusal.CLOSING})
"""Refusals that a caller could not foresee."""


class Reception:
    """Greets callers and those we call; what it lets in stands in `table` at once.

    `own_role()` is told in each Hello; `on_futile(peer_id)` hears of callers turned away by their
    own fault. `is_closing` set, everybody is turned away.
    """

    def __init__(
        self,
        own_id: bytes,
        *,
        credentials: Credentials,
        is_open: bool,
        introduction: Introduction,
        own_role: Callable[[], Role],
        table: LinkTable[Link],
        scores: Scores,
        limits: PeerLimits,
        metrics: PeerMetrics,
        clock: Callable[[], float],
        on_futile: Callable[[bytes], None],
    ) -> None:
        self.is_closing = False
        self._own_id = own_id
        self._credentials = credentials
        self._is_open = is_open
        self._introduction = introduction
        self._own_role = own_role
        self._table = table
        self._scores = scores
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._on_futile = on_futile

    async def greet_inbound(
        self, request: web.BaseRequest
    ) -> tuple[web.StreamResponse, tuple[Link, Link | None] | None]:
        """The response to a caller, and its link with the one it replaces, if it gets one."""
        socket: web.WebSocketResponse = web.WebSocketResponse(
            timeout=self._limits.close_s,
            autoping=False,
            compress=False,
            max_msg_size=MESSAGE_BYTES_MAX + 1,
        )
        transport = request.transport
        if transport is None or request.path != PATH or not socket.can_prepare(request):
            self._metrics.refused(Refusal.NOT_A_NODE)
            return web.Response(status=UPGRADE_REQUIRED), None
        if challenge := self._credentials.challenge():
            socket.headers[CHALLENGE_HEADER] = challenge.hex()
        await socket.prepare(request)
        peer_id, host = b"", _read_host(transport)
        within_s = self._limits.handshake_s
        try:
            peer_id = await self._credentials.identify(socket, transport, challenge, within_s)
            self._refuse_early(peer_id)
            data = await receive_hello(socket, self._limits.handshake_s)
            hello = self._introduction.judge(peer_id, data)
            self._refuse_late(peer_id, hello, host)
            link = self._make_link(socket, transport, peer_id, hello, outbound=False)
        except RefusedError as error:
            self._blame(peer_id, host, error.refusal)
            await self._turn_away(socket, transport, error)
            return socket, None
        replaced = self._table.add(link)
        link.greet(self._introduction.hello(self._own_role()))
        return socket, (link, replaced)

    async def greet_outbound(self, call: Call, address: PeerAddress) -> tuple[Link, Link | None]:
        """The link with whom we called, and the one it replaces; raises `RefusedError`."""
        try:
            link = await self._call_on(call, address)
        except RefusedError as error:
            await self._turn_away(call.socket, call.transport, error)
            raise
        return link, self._table.add(link)

    async def _call_on(self, call: Call, address: PeerAddress) -> Link:
        peer_id = read_peer_id(call.transport)
        if address.public_key not in {None, peer_id}:
            raise RefusedError(Refusal.WRONG_KEY)
        self._refuse_early(peer_id)
        if not self._table.begin_greeting(peer_id):
            raise RefusedError(Refusal.DUPLICATE)
        try:
            return await self._exchange(call, peer_id)
        finally:
            self._table.end_greeting(peer_id)

    async def _exchange(self, call: Call, peer_id: bytes) -> Link:
        header = call.headers.get(CHALLENGE_HEADER)
        await self._credentials.introduce(call.socket, peer_id, header)
        own = encode_frame(self._introduction.hello(self._own_role()))
        await call.socket.send_bytes(own)
        data = await receive_hello(call.socket, self._limits.handshake_s)
        hello = self._introduction.judge(peer_id, data)
        if self._table.get(peer_id) is not None:  # its call was taken while ours was on the way
            raise RefusedError(Refusal.DUPLICATE)
        link = self._make_link(call.socket, call.transport, peer_id, hello, outbound=True)
        link.count_out(own)
        return link

    def _refuse_early(self, peer_id: bytes) -> None:
        """What the key alone decides."""
        if self.is_closing:
            raise RefusedError(Refusal.CLOSING)
        if peer_id == self._own_id:
            raise RefusedError(Refusal.SELF)
        if self._scores.banned_for_s(peer_id) > 0:
            raise RefusedError(Refusal.BANNED)

    def _refuse_late(self, peer_id: bytes, hello: Hello, host: str) -> None:
        """What depends on the links there are, after the last wait."""
        self._refuse_early(peer_id)
        if refusal := self._table.judge_inbound(peer_id, hello.instance):
            raise RefusedError(refusal)
        members = self._introduction.members
        if peer_id in members or self._table.get(peer_id) is not None:
            return
        followers = sum(link.peer_id not in members for link in self._table)
        if followers >= self._limits.followers_max:
            raise RefusedError(Refusal.FULL)
        if self._is_open:
            self._refuse_stranger(host)

    def _refuse_stranger(self, host: str) -> None:
        """Keys cost nothing where anybody may join; addresses do."""
        if self._scores.banned_for_s(name_host(host)) > 0:
            raise RefusedError(Refusal.BANNED)
        group, members = compute_group(host), self._introduction.members
        strangers = (link for link in self._table if link.peer_id not in members)
        if sum(compute_group(link.host) == group for link in strangers) >= (
            self._limits.strangers_group_max
        ):
            raise RefusedError(Refusal.CROWDED)

    def _blame(self, peer_id: bytes, host: str, refusal: Refusal) -> None:
        """A caller was turned away: by its own fault it is worse off the next time."""
        if refusal in FAULTLESS:
            return
        if peer_id:
            self._on_futile(peer_id)
        if self._is_open and peer_id not in self._introduction.members:
            self._on_futile(name_host(host))

    def _make_link(
        self,
        socket: Socket,
        transport: asyncio.Transport,
        peer_id: bytes,
        hello: Hello,
        *,
        outbound: bool,
    ) -> Link:
        host, port, *_ = transport.get_extra_info("peername") or ("gone", 0)
        return Link(
            socket,
            transport,
            peer_id,
            hello,
            f"{host}:{port}",
            outbound=outbound,
            limits=self._limits,
            metrics=self._metrics,
            clock=self._clock,
        )

    async def _turn_away(
        self, socket: Socket, transport: asyncio.Transport, error: RefusedError
    ) -> None:
        """Count, and tell the peer why, unless the refusal came from there."""
        if not error.by_peer:
            self._metrics.refused(error.refusal)
        within_s = 0.0 if error.by_peer else self._limits.close_s
        await close_socket(socket, transport, REFUSED_CODE, error.refusal, within_s)


def _read_host(transport: asyncio.Transport) -> str:
    peername = transport.get_extra_info("peername")
    return str(peername[0]) if peername else "gone"


def name_host(host: str) -> bytes:
    """Under this name a host has its scores, apart from the keys of those who call from there."""
    return b"host:" + host.encode()
