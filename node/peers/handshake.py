"""The greeting: one Hello each way before anything else, and the reasons to refuse.

The dialler speaks first. Whoever listens judges, and answers with its own Hello or closes with the
reason. TLS has proved who the peer is; the Hello tells whether the two can work together.
"""

import asyncio
from collections.abc import Set  # noqa: PYI025 - read only here
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
from aiohttp import ClientWebSocketResponse, WSMsgType, web

from node.errors import NodeError
from node.wire import PROTOCOL_VERSION, FrameError, Hello, Role, decode_frame

Socket = ClientWebSocketResponse | web.WebSocketResponse

REFUSED_CODE = 4000
"""WebSocket close code of a refusal (private use); its text is the reason."""


class Refusal(StrEnum):
    """Why two nodes do not get a link; the value crosses the wire as the close reason."""

    WRONG_VERSION = "wrong-version"
    WRONG_CHAIN = "wrong-chain"
    WRONG_ROLE = "wrong-role"
    WRONG_KEY = "wrong-key"
    SELF = "self"
    BANNED = "banned"
    DUPLICATE = "duplicate-link"
    FULL = "too-many-followers"
    CROWDED = "too-many-of-group"
    BAD_PROOF = "bad-proof"
    BAD_HELLO = "bad-hello"
    TOO_SLOW = "hello-too-slow"
    NO_HELLO = "no-hello"
    CLOSING = "closing"
    NOT_A_NODE = "not-a-node"
    UNKNOWN = "unknown"


class RefusedError(NodeError):
    """No link: `refusal` says why, `by_peer` who refused."""

    def __init__(self, refusal: Refusal, *, by_peer: bool = False) -> None:
        super().__init__(refusal.value, reason=refusal.value)
        self.refusal = refusal
        self.by_peer = by_peer


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a node says of itself, and what it demands of others."""

    chain_id: bytes
    members: Set[bytes]
    instance: int
    name: str

    def hello(self, role: Role) -> Hello:
        """Our own greeting."""
        return Hello(PROTOCOL_VERSION, self.chain_id, role, self.instance, self.name)

    def judge(self, peer_id: bytes, data: bytes) -> Hello:
        """The peer's Hello; raises `RefusedError`."""
        _check_version(data)
        try:
            hello = decode_frame(data)
        except FrameError as error:
            raise RefusedError(Refusal.BAD_HELLO) from error
        if not isinstance(hello, Hello):
            raise RefusedError(Refusal.BAD_HELLO)
        if hello.chain_id != self.chain_id:
            raise RefusedError(Refusal.WRONG_CHAIN)
        if hello.role is Role.VALIDATOR and peer_id not in self.members:
            raise RefusedError(Refusal.WRONG_ROLE)
        return hello


def _check_version(data: bytes) -> None:
    """Another version may have another Hello: look at tag and version alone, loosely."""
    try:
        match msgspec.msgpack.decode(data):
            case [0, int(version), *_] if version != PROTOCOL_VERSION:
                raise RefusedError(Refusal.WRONG_VERSION)
            case [0, int(), *_]:
                return
            case _:
                raise RefusedError(Refusal.BAD_HELLO)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RefusedError(Refusal.BAD_HELLO) from error


async def receive_hello(socket: Socket, within_s: float) -> bytes:
    """The first message; raises `RefusedError` if none comes, or the peer closes with a reason."""
    try:
        async with asyncio.timeout(within_s):
            message: Any = await socket.receive()
    except TimeoutError as error:
        raise RefusedError(Refusal.TOO_SLOW) from error
    match message.type:
        case WSMsgType.BINARY:
            return bytes(message.data)
        case WSMsgType.CLOSE if message.data == REFUSED_CODE:
            raise RefusedError(read_refusal(message.extra), by_peer=True)
        case WSMsgType.TEXT | WSMsgType.ERROR:
            raise RefusedError(Refusal.BAD_HELLO)
        case _:
            raise RefusedError(Refusal.NO_HELLO)


def read_refusal(text: object) -> Refusal:
    """A peer's reason, if it is one we know."""
    try:
        return Refusal(str(text))
    except ValueError:
        return Refusal.UNKNOWN
