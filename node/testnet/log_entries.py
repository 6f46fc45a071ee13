"""Lines of nodes' logs, read back: what they say, which of them are wanted, and for people.

A line is JSON with a `timestamp`, or anything else: a trace of the interpreter, a message of a
library, the end of a line that a crash cut off. What is no JSON is kept, shown as it is, and dated
like the line before it. It counts as an error, for that is what it mostly is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

EPOCH = "0000"
"""Before every timestamp: what was written before the first line with one."""
LEVELS = ("debug", "info", "warning", "error", "critical")
RAW_LEVEL = "error"
DATED = re.compile("[0-9]{4}-")
HASH = re.compile("[0-9a-f]{64}")
HASH_DIGITS_SHOWN = 10
SHOWN_APART = frozenset({"timestamp", "level", "event", "node", "network", "logger", "exception"})


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of one node; `fields` is None for what is no JSON object."""

    timestamp: str
    node: str
    text: str
    fields: Mapping[str, Any] | None

    @property
    def level(self) -> str:
        """One of `LEVELS`."""
        level = RAW_LEVEL if self.fields is None else str(self.fields.get("level", "info"))
        return level if level in LEVELS else "info"

    @property
    def event(self) -> str:
        """What happened; empty for what is no JSON."""
        return "" if self.fields is None else str(self.fields.get("event", ""))

    def to_json(self) -> str:
        """One JSON object on one line: the line itself, or what is none as `raw`."""
        if self.fields is not None:
            return self.text
        wrapped = {"timestamp": self.timestamp, "node": self.node, "raw": self.text}
        return msgspec.json.encode(wrapped).decode()


def parse_line(node: str, text: str, before: str) -> LogEntry:
    """A line as an entry; `before` is the timestamp of the line before it in the same log."""
    if text.startswith("{"):
        try:
            fields = msgspec.json.decode(text)
        except msgspec.DecodeError:
            fields = None
        if isinstance(fields, dict):
            timestamp = str(fields.get("timestamp", ""))
            is_dated = DATED.match(timestamp) is not None
            return LogEntry(timestamp if is_dated else before, node, text, fields)
    return LogEntry(before, node, text, None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are shown: from a level up, with a text anywhere, with words in their event."""

    level: str = "debug"
    pattern: re.Pattern[str] | None = None
    event: str | None = None

    def takes(self, entry: LogEntry) -> bool:
        """Is it shown."""
        if LEVELS.index(entry.level) < LEVELS.index(self.level):
            return False
        if self.event is not None and self.event.lower() not in entry.event.lower():
            return False
        return self.pattern is None or self.pattern.search(entry.text) is not None


def describe_fields(entry: LogEntry) -> str:
    """The further fields of an entry, `name=value` each; texts with spaces in quotes."""
    fields = {} if entry.fields is None else entry.fields
    shown = {name: value for name, value in fields.items() if name not in SHOWN_APART}
    return " ".join(f"{name}={show_value(value)}" for name, value in shown.items())


def show_value(value: object) -> str:
    """A value for people; of a key or a hash the beginning is enough to tell it from others."""
    if isinstance(value, str) and HASH.fullmatch(value):
        return value[:HASH_DIGITS_SHOWN] + "…"
    if isinstance(value, str) and value and not re.search(r"[\s=]", value):
        return value
    return msgspec.json.encode(value).decode()
