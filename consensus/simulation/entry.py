"""One thing that happened in a run, as a value and as one line of fixed columns.

Grammar of a line (widths are least widths; a longer word pushes the rest to the right):

    at_ms:>7 place:>3 kind:<8 peer:>4 name:<16 number:>6 origin:>3 detail

`peer` is `all` for a message that was sent to everyone. `-` stands for an empty word, no number, no
origin and no host. `kind` and `name` are one word each; `detail` runs to the end of the line. Whatever
cannot stand on a line (a newline in a payload, say) is written as its escape, so that every entry
has exactly one line, and a line that was read is written back as the same bytes.
"""

import re
from dataclasses import dataclass

from consensus.committee import ReplicaId
from consensus.errors import ConsensusError

LINE = re.compile(
    r" *(?P<at_ms>\d+) +(?P<place>\S+) (?P<kind>\S+) +(?P<peer>\S+) "
    r"(?P<name>\S+) +(?P<number>\S+) +(?P<origin>\S+)(?: (?P<detail>.+))?",
    re.ASCII,
)
NOTHING = "-"
EVERYONE = "all"
NETWORK = -1
"""The place of what happens to no host in particular."""


class TraceError(ConsensusError):
    """Text that is not a trace, or not a whole one.

    `reason` is stable and machine-readable; `line` counts from 1, and is 0 if it is about no line.
    """

    reason = "bad-trace"

    def __init__(self, reason: str, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened at a host at a moment of virtual time."""

    at_ms: int
    place: int
    """The address of the host, or `NETWORK`."""
    kind: str
    """One word: send receive lose timer write decide certify apply crash restart pause resume …"""
    peer: ReplicaId | None
    """Whom a message is for (None: all), or who sent what is received; where a copy was lost to."""
    name: str
    """The kind of a message, or the name of a timer; one word."""
    detail: str
    """The rest in words, on one line."""
    number: int = 0
    """Equal in the send of a message and in whatever becomes of its copies; 0: no message."""
    origin: int = -1
    """Where a copy that is received or lost came from: an address."""


def format_entry(entry: Entry) -> str:
    """The line of an entry, without the newline."""
    peer = entry.peer if entry.peer is not None else _no_peer(entry.kind)
    place = entry.place if entry.place >= 0 else NOTHING
    number = entry.number or NOTHING
    origin = entry.origin if entry.origin >= 0 else NOTHING
    columns = (
        f"{entry.at_ms:>7} {place:>3} {_word(entry.kind):<8} {peer:>4} "
        f"{_word(entry.name):<16} {number:>6} {origin:>3}"
    )
    return f"{columns} {_flatten(entry.detail)}" if entry.detail else columns


def parse_entry(line: str) -> Entry:
    """The entry of a line; raises `TraceError` for what `format_entry` would not have written."""
    found = LINE.fullmatch(line)
    entry = _read(found) if found else None
    if entry is None or format_entry(entry) != line:
        raise TraceError("trace-bad-line", f"the columns do not hold an entry: {line[:60]!r}")
    return entry


def _read(found: re.Match[str]) -> Entry | None:
    """An entry from the columns of a line; None if a number is none."""
    place, kind, peer, name, number, origin, detail = found.group(
        "place", "kind", "peer", "name", "number", "origin", "detail"
    )
    try:
        return Entry(
            at_ms=int(found["at_ms"]),
            place=-1 if place == NOTHING else int(place),
            kind=kind,
            peer=None if peer in (EVERYONE, NOTHING) else int(peer),
            name="" if name == NOTHING else name,
            detail=detail or "",
            number=0 if number == NOTHING else int(number),
            origin=-1 if origin == NOTHING else int(origin),
        )
    except ValueError:
        return None


def _no_peer(kind: str) -> str:
    """What stands where no peer does."""
    return EVERYONE if kind == "send" else NOTHING


def _word(text: str) -> str:
    """A text as one word."""
    return _flatten(text).replace(" ", "_") or NOTHING


def _flatten(text: str) -> str:
    """A text on one line: what is not printable becomes its escape."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )
