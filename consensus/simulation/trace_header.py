"""The first line of a trace: what was run, and how to run it again.

Grammar: `quorate-trace VERSION` and then, each once and in this order,

    engine=WORD seed=INTEGER nodes=INTEGER [liars=ADDRESSES] [replicas=IDS] [missing=INTEGER]
    command=STRING

What stands in brackets is left out when it is empty or zero. Lists are joined by commas; a string
that is not a plain word is written as a JSON string of ASCII characters.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from consensus.committee import ReplicaId
from consensus.simulation.entry import TraceError

FORMAT = "quorate-trace"
VERSION = 1
"""Raised whenever a reader of the version before would misread or refuse a line."""

OPENING = re.compile(rf"{FORMAT} (\d+)( .*)?", re.ASCII)
FIELD = re.compile(r' ([a-z]+)=("(?:[^"\\]|\\.)*"|[^" ]+)', re.ASCII)
WORD = re.compile(r"[\w.:/+-]+", re.ASCII)
REQUIRED = frozenset({"engine", "seed", "nodes", "command"})
OPTIONAL = frozenset({"liars", "replicas", "missing"})


@dataclass(frozen=True, slots=True)
class Header:
    """What a reader of a trace must know about the run."""

    engine: str
    seed: int
    nodes: int
    """Members and followers; addresses from here up are second hosts of one of them."""
    command: str
    """What runs it again."""
    liars: tuple[int, ...] = ()
    """Addresses of hosts that are byzantine."""
    replicas: tuple[ReplicaId, ...] = ()
    """Whose key the host at each address has; empty when address and replica are equal."""
    missing: int = 0
    """How many entries at the end of the run were not kept."""


def format_header(header: Header) -> str:
    """The first line, without the newline."""
    fields = {
        "engine": _quote(header.engine),
        "seed": str(header.seed),
        "nodes": str(header.nodes),
        "liars": _join(header.liars),
        "replicas": _join(header.replicas),
        "missing": str(header.missing or ""),
        "command": _quote(header.command),
    }
    told = (f"{name}={value}" for name, value in fields.items() if value)
    return f"{FORMAT} {VERSION} {' '.join(told)}"


def parse_header(line: str) -> Header:
    """What the first line says; raises `TraceError` for another format, version or grammar."""
    found = OPENING.fullmatch(line)
    if not found:
        raise TraceError("trace-foreign", f"not a trace: it should open with '{FORMAT}'", 1)
    if found[1] != str(VERSION):
        raise TraceError("trace-version", f"format {found[1]}; this program reads {VERSION}", 1)
    try:
        header = _build(_split(found[2] or ""))
    except ValueError as error:
        raise TraceError("trace-bad-header", str(error), 1) from error
    if format_header(header) != line:
        raise TraceError("trace-bad-header", "the fields are not written as they should be", 1)
    return header


def _build(fields: dict[str, str]) -> Header:
    """A header from its fields; raises `ValueError` for what is missing or no number."""
    if missing := REQUIRED - fields.keys():
        raise ValueError(f"missing {', '.join(sorted(missing))}")
    if unknown := fields.keys() - REQUIRED - OPTIONAL:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}")
    return Header(
        engine=_unquote(fields["engine"]),
        seed=int(fields["seed"]),
        nodes=int(fields["nodes"]),
        command=_unquote(fields["command"]),
        liars=_parse_list(fields.get("liars", "")),
        replicas=_parse_list(fields.get("replicas", "")),
        missing=int(fields.get("missing", "0")),
    )


def _split(text: str) -> dict[str, str]:
    """The fields by name; raises `ValueError` for text that is not fields."""
    fields: dict[str, str] = {}
    end = 0
    for found in FIELD.finditer(text):
        if found.start() != end or found[1] in fields:
            break
        fields[found[1]] = found[2]
        end = found.end()
    if end != len(text):
        raise ValueError(f"not a field: {text[end : end + 40]!r}")
    return fields


def _quote(text: str) -> str:
    """A plain word as it is, everything else as a JSON string."""
    return text if WORD.fullmatch(text) else json.dumps(text)


def _unquote(text: str) -> str:
    """The inverse of `_quote`."""
    if not text.startswith('"'):
        return text
    read: Any = json.loads(text)
    return str(read)


def _join(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


def _parse_list(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",")) if text else ()
