"""A whole trace as text, so that it can be kept, sent and read elsewhere.

    quorate-trace 1 engine=pbft seed=8812 nodes=4 command="quorate simulate --seed 8812 --trace"
         ms  at kind     peer name             number from detail
          0   0 send      all PrePrepare            1   - view=0 …
          …
    end lines=812 sha256=…

Every line ends in a newline. The last one counts the entries and holds the SHA-256 of all bytes
before it, so a text that was cut, joined, edited or written by another version is refused.
Text in, text out: files are the caller's.
"""

import hashlib
import re
from collections.abc import Iterable

from consensus.simulation.entry import Entry, TraceError, format_entry, parse_entry
from consensus.simulation.trace_header import Header, format_header, parse_header

COLUMNS = "     ms  at kind     peer name             number from detail"
"""The second line, for the eye."""
FOOTER = re.compile(r"end lines=(\d+) sha256=([0-9a-f]{64})", re.ASCII)
ENTRIES_FROM_LINE = 3


def write_trace(header: Header, entries: Iterable[Entry]) -> str:
    """The text of a trace."""
    lines = [format_header(header), COLUMNS, *map(format_entry, entries)]
    return _close("\n".join(lines) + "\n", len(lines) - 2)


def read_trace(text: str) -> tuple[Header, list[Entry]]:
    """What `write_trace` was given.

    Raises `TraceError` with one of the reasons `trace-empty`, `trace-foreign`, `trace-version`,
    `trace-bad-header`, `trace-truncated`, `trace-bad-line`, `trace-bad-count`, `trace-bad-digest`.
    """
    if not text:
        raise TraceError("trace-empty", "there is no text")
    first, *rest = text.split("\n")
    header = parse_header(first) if rest else _refuse_stump(first)
    if FOOTER.fullmatch(rest[-2] if len(rest) > 1 else "") is None or rest[-1]:
        raise TraceError("trace-truncated", "the closing line is missing", len(rest))
    if rest[0] != COLUMNS:
        raise TraceError("trace-bad-line", "the names of the columns should stand here", 2)
    entries = [_parse(line, number) for number, line in enumerate(rest[1:-2], ENTRIES_FROM_LINE)]
    _check_footer(text, rest[-2], len(entries))
    return header, entries


def _close(body: str, count: int) -> str:
    """A body with its closing line."""
    digest = hashlib.sha256(body.encode()).hexdigest()
    return f"{body}end lines={count} sha256={digest}\n"


def _refuse_stump(line: str) -> Header:
    """A text without any newline is no trace, whatever it says; a good beginning was cut."""
    parse_header(line)
    raise TraceError("trace-truncated", "there is nothing after the first line", 1)


def _parse(line: str, number: int) -> Entry:
    """The entry of a line; the error tells which line it is."""
    try:
        return parse_entry(line)
    except TraceError as error:
        raise TraceError(error.reason, str(error), number) from None


def _check_footer(text: str, footer: str, count: int) -> None:
    """Hold the closing line against everything before it."""
    found = FOOTER.fullmatch(footer)
    assert found is not None
    line = count + ENTRIES_FROM_LINE
    if int(found[1]) != count:
        raise TraceError("trace-bad-count", f"{count} entries, but it says {found[1]}", line)
    if _close(text[: -len(footer) - 1], count) != text:
        raise TraceError("trace-bad-digest", "the text is not the one that was written", line)
