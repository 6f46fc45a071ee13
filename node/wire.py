"""Frames: what nodes say to each other, and how large each may be.

Bytes of a frame are a msgpack array: tag, then the fields in order; integers in u64, no maps, no
floats. `decode_frame` accepts exactly the bytes `encode_frame` writes (canonical), nothing else.

    hello         0  version, chain id (32), role, instance (u64), name   first on a link, once
    status        1  height, certified height, role                       about once a second
    consensus     2  an engine's message, opaque here
    transactions  3  canonical transaction bytes, many
    announce      4  transaction ids (32 bytes each, concatenated)
    get_bodies    5  request, ids            answered by  bodies    6  request, transaction bytes
    get_blocks    7  request, first, count, with bodies?       by  blocks    8  request, bundles
                                                               or  declined  9  request, reason
    coin_share   10  a tag, a share of its coin, is the receiver's wanted?
    pack         15  frames, encoded: several small ones in one WebSocket message; never nested

A WebSocket message holds one frame or one pack. The array is at most 15 long and tags are below 128
(one byte each), so the kind stands in the second byte and a size is judged before decoding.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, TypeAlias

import msgspec

from consensus.errors import DecodeError
from consensus.message import Codec
from node.errors import NodeError

PROTOCOL_VERSION = 1
ID_BYTES = 32

KIB = 1024
MIB = 1024 * KIB

BLOCKS_BYTES_MAX = 8 * MIB
"""An answer with blocks or bodies: a few blocks a round trip, some 40,000 transfers. Whoever
answers stops well below."""

CONSENSUS_BYTES_MAX = 4 * MIB
"""The largest come with a change of who leads: certificates, or values, of every open height."""

TRANSACTIONS_BYTES_MAX = 2 * MIB
"""Gossip sends batches of about 100 KB; this leaves room for batches of large records."""

TRANSACTIONS_COUNT_MAX = 8_192
IDS_COUNT_MAX = 8_192
IDS_BYTES_MAX = IDS_COUNT_MAX * ID_BYTES
BLOCKS_COUNT_MAX = 1_024
SMALL_BYTES_MAX = 256
"""Hello, status, a share of a coin and a refused request have a handful of short fields."""

COIN_NUMBERS_MAX = 8
"""Numbers in the tag of a coin: height, instance, round, and room for more."""

PACK_BYTES_MAX = 64 * KIB
"""Beyond this a WebSocket message of its own costs nothing that matters."""

PACK_COUNT_MAX = 64
OVERHEAD_BYTES = 32
"""Array, tag, lengths and a few integers around a frame's bulk."""

MESSAGE_BYTES_MAX = BLOCKS_BYTES_MAX
"""The largest WebSocket message: the transport refuses a larger one by its declared length."""


class FrameError(NodeError):
    """What a peer sent is not a frame; `reason` is one of the `frame-…` strings here."""

    reason = "frame-malformed"


class FrameTooLargeError(NodeError):
    """A frame of our own is beyond the limit of its kind: split it."""

    reason = "frame-too-large"


class Lane(IntEnum):
    """Which queue a frame leaves by; lower goes first."""

    CONSENSUS = 0
    BLOCKS = 1
    TRANSACTIONS = 2


class Role(IntEnum):
    """What a node is in its network."""

    FOLLOWER = 0
    VALIDATOR = 1


U64: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Hash: TypeAlias = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Ids: TypeAlias = Annotated[bytes, msgspec.Meta(max_length=IDS_BYTES_MAX)]
Raws: TypeAlias = Annotated[tuple[bytes, ...], msgspec.Meta(max_length=TRANSACTIONS_COUNT_MAX)]
Bulk: TypeAlias = Annotated[tuple[bytes, ...], msgspec.Meta(max_length=BLOCKS_BYTES_MAX // 64)]
Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[A-Za-z0-9_.-]*\Z")]
Reason: TypeAlias = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[a-z0-9-]*\Z")]


class Frame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all frames."""


class Hello(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=0):
    """Who is there: one each way before anything else.

    `instance` is drawn by a process at its start, so a restarted peer is told from a lost link.
    `name` is for people and proves nothing.
    """

    version: U64
    chain_id: Hash
    role: Role
    instance: U64
    name: Name = ""


class Status(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=1):
    """Where a node's ledger stands; also its heartbeat."""

    height: U64
    certified_height: U64
    role: Role


class Consensus(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=2):
    """A message of the engine, in the engine's own canonical bytes."""

    data: bytes


class Transactions(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=3):
    """Transaction bodies, pushed."""

    raws: Raws


class Announce(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=4):
    """Ids of transactions that may be asked for."""

    ids: Ids


class GetBodies(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=5):
    """Please send these transactions; what is not there is left out of the answer."""

    request: U64
    ids: Ids


class Bodies(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=6):
    """Answer to `GetBodies`."""

    request: U64
    raws: Raws


class GetBlocks(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=7):
    """Please send decided heights from `first` on, at most `count`, with or without bodies."""

    request: U64
    first: U64
    count: Annotated[int, msgspec.Meta(ge=1, le=BLOCKS_COUNT_MAX)]
    bodies: bool = True


class BlockBundle(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One decided height: what was decided, its proofs (`certificate` may be empty), bodies."""

    height: U64
    values: Bulk
    seal: bytes
    certificate: bytes
    bodies: Bulk


class Blocks(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=8):
    """Answer to `GetBlocks`: consecutive heights, perhaps fewer than asked, perhaps none."""

    request: U64
    blocks: Annotated[tuple[BlockBundle, ...], msgspec.Meta(max_length=BLOCKS_COUNT_MAX)]


class Declined(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=9):
    """A request that gets no answer, and why; the asker need not wait for its timeout."""

    request: U64
    reason: Reason


class CoinShare(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=10):
    """A member's share of a common coin (see `ledger.coin`); its index is that of the sender.

    `is_wanted` asks for the receiver's own share of it, which is here no more, or was lost.
    """

    tag: Annotated[tuple[U64, ...], msgspec.Meta(min_length=1, max_length=COIN_NUMBERS_MAX)]
    point: Hash
    proof: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
    is_wanted: bool


class Pack(Frame, frozen=True, array_like=True, forbid_unknown_fields=True, tag=15):
    """Encoded frames that were waiting together."""

    frames: Annotated[tuple[bytes, ...], msgspec.Meta(min_length=2, max_length=PACK_COUNT_MAX)]


Request: TypeAlias = GetBodies | GetBlocks
Answer: TypeAlias = Bodies | Blocks | Declined
AnyFrame: TypeAlias = (
    Hello
    | Status
    | Consensus
    | Transactions
    | Announce
    | GetBodies
    | Bodies
    | GetBlocks
    | Blocks
    | Declined
    | CoinShare
)
ANSWERS: dict[type[Frame], type[Frame]] = {GetBodies: Bodies, GetBlocks: Blocks}
"""Which kind answers which request."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of a kind of frame before it is decoded."""

    name: str
    lane: Lane
    size_bytes_max: int


_KIND_OF: dict[type[Frame], Kind] = {
    Hello: Kind("hello", Lane.CONSENSUS, SMALL_BYTES_MAX),
    Status: Kind("status", Lane.CONSENSUS, SMALL_BYTES_MAX),
    Consensus: Kind("consensus", Lane.CONSENSUS, CONSENSUS_BYTES_MAX),
    Transactions: Kind("transactions", Lane.TRANSACTIONS, TRANSACTIONS_BYTES_MAX),
    Announce: Kind("announce", Lane.TRANSACTIONS, IDS_BYTES_MAX + OVERHEAD_BYTES),
    GetBodies: Kind("get_bodies", Lane.BLOCKS, IDS_BYTES_MAX + OVERHEAD_BYTES),
    Bodies: Kind("bodies", Lane.BLOCKS, BLOCKS_BYTES_MAX),
    GetBlocks: Kind("get_blocks", Lane.BLOCKS, SMALL_BYTES_MAX),
    Blocks: Kind("blocks", Lane.BLOCKS, BLOCKS_BYTES_MAX),
    Declined: Kind("declined", Lane.BLOCKS, SMALL_BYTES_MAX),
    CoinShare: Kind("coin_share", Lane.CONSENSUS, SMALL_BYTES_MAX),
}


def _tag(kind: type[Frame]) -> int:
    tag = kind.__struct_config__.tag
    assert isinstance(tag, int)
    return tag


KINDS: dict[int, Kind] = {_tag(frame): kind for frame, kind in _KIND_OF.items()}
"""Every kind by its tag."""

_PACK_TAG = _tag(Pack)
_frames = Codec(AnyFrame)
_packs = Codec(Pack)


def kind_of(frame: Frame) -> Kind:
    """The kind of one of our own frames."""
    return _KIND_OF[type(frame)]


def encode_frame(frame: Frame) -> bytes:
    """The bytes of a frame; raises `FrameTooLargeError` beyond the limit of its kind."""
    data = _frames.encode(frame)
    kind = _KIND_OF[type(frame)]
    if len(data) > kind.size_bytes_max:
        raise FrameTooLargeError(
            f"a {kind.name} frame of {len(data)} bytes; the limit is {kind.size_bytes_max}"
        )
    return data


def read_kind(data: bytes) -> Kind:
    """The kind of a received frame, judged by its first two bytes and its size.

    Raises `FrameError` with the reason `frame-garbage`, `frame-unknown-tag` or `frame-oversize`.
    """
    if (kind := KINDS.get(_read_tag(data))) is None:
        raise FrameError("no such kind of frame", reason="frame-unknown-tag")
    if len(data) > kind.size_bytes_max:
        raise FrameError(f"a {kind.name} frame of {len(data)} bytes", reason="frame-oversize")
    return kind


def decode_frame(data: bytes) -> AnyFrame:
    """The frame spelled by `data`; raises `FrameError` (see `read_kind`, or `frame-malformed`)."""
    read_kind(data)
    try:
        frame: AnyFrame = _frames.decode(data)
    except DecodeError as error:
        raise FrameError(str(error), reason="frame-malformed") from error
    return frame


def join_frames(frames: list[bytes]) -> bytes:
    """One WebSocket message out of encoded frames: itself if it is one, else a pack."""
    return frames[0] if len(frames) == 1 else _packs.encode(Pack(tuple(frames)))


def split_message(data: bytes) -> tuple[bytes, ...]:
    """The encoded frames in one WebSocket message, not yet judged.

    Raises `FrameError` with the reason `frame-garbage`, `frame-oversize` or `frame-malformed`.
    """
    if _read_tag(data) != _PACK_TAG:
        return (data,)
    if len(data) > PACK_BYTES_MAX + PACK_COUNT_MAX * OVERHEAD_BYTES:
        raise FrameError(f"a pack of {len(data)} bytes", reason="frame-oversize")
    try:
        pack: Pack = _packs.decode(data)
    except DecodeError as error:
        raise FrameError(str(error), reason="frame-malformed") from error
    return pack.frames


def _read_tag(data: bytes) -> int:
    if len(data) < 2 or data[0] & 0xF0 != 0x90 or data[1] > 0x7F:
        raise FrameError("not a tagged array", reason="frame-garbage")
    return data[1]
