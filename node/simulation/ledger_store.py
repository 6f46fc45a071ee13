"""A store in memory that a power failure can strike: what was not synced is taken back.

It promises no more than `ledger.store.store.Store` does: a batch written with `sync` keeps itself,
and `sync()` keeps everything so far; an earlier batch without either may be lost beside a later one
that is kept, as when the database begins a new log file.
"""

from collections.abc import Iterable, Iterator

from ledger.store.memory import MemoryStore
from ledger.store.store import Batch


class PowerStore:
    """A `Store`; `content` is what the disk holds from the start."""

    def __init__(self, content: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._memory = MemoryStore()
        self._durable: dict[bytes, bytes | None] = {}
        """For each key written since it was last durable, what the disk holds of it."""
        batch = Batch()
        batch.extend(content)
        self._memory.write(batch)

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        return self._memory.get(key)

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values of a range, in order."""
        return self._memory.scan(start, stop, reverse=reverse)

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """Perform a batch; with `sync` it, and nothing else, survives a power failure."""
        durable, get = self._durable, self._memory.get
        for key, _ in batch.writes:
            if sync:
                durable.pop(key, None)
            elif key not in durable:
                durable[key] = get(key)
        self._memory.write(batch)

    def sync(self) -> None:
        """Everything so far survives a power failure."""
        self._durable.clear()

    def fail_power(self) -> None:
        """Take back what was not synced."""
        batch = Batch()
        batch.extend(self._durable.items())
        self._memory.write(batch)
        self._durable.clear()

    def close(self) -> None:
        """Refuse all further use."""
        self._memory.close()
