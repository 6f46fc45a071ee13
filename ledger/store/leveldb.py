"""The store on LevelDB, through plyvel; nothing else imports it.

`paranoid_checks` makes LevelDB refuse a log or table that is damaged instead of leaving out what it
cannot read, and every read verifies checksums. A log whose *last* record is cut short is what a
crash leaves behind: LevelDB drops that record, so the database stands where it stood one batch ago.

No compression: keys, hashes and signatures do not compress, and trying costs time per block.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import plyvel

from ledger.errors import StoreError
from ledger.reasons import Reason
from ledger.store.store import Batch

WRITE_BUFFER_BYTES = 32 * 1024 * 1024
"""Collected in memory (and in the log) before a table is written: about fifty full blocks."""
BLOCK_CACHE_BYTES = 64 * 1024 * 1024
BLOOM_BITS = 10


def _explain(error: Exception) -> StoreError:
    """The stable reason behind one of plyvel's errors."""
    text = str(error)
    if isinstance(error, plyvel.CorruptionError) or "missing files" in text:
        return StoreError(Reason.STORE_CORRUPT, text)
    if isinstance(error, plyvel.IOError) and "lock" in text.lower():
        return StoreError(Reason.STORE_LOCKED, f"another process has it open ({text})")
    if isinstance(error, RuntimeError):
        return StoreError(Reason.STORE_CLOSED, text)
    if "does not exist" in text or "Corruption" in text:
        return StoreError(Reason.STORE_CORRUPT, text)
    return StoreError(Reason.STORE_IO, text)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (plyvel.Error, RuntimeError, OSError) as error:
        raise _explain(error) from error


class LevelStore:
    """One LevelDB database in the folder `path`, made if it is not there.

    Raises `StoreError`: store-locked when another process (or this one) has it open,
    store-corrupt when it is damaged, store-io when the disk refuses.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        write_buffer_bytes: int = WRITE_BUFFER_BYTES,
        block_cache_bytes: int = BLOCK_CACHE_BYTES,
    ) -> None:
        with _explained():
            Path(path).mkdir(parents=True, exist_ok=True)
            self._db = plyvel.DB(
                str(path),
                create_if_missing=True,
                paranoid_checks=True,
                write_buffer_size=write_buffer_bytes,
                lru_cache_size=block_cache_bytes,
                bloom_filter_bits=BLOOM_BITS,
                compression=None,
            )
        self._get = self._db.get

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        try:
            value: bytes | None = self._get(key, verify_checksums=True)
        except (plyvel.Error, RuntimeError) as error:
            raise _explain(error) from error
        return value

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values of a range, as they stood when the scan began."""
        with _explained():
            if reverse:
                yield from self._descend(start, stop)
                return
            with self._db.iterator(
                start=start, stop=stop, verify_checksums=True, fill_cache=False
            ) as found:
                yield from found

    def _descend(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Backwards; plyvel's own range iterator finds nothing when no key lies beyond `stop`."""
        with self._db.raw_iterator(verify_checksums=True, fill_cache=False) as found:
            found.seek(stop)
            if found.valid():
                found.prev()
            else:
                found.seek_to_last()
            while found.valid() and found.key() >= start:
                yield found.item()
                found.prev()

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """Perform a batch atomically."""
        with _explained():
            writer = self._db.write_batch(sync=sync)
            put, delete = writer.put, writer.delete
            for key, value in batch.writes:
                if value is None:
                    delete(key)
                else:
                    put(key, value)
            writer.write()

    def sync(self) -> None:
        """An empty synced batch: LevelDB syncs its log, and with it all that went before."""
        self.write(Batch(), sync=True)

    def close(self) -> None:
        """Close the database; harmless when repeated."""
        self._db.close()
