"""What replicas say to each other: frozen, tagged structs with one canonical encoding.

Bytes on the wire are msgpack arrays of msgspec Structs: no maps, no floats, integers in u64.
`Codec.decode` refuses every byte string that is not exactly the encoding of what it decodes to,
so a value that was signed or hashed has one spelling.

Links authenticate the sender. Only votes that must convince third parties are `Signed`; the host
signs them on the way out and verifies every `signed_parts()` before a message reaches an engine.
"""

import hashlib
import operator
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeAlias, TypeVar, get_args, get_origin

import msgspec
from msgspec import inspect

from consensus.committee import ReplicaId
from consensus.errors import DecodeError

Height: TypeAlias = int
Digest: TypeAlias = bytes
Sign: TypeAlias = Callable[[bytes], bytes]

DIGEST_SIZE_BYTES = 32
SIGNATURE_SIZE_BYTES = 64
NULL_VALUE = b""
"""The value that fills a hole: it orders nothing."""

_VALUE_DOMAIN = b"quorate/payload/1\x00"
_VOTE_DOMAIN = b"quorate/vote/1\x00"
_encoder = msgspec.msgpack.Encoder()


def encode(value: object) -> bytes:
    """The canonical bytes of a struct.

    Raises `DecodeError` for an integer that does not fit in 64 bits.
    """
    try:
        return _encoder.encode(value)
    except (OverflowError, TypeError) as error:
        raise DecodeError(str(error)) from error


def compute_digest(value: bytes) -> Digest:
    """The 32-byte name of a value; the ledger's headers carry the same one."""
    return hashlib.sha256(_VALUE_DOMAIN + value).digest()


NULL_DIGEST = compute_digest(NULL_VALUE)


class SignedPart(msgspec.Struct, frozen=True):
    """One signature inside a message: who signed which bytes (before the vote context is added)."""

    signer: ReplicaId
    body: bytes
    signature: bytes


class Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all that crosses the wire, is persisted, or is kept as proof.

    A subclass gives a `tag`. Fields are integers, bytes, booleans, other messages, and tuples.
    """

    def signed_parts(self) -> list[SignedPart]:
        """Every signature within, the outermost first; found by walking the fields."""
        parts: list[SignedPart] = []
        _collect_signed_parts(self, parts)
        return parts


Body = TypeVar("Body", bound=Message)


class Signed(
    Message, Generic[Body], tag="signed", frozen=True, array_like=True, forbid_unknown_fields=True
):
    """A vote with its signature: `signature` is empty until the host has signed it (64 bytes)."""

    signer: ReplicaId
    body: Body
    signature: bytes = b""


def name_kind(message: Any) -> str:
    """The name of a message's type; of one that carries another as its body, that one's."""
    body = getattr(message, "body", None)
    return type(message if body is None else body).__name__


def list_kinds(codec: "Codec") -> tuple[str, ...]:
    """The names of all kinds that a codec spells, as `name_kind` tells them, in order."""
    kinds: list[str] = []
    for kind in get_args(codec.kind) or (codec.kind,):
        bodies = (kind,) if get_origin(kind) is None else get_args(kind)
        kinds += [one.__name__ for body in bodies for one in get_args(body) or (body,)]
    return tuple(dict.fromkeys(kinds))


_PLAIN = (inspect.IntType, inspect.BytesType, inspect.BoolType)


@cache
def nested_fields(kind: type[Message]) -> tuple[str, ...]:
    """The fields of a message type that may hold other messages: all but integers and bytes."""
    fields = inspect.type_info(kind).fields  # type: ignore[attr-defined]
    return tuple(field.name for field in fields if not isinstance(field.type, _PLAIN))


def _collect_signed_parts(value: Any, parts: list[SignedPart]) -> None:
    if isinstance(value, tuple):
        for item in value:
            _collect_signed_parts(item, parts)
    elif isinstance(value, Message):
        if isinstance(value, Signed):
            parts.append(SignedPart(value.signer, encode(value.body), value.signature))
        for name in nested_fields(type(value)):
            _collect_signed_parts(getattr(value, name), parts)


def sign_message(message: Any, sign: Sign) -> Any:
    """Fill the empty signatures of a message on its way out, the innermost first.

    `sign` maps body bytes to a signature. Whatever is unsigned is ours to sign: votes of others
    inside certificates carry their signatures already, and are returned as they are.
    """
    if isinstance(message, Signed):
        if message.signature:
            return message
        body = sign_message(message.body, sign)
        return Signed(message.signer, body, sign(encode(body)))
    if isinstance(message, tuple):
        parts = tuple(sign_message(part, sign) for part in message)
        return message if all(map(operator.is_, parts, message)) else parts
    if not isinstance(message, Message):
        return message
    changed = {
        name: signed
        for name in nested_fields(type(message))
        if (signed := sign_message(part := getattr(message, name), sign)) is not part
    }
    return msgspec.structs.replace(message, **changed) if changed else message


def compute_vote_context(chain_id: bytes, engine: str) -> bytes:
    """What stands before a body when it is signed, so that no vote counts on another chain.

    The body itself holds its kind (the tag), height and view.
    """
    name = engine.encode()
    return _VOTE_DOMAIN + bytes([len(chain_id)]) + chain_id + bytes([len(name)]) + name


class Codec:
    """Canonical bytes of one type (a struct or a union of tagged structs), both ways."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self._decoder = msgspec.msgpack.Decoder(kind)

    def encode(self, value: object) -> bytes:
        """The bytes of `value`."""
        return encode(value)

    def decode(self, data: bytes) -> Any:
        """The value spelled by `data`; raises `DecodeError` for all but its canonical bytes."""
        try:
            value = self._decoder.decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise DecodeError(str(error)) from error
        if encode(value) != data:
            raise DecodeError("not the canonical encoding")
        return value
