"""Where a reader stands in one node's event log, and how that is spelled.

A cursor is `log-run-number-index`: which log (eight hex digits, drawn when it was made), which run of
the node wrote the record, the record's number in that run, and which of its events was the last that
was read; without an index, all of them were. Runs are numbered durably before the first record of a
run, so no cursor ever names two events, whatever a power cut takes away. Readers treat it as opaque.
"""

import re
from typing import NamedTuple

CURSOR_PATTERN = "^[0-9a-f]{8}-[0-9]{1,9}-[0-9]{1,15}(-[0-9]{1,9})?$"
_FORM = re.compile(r"([0-9a-f]{8})-([1-9][0-9]{0,8})-(0|[1-9][0-9]{0,14})(?:-(0|[1-9][0-9]{0,8}))?")


class Place(NamedTuple):
    """A record's place in the log; places are ordered as the records are."""

    run: int
    number: int


class Position(NamedTuple):
    """An event's place: `at` counts the events of one record from 0."""

    run: int
    number: int
    at: int

    @property
    def place(self) -> Place:
        """The record."""
        return Place(self.run, self.number)

    def spell(self, log_id: str) -> str:
        """The text of a cursor."""
        text = f"{log_id}-{self.run}-{self.number}"
        return text if self.at == INDEX_MAX else f"{text}-{self.at}"


INDEX_MAX = 10**9
"""More than any record has events: the position after them all."""


def after_all(place: Place) -> Position:
    """The position of whoever has read a record to its end."""
    return Position(place.run, place.number, INDEX_MAX)


def parse_cursor(text: str) -> tuple[str, Position] | None:
    """The log and the position, or None where the text is no cursor."""
    if (found := _FORM.fullmatch(text)) is None:
        return None
    log_id, run, number, index = found.groups()
    last = INDEX_MAX if index is None else int(index)
    return log_id, Position(int(run), int(number), last)
