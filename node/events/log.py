r"""The event log: a bounded stretch of what happened, on disk, in one order.

It has a database of its own, so that what it deletes does not disturb the ledger's, and it may be
deleted as a whole: then cursors are refused, and nothing else is lost. Its keys:

```text
F                          format: msgpack ["quorate-events", 1]
L                          the log: msgpack [id (4), run]
A                          how far the chain was announced: see `node.events.announcing`
e run (4) number (8)       entry: see `node.events.records`
```

Writes are not synced. A process that is killed loses nothing; after a power cut the log may end
earlier than readers have read, which the numbers of runs give away (`has_lost`).
"""

import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from ledger.store.store import Batch, Store
from node.errors import NodeError
from node.events.cursor import Place
from node.events.records import Entry, decode_entry, encode_entry

FORMAT = ["quorate-events", 1]
FORMAT_KEY = b"F"
LOG_KEY = b"L"
ANNOUNCED_KEY = b"A"
ENTRY = b"e"
RUN_BYTES, NUMBER_BYTES = 4, 8
SEGMENT_RECORDS = 256
"""The oldest records go this many at a time."""


class EventLogError(NodeError):
    """The event log cannot be read."""

    reason = "events-unreadable"

    def __init__(self, detail: str) -> None:
        super().__init__(
            detail,
            advice="delete the home's data/events folder: readers start anew, the ledger is whole",
        )


class Read(NamedTuple):
    """One record that was read back."""

    place: Place
    entry: Entry


@dataclass(slots=True)
class Segment:
    """Some records in a row, all of one run."""

    first: Place
    count: int = 0
    size_bytes: int = 0

    @property
    def last(self) -> Place:
        """The place of its last record."""
        return Place(self.first.run, self.first.number + self.count - 1)


class EventLog:
    """Appends and reads records; keeps at most `count_max` of them and `bytes_max` bytes.

    Opening it begins a new run, durably. Raises `EventLogError` and `StoreError`.
    """

    def __init__(self, store: Store, *, count_max: int, bytes_max: int) -> None:
        self._store = store
        self._count_max = count_max
        self._bytes_max = bytes_max
        self._segments: deque[Segment] = deque()
        self._count = 0
        self._size_bytes = 0
        self.id, self.run = self._begin()
        self._number = 0
        self.forgotten = Place(0, 0)
        """The last record that is surely gone; all after it are here."""
        self._survey()

    def _begin(self) -> tuple[str, int]:
        known = self._store.get(FORMAT_KEY)
        format_ = msgspec.msgpack.encode(FORMAT)
        if known not in {None, format_}:
            raise EventLogError("the event log is of another version")
        log_id, run = secrets.token_bytes(4), 1
        if (found := self._store.get(LOG_KEY)) is not None:
            try:
                log_id, run = msgspec.msgpack.decode(found, type=tuple[bytes, int])
            except msgspec.MsgspecError as error:
                raise EventLogError(f"the event log's head: {error}") from error
            run += 1
        batch = Batch()
        batch.put(FORMAT_KEY, format_)
        batch.put(LOG_KEY, msgspec.msgpack.encode((log_id, run)))
        self._store.write(batch, sync=True)
        return log_id.hex(), run

    def _survey(self) -> None:
        """Learn what is here: one scan over the keys and values that were retained."""
        for key, value in self._store.scan(*_range(Place(0, 0), Place(2**32 - 1, 0))):
            self._note(_place(key), len(key) + len(value))
        if self._segments:
            first = self._segments[0].first
            self.forgotten = Place(first.run, first.number - 1)
        else:
            self.forgotten = Place(self.run, 0)

    def _note(self, place: Place, size_bytes: int) -> None:
        """Count a record that is the last one now."""
        last = self._segments[-1] if self._segments else None
        if last is None or last.count >= SEGMENT_RECORDS or last.last != _before(place):
            last = Segment(place)
            self._segments.append(last)
        last.count += 1
        last.size_bytes += size_bytes
        self._count += 1
        self._size_bytes += size_bytes

    @property
    def newest(self) -> Place:
        """The last record of all, or where this run's first is to follow."""
        return Place(self.run, self._number)

    @property
    def oldest(self) -> Place | None:
        """The first record that is still here."""
        return self._segments[0].first if self._segments else None

    @property
    def count(self) -> int:
        """How many records are here."""
        return self._count

    def get_announced(self) -> bytes | None:
        """What was written with the last record that announced a block."""
        return self._store.get(ANNOUNCED_KEY)

    def append(self, entries: Sequence[Entry], announced: bytes | None = None) -> list[Read]:
        """Write records, and how far the chain is announced with them, all or nothing."""
        batch = Batch()
        written = []
        for number, entry in enumerate(entries, self._number + 1):
            place, value = Place(self.run, number), encode_entry(entry)
            batch.put(_key(place), value)
            written.append((Read(place, entry), len(value)))
        if announced is not None:
            batch.put(ANNOUNCED_KEY, announced)
        self._store.write(batch)
        for read, size_bytes in written:
            self._note(read.place, 1 + RUN_BYTES + NUMBER_BYTES + size_bytes)
        self._number += len(written)
        self._prune()
        return [read for read, _ in written]

    def _prune(self) -> None:
        while len(self._segments) > 1 and (
            self._count > self._count_max or self._size_bytes > self._bytes_max
        ):
            gone = self._segments.popleft()
            run, first = gone.first
            batch = Batch()
            for number in range(first, first + gone.count):
                batch.delete(_key(Place(run, number)))
            self._store.write(batch)
            self._count -= gone.count
            self._size_bytes -= gone.size_bytes
            self.forgotten = gone.last

    def read(self, first: Place, last: Place, count_max: int, bytes_max: int) -> list[Read]:
        """Records from `first` to `last`, both included: at most so many, and about so many bytes."""
        found: list[Read] = []
        size_bytes = 0
        for key, value in self._scan(first, last):
            try:
                found.append(Read(_place(key), decode_entry(value)))
            except msgspec.MsgspecError as error:
                raise EventLogError(f"a record of the event log: {error}") from error
            size_bytes += len(value)
            if len(found) >= count_max or size_bytes >= bytes_max:
                break
        return found

    def _scan(self, first: Place, last: Place) -> Iterator[tuple[bytes, bytes]]:
        return self._store.scan(*_range(first, last))

    def has_lost(self, place: Place) -> bool:
        """Was there a record at a place of an earlier run that is not here, nor was pruned."""
        if place.run >= self.run or place.number == 0:
            return False
        return self._store.get(_key(place)) is None

    def close(self) -> None:
        """Release the database."""
        self._store.close()


def _before(place: Place) -> Place:
    return Place(place.run, place.number - 1)


def _key(place: Place) -> bytes:
    return ENTRY + place.run.to_bytes(RUN_BYTES, "big") + place.number.to_bytes(NUMBER_BYTES, "big")


def _range(first: Place, last: Place) -> tuple[bytes, bytes]:
    return _key(first), _key(Place(last.run, last.number + 1))


def _place(key: bytes) -> Place:
    run_end = 1 + RUN_BYTES
    if len(key) != run_end + NUMBER_BYTES:
        raise EventLogError("a key of the event log has another form")
    return Place(int.from_bytes(key[1:run_end], "big"), int.from_bytes(key[run_end:], "big"))
