"""The node's database: whoever meets its failure, the node ends by it."""

from collections.abc import Iterator

from ledger.errors import StoreError
from ledger.store.store import Batch, Store
from node.tasks import OnFailure


class WatchedStore:
    """Hands everything on to a store, and tells `on_failure` (from any thread) of each error.

    What a part of the node makes of the error, such as an answer to a client, is its own matter:
    a disk that failed once is not trusted with another promise.
    """

    def __init__(self, store: Store, on_failure: OnFailure) -> None:
        self._store = store
        self._on_failure = on_failure

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        try:
            return self._store.get(key)
        except StoreError as error:
            self._on_failure(error)
            raise

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values of a range, in order."""
        try:
            yield from self._store.scan(start, stop, reverse=reverse)
        except StoreError as error:
            self._on_failure(error)
            raise

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """Perform a batch atomically."""
        try:
            self._store.write(batch, sync=sync)
        except StoreError as error:
            self._on_failure(error)
            raise

    def sync(self) -> None:
        """Put everything written so far on the disk."""
        try:
            self._store.sync()
        except StoreError as error:
            self._on_failure(error)
            raise

    def close(self) -> None:
        """Release the database; harmless when repeated."""
        self._store.close()
