"""Reading payments from a CSV file: every row is checked before the first one is sent."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn, Protocol

from node.replay.errors import ReplayError

COLUMNS = ("time", "from", "to", "amount")
AMOUNT_MAX = 2**64 - 1
NAME_CHARACTERS_MAX = 256


class Row(NamedTuple):
    """One payment: where it stands in the file, who pays whom, and how much."""

    line: int
    sender: str
    recipient: str
    amount: int


class Lines(Protocol):
    """What `csv.reader` gives: fields line by line, and where it stands."""

    @property
    def line_num(self) -> int:
        """The number of the line last read."""
        ...

    def __iter__(self) -> Iterator[list[str]]:
        """Itself."""
        ...

    def __next__(self) -> list[str]:
        """The next line's fields."""
        ...


def parse_columns(text: str) -> tuple[str, str, str, str]:
    """`ts,payer,payee,sum` as the file's names for time, sender, recipient and amount."""
    names = tuple(name.strip() for name in text.split(","))
    if len(names) != len(COLUMNS) or len(set(names)) != len(COLUMNS) or not all(names):
        raise ReplayError(
            f"--columns {text!r} does not name four different columns",
            reason="bad-columns",
            advice="give the file's names for time, sender, recipient and amount, in that order",
        )
    return names[0], names[1], names[2], names[3]


def read_rows(path: Path, columns: Sequence[str] = COLUMNS) -> list[Row]:
    """All payments of the file, in its order.

    Raises `ReplayError` with the reason `csv-unreadable`, `csv-missing-column`, `csv-empty` or
    `csv-bad-row`, the last one with the number of the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(parse_rows(csv.reader(stream, strict=True), columns, path))
    except (OSError, UnicodeDecodeError) as error:
        raise ReplayError(
            f"{path} cannot be read: {error}",
            reason="csv-unreadable",
            advice="give a CSV file in UTF-8 that you may read",
        ) from error
    if not rows:
        raise ReplayError(f"{path} holds no payment", reason="csv-empty")
    if sum(row.amount for row in rows) > AMOUNT_MAX:
        raise ReplayError(f"the payments of {path} sum to more than 2^64 - 1", reason="csv-bad-row")
    return rows


def parse_rows(reader: Lines, columns: Sequence[str], path: Path) -> Iterator[Row]:
    """Turn the reader's lines into rows, blank lines aside."""
    try:
        header = [name.strip() for name in next(reader, [])]
        at = find_columns(header, columns, path)
        for fields in reader:
            if fields:
                yield parse_row(fields, len(header), at, path, reader.line_num)
    except csv.Error as error:
        refuse_row(path, reader.line_num, str(error))


def find_columns(header: list[str], columns: Sequence[str], path: Path) -> tuple[int, int, int]:
    """Where sender, recipient and amount stand; the time must be there, but only order counts."""
    missing = [name for name in columns if header.count(name) != 1]
    if missing:
        raise ReplayError(
            f"the first line of {path} does not name {', '.join(missing)} exactly once:"
            f" {','.join(header)[:200]}",
            reason="csv-missing-column",
            advice="name the file's columns with --columns TIME,FROM,TO,AMOUNT",
        )
    _, sender, recipient, amount = (header.index(name) for name in columns)
    return sender, recipient, amount


def parse_row(
    fields: list[str], width: int, at: tuple[int, int, int], path: Path, line: int
) -> Row:
    """Check one line: its number of fields, both names, and a whole positive amount."""
    if len(fields) != width:
        refuse_row(path, line, f"{len(fields)} fields instead of {width}")
    sender, recipient, amount = (fields[index].strip() for index in at)
    for name in (sender, recipient):
        if not name or len(name) > NAME_CHARACTERS_MAX:
            refuse_row(path, line, f"a name needs 1 to {NAME_CHARACTERS_MAX} characters")
    if not (amount.isascii() and amount.isdigit()) or not 0 < int(amount[:21]) <= AMOUNT_MAX:
        refuse_row(path, line, f"the amount {amount[:40]!r} is not a whole number from 1 to 2^64-1")
    return Row(line, sender, recipient, int(amount))


def refuse_row(path: Path, line: int, why: str) -> NoReturn:
    """Say which line is at fault."""
    raise ReplayError(
        f"{path}, line {line}: {why}",
        reason="csv-bad-row",
        advice="mend the line; nothing has been sent",
    )
