"""Histories as files of JSON lines: a header, then one operation a line, in any order.

{"format": "quorate-history", "version": 1, "reads": "linearizable"}
{"client": 0, "key": "k1", "kind": "write", "invoked_us": 17, "completed_us": 940, "value": "a"}
{"client": 1, "key": "k1", "kind": "read", "invoked_us": 20, "completed_us": 950, "value": null}
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

import msgspec

from node.histories.errors import HistoryError
from node.histories.operation import Operation

FORMAT = "quorate-history"
VERSION = 1
TIME_US_MAX = 2**53
"""Some 285 years: greater numbers are not exact in other languages' JSON."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line; `reads` says how the clients read."""

    format: str
    version: int
    reads: str = ""


def write_history(path: Path, operations: Iterable[Operation], reads: str = "") -> None:
    """Write a whole history; raises `OSError`."""
    with path.open("w", encoding="utf-8") as file:
        write_line(file, Header(FORMAT, VERSION, reads))
        for operation in operations:
            write_line(file, operation)


def write_line(file: TextIO, line: Header | Operation) -> None:
    """One line of a history."""
    file.write(msgspec.json.encode(line).decode() + "\n")


def read_history(path: Path) -> tuple[Header, list[Operation]]:
    """Header and operations; raises `HistoryError` with the number of the line that is wrong."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {error.strerror}") from error
    lines = list(number_lines(data))
    if not lines:
        raise HistoryError(f"{path} is empty", advice="its first line must be a header")
    header = decode_header(path, lines[0])
    return header, [decode_operation(path, line) for line in lines[1:]]


def number_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, numbered from 1."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            yield number, line


def decode_header(path: Path, line: tuple[int, bytes]) -> Header:
    """The first line; raises `HistoryError`."""
    try:
        header = msgspec.json.decode(line[1], type=Header)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise HistoryError(f"{path}, line {line[0]}: no header of a history: {error}") from error
    if header.format != FORMAT or header.version != VERSION:
        detail = f"{path} is {header.format!r}, version {header.version}"
        raise HistoryError(detail, advice=f"read are {FORMAT}, version {VERSION}")
    return header


def decode_operation(path: Path, line: tuple[int, bytes]) -> Operation:
    """One operation; raises `HistoryError`."""
    number, text = line
    try:
        operation = msgspec.json.decode(text, type=Operation)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise HistoryError(f"{path}, line {number}: {error}") from error
    if complaint := find_fault(operation):
        raise HistoryError(f"{path}, line {number}: {complaint}")
    return operation


def find_fault(operation: Operation) -> str | None:
    """What makes no sense about an operation."""
    times = [operation.invoked_us, operation.completed_us or 0]
    if operation.client < 0:
        return "clients are numbered from 0"
    if not 0 <= min(times) <= max(times) <= TIME_US_MAX:
        return f"times are microseconds from 0 to {TIME_US_MAX}"
    if operation.completed_us is not None and operation.completed_us < operation.invoked_us:
        return "it was completed before it was invoked"
    return None
