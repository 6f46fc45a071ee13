"""What the node and a mining process say to each other, over the process's standard streams.

A message is its length (4 bytes, big-endian) and the msgpack of one of the classes below.

    node → worker   Search(job, header, first, last)   Rest()
    worker → node   Ready()   Tried(job, hashes)   Found(job, header, hashes)   Spent(job, hashes)
                    Left(job, hashes)
"""

from collections.abc import Iterator
from typing import Generic, TypeAlias, TypeVar

import msgspec

from consensus.block import Header

LENGTH_BYTES = 4
MESSAGE_BYTES_MAX = 4_096
"""A header and some numbers are a few hundred bytes."""


class Search(msgspec.Struct, frozen=True, array_like=True, tag="search"):
    """Try the nonces from `first` to `last`; whatever was searched before is over."""

    job: int
    header: Header
    first: int
    last: int


class Rest(msgspec.Struct, frozen=True, array_like=True, tag="rest"):
    """Search nothing."""


class Ready(msgspec.Struct, frozen=True, array_like=True, tag="ready"):
    """The process is up."""


class Tried(msgspec.Struct, frozen=True, array_like=True, tag="tried"):
    """So many hashes since the last report; the search goes on."""

    job: int
    hashes: int


class Found(msgspec.Struct, frozen=True, array_like=True, tag="found"):
    """The header with its proof; the worker rests."""

    job: int
    header: Header
    hashes: int


class Spent(msgspec.Struct, frozen=True, array_like=True, tag="spent"):
    """No nonce of those that were ordered is a proof; the worker rests."""

    job: int
    hashes: int


class Left(msgspec.Struct, frozen=True, array_like=True, tag="left"):
    """This search was given up for a newer order."""

    job: int
    hashes: int


Order: TypeAlias = Search | Rest
Report: TypeAlias = Ready | Tried | Found | Spent | Left

M = TypeVar("M")
_encoder = msgspec.msgpack.Encoder()


class MalformedError(Exception):
    """Bytes that are no message: one of the two processes is broken."""


def encode(message: Order | Report) -> bytes:
    """A message with its length before it."""
    data = _encoder.encode(message)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


class Unpacker(Generic[M]):
    """Cuts a stream of bytes into messages."""

    def __init__(self, decoder: "msgspec.msgpack.Decoder[M]") -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[M]:
        """The messages that are complete now; raises `MalformedError`."""
        self._buffer += data
        while len(self._buffer) >= LENGTH_BYTES:
            size = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
            if size > MESSAGE_BYTES_MAX:
                raise MalformedError(f"a message of {size} bytes")
            if len(self._buffer) < LENGTH_BYTES + size:
                return
            body = bytes(self._buffer[LENGTH_BYTES : LENGTH_BYTES + size])
            del self._buffer[: LENGTH_BYTES + size]
            try:
                yield self._decoder.decode(body)
            except msgspec.MsgspecError as error:
                raise MalformedError(str(error)) from error


def unpack_orders() -> Unpacker[Order]:
    """For the worker."""
    return Unpacker(msgspec.msgpack.Decoder(Order))


def unpack_reports() -> Unpacker[Report]:
    """For the node."""
    return Unpacker(msgspec.msgpack.Decoder(Report))
