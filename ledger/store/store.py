"""What the chain asks of a database: ordered bytes, one atomic batch, a sync."""

from collections.abc import Iterable, Iterator
from typing import Protocol


class Batch:
    """Writes that happen all or not at all; a later write to a key wins."""

    __slots__ = ("writes",)

    def __init__(self) -> None:
        self.writes: list[tuple[bytes, bytes | None]] = []
        """(key, value), or (key, None) to delete."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key` to `value`."""
        self.writes.append((key, value))

    def delete(self, key: bytes) -> None:
        """Remove `key`; harmless if it is not there."""
        self.writes.append((key, None))

    def extend(self, writes: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Add many writes in order."""
        self.writes.extend(writes)

    def __len__(self) -> int:
        return len(self.writes)


class Store(Protocol):
    """An ordered map of bytes. Every method raises `StoreError`."""

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        ...

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values with start <= key < stop in ascending (or descending) order."""
        ...

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """Perform a batch atomically; with `sync` it is on the disk before this returns."""
        ...

    def sync(self) -> None:
        """Put everything written so far on the disk."""
        ...

    def close(self) -> None:
        """Release the database; harmless when repeated."""
        ...


def compute_prefix_end(prefix: bytes) -> bytes:
    """The first key after all that start with `prefix` (whose last byte is not 0xff)."""
    return prefix[:-1] + bytes([prefix[-1] + 1])
