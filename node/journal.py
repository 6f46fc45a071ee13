r"""The journal: what an engine must not forget, on disk before anything that follows from it is said.

Grammar of the file::

    file   = magic generation frame*
    magic  = "QRMJ\x01"            format version 1
    generation = u32                0 while nothing was ever rewritten
    frame  = head sum:u32 body      little-endian; the sum is the CRC-32 of the head
    head   = size:u32 crc32:u32     of the body; size > 0
    body   = msgpack array of byte strings, one per record

One sync writes one frame, so after a crash at most the last frame can be torn: it was never synced,
hence nothing that depends on it was ever sent, and it is cut off. Damage anywhere else is refused.
A new validator's journal is created with its network; a missing one means that votes were lost.
"""

import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec

from node.errors import NodeError

_MAGIC = b"QRMJ\x01"
_GENERATION = struct.Struct("<I")
_HEAD = struct.Struct("<II")
_SUM = struct.Struct("<I")
_FRAME_HEAD_BYTES = _HEAD.size + _SUM.size
_START = len(_MAGIC) + _GENERATION.size
_records = msgspec.msgpack.Decoder(tuple[bytes, ...])


class JournalError(NodeError):
    """The journal cannot be trusted; `reason` says in which way."""

    reason = "journal-corrupt"


def create_journal(path: Path) -> None:
    """Make the empty journal of a validator that has never voted; never touches an existing one."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, _MAGIC + _GENERATION.pack(0))


class Journal:
    """An open journal; `records` is what it held when it was opened.

    `append` and `rewrite` only note what is to be done; `sync` does it and returns when it is
    durable. `take` and `write` are the two halves of `sync`, so that the second can run in a
    thread while the engine goes on.
    """

    def __init__(self, path: Path, data: bytes | None) -> None:
        self._path = path
        self._pending: list[bytes] = []
        self._rewritten = False
        self.is_lost = data is None
        self.torn_bytes = 0
        self._generation, self.records = (1, ()) if data is None else self._read(data)
        self._file = -1

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the journal and cut off a torn tail.

        Raises `JournalError` where it is damaged elsewhere, not a journal, or cannot be read.
        """
        try:
            return cls._open(path)
        except OSError as error:
            raise JournalError(
                f"{path} cannot be opened: {error.strerror}",
                reason="journal-unreadable",
                advice="give this user back the right to read and write it, or restore it",
            ) from error

    @classmethod
    def _open(cls, path: Path) -> Self:
        data = path.read_bytes() if path.exists() else None
        journal = cls(path, data)
        if data is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, _MAGIC + _GENERATION.pack(1))
        elif journal.torn_bytes:
            os.truncate(path, len(data) - journal.torn_bytes)
        journal._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        return journal

    @property
    def is_fresh(self) -> bool:
        """Made with the network and never written: this replica has never voted."""
        return not self.is_lost and not self._generation and not self.records

    def append(self, record: bytes) -> None:
        """Add one record to the next sync."""
        self._pending.append(record)

    def rewrite(self, records: Sequence[bytes]) -> None:
        """Replace everything, appended records not yet synced included, at the next sync."""
        self._pending = list(records)
        self._rewritten = True

    @property
    def is_dirty(self) -> bool:
        """Is there anything to sync."""
        return bool(self._pending) or self._rewritten

    def take(self) -> tuple[bool, list[bytes]]:
        """What the next `write` is to do; afterwards the journal is clean."""
        taken = (self._rewritten, self._pending)
        self._pending, self._rewritten = [], False
        return taken

    def write(self, taken: tuple[bool, list[bytes]]) -> None:
        """Write and sync what was taken; raises `OSError`, after which nothing may be sent."""
        rewritten, records = taken
        frame = _compute_frame(records)
        if rewritten:
            self._generation += 1
            self.close()
            _replace(self._path, _MAGIC + _GENERATION.pack(self._generation) + frame)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        elif records:
            _write_all(self._file, frame)
            os.fdatasync(self._file)

    def sync(self) -> None:
        """Make everything so far durable, in this thread."""
        self.write(self.take())

    def close(self) -> None:
        """Release the file; what was not synced is lost, as in a crash."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _read(self, data: bytes) -> tuple[int, tuple[bytes, ...]]:
        if data[: len(_MAGIC)] != _MAGIC or len(data) < _START:
            raise JournalError(
                f"{self._path} is not a journal of this version; restore it, or delete it to let"
                " the node observe until it is safe to vote again, if ever"
            )
        (generation,) = _GENERATION.unpack_from(data, len(_MAGIC))
        records: list[bytes] = []
        at = _START
        while at < len(data):
            body = self._read_frame(data, at)
            if body is None:
                self.torn_bytes = len(data) - at
                break
            records.extend(self._decode(body, at))
            at += _FRAME_HEAD_BYTES + len(body)
        return generation, tuple(records)

    def _read_frame(self, data: bytes, at: int) -> bytes | None:
        """The body of the frame at `at`, or None if the rest of the file is a torn tail."""
        left = len(data) - at
        if left < _FRAME_HEAD_BYTES or not any(data[at:]):
            return None
        size, checksum = _HEAD.unpack_from(data, at)
        (head_sum,) = _SUM.unpack_from(data, at + _HEAD.size)
        head_holds = size and zlib.crc32(data[at : at + _HEAD.size]) == head_sum
        body = data[at + _FRAME_HEAD_BYTES : at + _FRAME_HEAD_BYTES + size]
        if head_holds and len(body) == size and zlib.crc32(body) == checksum:
            return body
        if head_holds and _FRAME_HEAD_BYTES + size >= left:
            return None
        raise JournalError(
            f"{self._path} is damaged at byte {at}, before its end; restore it, or delete it to"
            " let the node observe until it is safe to vote again, if ever"
        )

    def _decode(self, body: bytes, at: int) -> tuple[bytes, ...]:
        try:
            return _records.decode(body)
        except msgspec.MsgspecError as error:
            raise JournalError(f"{self._path}: frame at byte {at}: {error}") from error


def _compute_frame(records: Sequence[bytes]) -> bytes:
    if not records:
        return b""
    body = msgspec.msgpack.encode(tuple(records))
    head = _HEAD.pack(len(body), zlib.crc32(body))
    return head + _SUM.pack(zlib.crc32(head)) + body


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _replace(path: Path, data: bytes) -> None:
    """Write a whole file so that after a crash it is there entirely or not at all."""
    partial = path.with_name(path.name + ".new")
    file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write_all(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
