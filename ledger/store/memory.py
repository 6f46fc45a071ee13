"""A store in a dict, for tests and for engines under simulation."""

from bisect import bisect_left
from collections.abc import Iterator

from ledger.errors import StoreError
from ledger.reasons import Reason
from ledger.store.store import Batch


class MemoryStore:
    """Keeps everything in memory; a scan sees the store as it was when it began."""

    def __init__(self) -> None:
        self._data: dict[bytes, bytes] = {}
        self._sorted: list[bytes] | None = None
        self._closed = False

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(Reason.STORE_CLOSED, "the store has been closed")

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        self._check_open()
        return self._data.get(key)

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values of a range, in order."""
        self._check_open()
        if self._sorted is None:
            self._sorted = sorted(self._data)
        keys = self._sorted[bisect_left(self._sorted, start) : bisect_left(self._sorted, stop)]
        found = [(key, self._data[key]) for key in keys]
        return iter(found[::-1] if reverse else found)

    def write(self, batch: Batch, *, sync: bool = False) -> None:  # noqa: ARG002 - no disk here
        """Perform a batch."""
        self._check_open()
        for key, value in batch.writes:
            if value is None:
                self._data.pop(key, None)
            else:
                self._data[key] = value
        self._sorted = None

    def sync(self) -> None:
        """Nothing to do."""
        self._check_open()

    def close(self) -> None:
        """Refuse all further use."""
        self._closed = True
