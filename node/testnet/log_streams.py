"""Reading logs that still grow: one stream per node, and all of them in the order of time.

A log may be cut off in the middle of a line, be renamed because it is full, or begin again. A stream
keeps a line until its end is there, reads a renamed file to its end before it turns to the next, and
misses nothing as long as it looks before the oldest file is removed.
"""

import heapq
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from node.logs.files import list_log_files
from node.testnet.log_entries import EPOCH, LogEntry, Wanted, parse_line

READ_BYTES = 256 * 1024
LINE_BYTES_MAX = 1024 * 1024
"""What has no end by then is shown in pieces."""


class LogStream:
    """The log of one node, from its oldest file on; `read` gives what is new."""

    def __init__(self, node: str, path: Path) -> None:
        self._node = node
        self._path = path
        self._stream: BinaryIO | None = None
        self._begun = b""
        self._timestamp = EPOCH

    def read(self) -> Iterator[LogEntry]:
        """Every whole line since the last call, oldest first."""
        if self._stream is None and not self._open_next():
            return
        while True:
            yield from self._read_file()
            if not self._open_next():
                return

    def finish(self) -> Iterator[LogEntry]:
        """The line whose end is still missing, if there is one: nothing more will come."""
        if self._begun:
            yield self._take(self._begun)
            self._begun = b""

    def close(self) -> None:
        """Let the file go."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _read_file(self) -> Iterator[LogEntry]:
        assert self._stream is not None
        if os.fstat(self._stream.fileno()).st_size < self._stream.tell():
            self._stream.seek(0)  # somebody emptied it
        while data := self._stream.read(READ_BYTES):
            *lines, self._begun = (self._begun + data).split(b"\n")
            for line in lines:
                yield self._take(line)
            if len(self._begun) > LINE_BYTES_MAX:
                yield from self.finish()

    def _take(self, line: bytes) -> LogEntry:
        entry = parse_line(self._node, line.decode(errors="replace"), self._timestamp)
        self._timestamp = max(self._timestamp, entry.timestamp)
        return entry

    def _open_next(self) -> bool:
        """Turn to the file after the one that is open; False where that is the newest."""
        files = list_log_files(self._path)
        following = files
        if self._stream is not None:
            here = os.fstat(self._stream.fileno())
            known = [i for i, file in enumerate(files) if is_file(file, here)]
            following = files[known[0] + 1 :] if known else files
        for file in following:
            try:
                opened = file.open("rb")
            except OSError:
                continue
            self.close()
            self._stream = opened
            return True
        return False


def is_file(path: Path, stat: os.stat_result) -> bool:
    """Is it that very file."""
    try:
        return os.path.samestat(path.stat(), stat)
    except OSError:
        return False


def read_last(streams: Sequence[LogStream], wanted: Wanted, most: int) -> list[LogEntry]:
    """The last wanted entries of each stream, at most so many of each, in the order of time."""
    return merge([deque(filter(wanted.takes, stream.read()), maxlen=most) for stream in streams])


def merge(parts: Iterable[Iterable[LogEntry]]) -> list[LogEntry]:
    """All entries in the order of time; those of one part stay in their order."""
    dated = [date_in_order(part) for part in parts]
    return [entry for _, _, entry in heapq.merge(*dated, key=lambda item: item[0])]


def date_in_order(entries: Iterable[LogEntry]) -> list[tuple[str, int, LogEntry]]:
    """Each with a time that never falls: a clock that was set back does not reorder a node's lines."""
    dated: list[tuple[str, int, LogEntry]] = []
    latest = EPOCH
    for number, entry in enumerate(entries):
        latest = max(latest, entry.timestamp)
        dated.append((latest, number, entry))
    return dated


class HoldBack:
    """Entries wait here until those of other nodes that are older had time to come.

    Files are read one after the other, and a node may write a line late. Whatever has waited for
    `seconds` is given out, with all that is older, in the order of time.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: list[tuple[str, int, LogEntry]] = []
        self._arrived: deque[tuple[float, str]] = deque()
        self._number = 0
        self._latest: dict[str, str] = {}

    def put(self, entries: Iterable[LogEntry], now: float) -> None:
        """Entries of one node, in the order in which it wrote them, read at `now` (seconds)."""
        for entry in entries:
            at = max(entry.timestamp, self._latest.get(entry.node, EPOCH))
            self._latest[entry.node] = at
            heapq.heappush(self._waiting, (at, self._number, entry))
            self._arrived.append((now, at))
            self._number += 1

    def take(self, now: float) -> Iterator[LogEntry]:
        """What has waited for long enough."""
        due = EPOCH
        while self._arrived and now - self._arrived[0][0] >= self._seconds:
            due = max(due, self._arrived.popleft()[1])
        while self._waiting and self._waiting[0][0] <= due:
            yield heapq.heappop(self._waiting)[2]

    def take_all(self) -> Iterator[LogEntry]:
        """All that waits: nobody waits any longer."""
        self._arrived.clear()
        while self._waiting:
            yield heapq.heappop(self._waiting)[2]
