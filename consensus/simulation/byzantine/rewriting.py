"""Messages with something changed, signed again wherever the signature is the liar's own.

Originals stay as they are: structs are frozen. Signatures of others are kept, right or wrong.
"""

import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from consensus.committee import ReplicaId
from consensus.errors import DecodeError
from consensus.message import Message, Signed, compute_digest, encode
from consensus.simulation.byzantine.fields import Path


def replace_at(message: Any, path: Path, content: Any, name: ReplicaId) -> Any:
    """The message with another content at one place; own signatures around it become empty."""
    if not path:
        return content
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        item = replace_at(message[step], rest, content, name)
        return (*message[:step], item, *message[step + 1 :])
    inner = replace_at(getattr(message, step), rest, content, name)
    return _with_fields(message, {step: inner}, name)


def substitute(message: Any, table: Mapping[bytes, bytes], name: ReplicaId) -> Any:
    """The message with byte strings replaced wherever `name` may; itself if there are none."""

    def change(part: Any) -> Any:
        if isinstance(part, bytes):
            return table.get(part, part)
        if isinstance(part, Signed) and part.signer != name:
            return part
        return _rebuild(part, change, name)

    return change(message)


def take_over(message: Any, whose: ReplicaId | None, name: ReplicaId) -> Any:
    """The message with all that `whose`, or anybody, signed in another's name, not signed yet.

    What stands inside the signature of a third is left alone.
    """

    def change(part: Any) -> Any:
        if isinstance(part, Signed):
            is_meant = whose is None or part.signer == whose
            return Signed(name, change(part.body)) if is_meant else part
        return _rebuild(part, change, name)

    return change(message)


def make_value_table(old: bytes, new: bytes) -> dict[bytes, bytes]:
    """One value for another, and its digest with it."""
    return {old: new, compute_digest(old): compute_digest(new)}


def _rebuild(part: Any, change: Callable[[Any], Any], name: ReplicaId) -> Any:
    """The part with each inner one changed; itself if none is. Signers and signatures are kept."""
    if isinstance(part, tuple):
        items = tuple(map(change, part))
        return part if all(map(operator.is_, items, part)) else items
    if not isinstance(part, Message):
        return part
    fields = ("body",) if isinstance(part, Signed) else part.__struct_fields__
    changed = {
        field: new for field in fields if (new := change(old := getattr(part, field))) is not old
    }
    return _with_fields(part, changed, name) if changed else part


def _with_fields(part: Any, changed: Mapping[str, Any], name: ReplicaId) -> Any:
    if isinstance(part, Signed) and part.signer == name:
        return msgspec.structs.replace(part, **changed, signature=b"")
    return msgspec.structs.replace(part, **changed)


def is_well_formed(message: Any) -> bool:
    """Would the message survive its own encoding: lengths, ranges and tuple sizes are right."""
    kind: Any = type(message)
    if isinstance(message, Signed):
        kind = Signed[type(message.body)]  # type: ignore[misc]
    try:
        return bool(_decoder(kind).decode(encode(message)) == message)
    except (msgspec.MsgspecError, DecodeError):
        return False


@cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)
