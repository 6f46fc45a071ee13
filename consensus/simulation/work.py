"""The work that clients submit, as far as consensus can see it: opaque items to be ordered.

A value is a line of text, `<proposer>/<height>: <item> <item> …`, so that traces can be read.
Items that start with `!` are invalid.
"""

from collections.abc import Iterable

from consensus.committee import ReplicaId
from consensus.message import Height

ITEMS_PER_VALUE = 4


def make_value(proposer: ReplicaId, height: Height, items: Iterable[str]) -> bytes:
    """The bytes that order `items`."""
    return f"{proposer}/{height}: {' '.join(items)}".encode()


def items_of(value: bytes) -> list[str]:
    """The items that a value orders."""
    return value.decode(errors="replace").partition(": ")[2].split()


def is_valid(value: bytes) -> bool:
    """Is none of the items invalid."""
    return not any(item.startswith("!") for item in items_of(value))


def items_in(values: Iterable[bytes]) -> list[str]:
    """The items that several values order, in order."""
    return [item for value in values for item in items_of(value)]
