"""What stands where in a message, told by field names, types and sizes alone.

So every engine's messages can be lied about without knowing the engine: a 32-byte field is a
digest, an integer called `view`, `round` or `ballot` is a view, and so on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from consensus.committee import ReplicaId
from consensus.message import DIGEST_SIZE_BYTES, Digest, Height, Message, Signed

Path: TypeAlias = tuple[str | int, ...]
"""Field names and tuple indices that lead from a message to a place within it."""

VIEW_NAMES = frozenset({"view", "round", "ballot"})
HEIGHT_NAMES = frozenset({"height", "stable", "slot"})
VALUE_NAMES = frozenset({"value", "values"})


class Role(Enum):
    """What a place holds."""

    VIEW = "view"
    HEIGHT = "height"
    NUMBER = "number"
    FLAG = "flag"
    DIGEST = "digest"
    VALUE = "value"
    PARTS = "parts"
    SIGNED = "signed"
    """What another replica signed, as a whole."""


@dataclass(frozen=True, slots=True)
class Place:
    """One thing within a message."""

    path: Path
    role: Role
    content: Any


def walk_places(message: Any, name: ReplicaId | None = None) -> Iterator[Place]:
    """Every place, the outer ones first; with a `name`, only those that it may change.

    What stands inside another replica's signature cannot be changed without breaking it; so the
    whole signed part is one place then.
    """
    return _walk(message, (), "", name)


def _walk(part: Any, path: Path, field: str, name: ReplicaId | None) -> Iterator[Place]:
    match part:
        case Signed():
            if name is None or part.signer == name:
                yield from _walk(part.body, (*path, "body"), "body", name)
            else:
                yield Place(path, Role.SIGNED, part)
        case Message():
            for inner in part.__struct_fields__:
                yield from _walk(getattr(part, inner), (*path, inner), inner, name)
        case tuple():
            if not any(isinstance(item, int) for item in part):  # (1, 0) is one ballot, not parts
                yield Place(path, Role.PARTS, part)
            for index, item in enumerate(part):
                yield from _walk(item, (*path, index), field, name)
        case _:
            if role := find_role(field, part):
                yield Place(path, role, part)


def find_role(field: str, content: Any) -> Role | None:
    """What a field of this name with this content holds; None if nothing can be said."""
    match content:
        case bool():
            return Role.FLAG
        case int():
            if field in VIEW_NAMES:
                return Role.VIEW
            return Role.HEIGHT if field in HEIGHT_NAMES else Role.NUMBER
        case bytes():
            if field in VALUE_NAMES:
                return Role.VALUE
            return Role.DIGEST if len(content) == DIGEST_SIZE_BYTES else None
        case _:
            return None


def find_height(message: Any, path: Path = ()) -> Height:
    """The height that a place is about: the innermost around it, else the first of the message."""
    height = read_height(message)
    part = message
    for step in path:
        part = part[step] if isinstance(step, int) else getattr(part, step)
        inner = read_height(part)
        height = height if inner is None else inner
    if height is not None:
        return height
    places = (place for place in walk_places(message) if place.role is Role.HEIGHT)
    return next((int(place.content) for place in places), 0)


def read_height(part: Any) -> Height | None:
    """The struct's own `height`; a property of that name does not count."""
    if isinstance(part, Message) and "height" in part.__struct_fields__:
        return int(getattr(part, "height"))  # noqa: B009 - not a field of the base class
    return None


def find_digest(body: Any) -> Digest | None:
    """The first digest among a struct's own fields."""
    for field in body.__struct_fields__:
        content = getattr(body, field)
        if find_role(field, content) is Role.DIGEST:
            return bytes(content)
    return None


def is_flat(body: Any) -> bool:
    """Does a struct hold nothing but plain values."""
    fields = (getattr(body, field) for field in body.__struct_fields__)
    return not any(isinstance(content, Message | tuple) for content in fields)


def is_vote(part: Any) -> bool:
    """Is this a signed statement about one digest, with nothing else inside."""
    return isinstance(part, Signed) and is_flat(part.body) and find_digest(part.body) is not None


def find_votes(message: Any) -> Iterator[Message]:
    """The bodies of the votes within a message, not looking inside what is signed."""
    match message:
        case Signed():
            if is_vote(message):
                yield message.body
        case Message():
            for field in message.__struct_fields__:
                yield from find_votes(getattr(message, field))
        case tuple():
            for item in message:
                yield from find_votes(item)
        case _:
            return


def find_signed(message: Any) -> Iterator[tuple[Path, Signed[Any]]]:
    """Every signed part at any depth with its place, the outer ones first."""
    return _find_signed(message, ())


def _find_signed(part: Any, path: Path) -> Iterator[tuple[Path, Signed[Any]]]:
    if isinstance(part, Signed):
        yield path, part
        yield from _find_signed(part.body, (*path, "body"))
    elif isinstance(part, Message):
        for field in part.__struct_fields__:
            yield from _find_signed(getattr(part, field), (*path, field))
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            yield from _find_signed(item, (*path, index))


def find_parts(message: Any, kind: type[Message]) -> Iterator[Message]:
    """Every part of a kind at any depth, the outer ones first."""
    if isinstance(message, kind):
        yield message
    if isinstance(message, Message):
        for field in message.__struct_fields__:
            yield from find_parts(getattr(message, field), kind)
    elif isinstance(message, tuple):
        for item in message:
            yield from find_parts(item, kind)


def is_proposal(message: Any) -> bool:
    """Is this a value with somebody's signed statement about it, not signed as a whole."""
    if isinstance(message, Signed) or not any(find_votes(message)):
        return False
    return any(place.role is Role.VALUE for place in walk_places(message))


def is_signed_by_others(message: Any, name: ReplicaId) -> bool:
    """Is any signature within a message not the replica's own."""
    return any(part.signer != name for _, part in find_signed(message))
