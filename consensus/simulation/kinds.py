"""Which kinds of messages an engine knows, and what they are, told by their types alone.

So a storm can lose the votes, or the proofs, of any engine of the catalog.
"""

from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

from consensus.message import Codec, Message, Signed, nested_fields
from consensus.simulation.byzantine.fields import VIEW_NAMES


def list_kinds(codec: Codec) -> tuple[str, ...]:
    """The names of all kinds of messages that a codec knows, as `name_message` has them."""
    return tuple(dict.fromkeys(kind.__name__ for kind, _ in find_kinds(codec.kind)))


def list_votes(codec: Codec) -> tuple[str, ...]:
    """The kinds that are signed and say something plain about a view."""
    return tuple(
        kind.__name__
        for kind, is_signed in find_kinds(codec.kind)
        if is_signed and not nested_fields(kind) and VIEW_NAMES & set(kind.__struct_fields__)
    )


def list_proposals(codec: Codec) -> tuple[str, ...]:
    """The kinds that bring a value, and say something plain about a ballot."""
    return tuple(
        kind.__name__
        for kind, _ in find_kinds(codec.kind)
        if {"ballot", "value"} <= set(kind.__struct_fields__)
    )


def list_proofs(codec: Codec) -> tuple[str, ...]:
    """The kinds that need no signature of their own because they hold those of a quorum."""
    kinds = find_kinds(codec.kind)
    return tuple(kind.__name__ for kind, is_signed in kinds if not is_signed and holds_quorum(kind))


def find_kinds(kind: Any, *, is_signed: bool = False) -> Iterator[tuple[type[Message], bool]]:
    """The structs in a type, which may be a union, and whether they come with a signature."""
    inner = get_args(kind)
    for part in inner:
        yield from find_kinds(part, is_signed=is_signed or get_origin(kind) is Signed)
    if not inner and isinstance(kind, type) and issubclass(kind, Message):
        yield kind, is_signed


def holds_quorum(kind: Any) -> bool:
    """Is there a tuple of signed parts in a type, at any depth."""
    if get_origin(kind) is tuple:
        return any(get_origin(part) is Signed for part in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Message):
        return any(map(holds_quorum, get_type_hints(kind).values()))
    return False
