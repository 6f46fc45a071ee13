"""A run as lines of text: what scenario files show, and what is compared between processes."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import msgspec

from consensus.committee import ReplicaId
from consensus.effects import (
    Accuse,
    Behind,
    Broadcast,
    CancelTimer,
    Certify,
    Check,
    Decide,
    Diverge,
    Effect,
    Ignore,
    Persist,
    Request,
    Rewrite,
    Send,
    SetTimer,
)
from consensus.message import NULL_DIGEST, Signed, compute_digest

TRACE_LINES_MAX = 200_000
"""A run that says more than this is not for reading; the digest covers all of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened: `kind` is an effect's or a timer's name, or `event`."""

    at_ms: int
    name: ReplicaId
    kind: str
    message: str
    text: str


@dataclass(slots=True)
class Trace:
    """Lines, and a digest over all of them."""

    lines: list[Line] = field(default_factory=list)
    is_kept: bool = True
    names: dict[bytes, str] = field(default_factory=dict)
    hasher: Any = field(default_factory=hashlib.sha256)

    def note_effect(self, now_ms: int, name: ReplicaId, effect: Effect) -> None:
        """Write down an effect."""
        if isinstance(effect, Check):
            self.names.setdefault(effect.digest, effect.value.decode(errors="replace"))
        said = name_message(effect.message) if isinstance(effect, Broadcast | Send) else ""
        self.note(Line(now_ms, name, type(effect).__name__, said, self.tell(effect)))

    def note_event(self, now_ms: int, name: ReplicaId, text: str, kind: str = "event") -> None:
        """Write down what happened to a host."""
        self.note(Line(now_ms, name, kind, "", text))

    def note(self, line: Line) -> None:
        """Write a line."""
        self.hasher.update(f"{line.at_ms} {line.name} {line.text}\n".encode())
        if self.is_kept and len(self.lines) < TRACE_LINES_MAX:
            self.lines.append(line)

    def digest(self) -> str:
        """64 hexadecimal digits that name the whole run."""
        return str(self.hasher.hexdigest())

    def tell(self, effect: Effect) -> str:  # noqa: C901, PLR0912 - one match over all effects
        """An effect in words."""
        match effect:
            case Broadcast(message):
                return f"→ all  {self.tell_message(message)}"
            case Send(to, message):
                return f"→ {to}  {self.tell_message(message)}"
            case Persist(record):
                return f"writes {self.tell_message(record)}"
            case Rewrite(records):
                return f"rewrites its journal to {len(records)} records"
            case SetTimer(timer, after_ms):
                return f"sets {timer[0]} timer to {after_ms} ms"
            case CancelTimer(timer):
                return f"cancels {timer[0]} timer"
            case Request(height, after, required):
                need = "needs" if required else "wants"
                return f"{need} a value for height {height} after {len(after)} in flight"
            case Check(height, _, value, forced):
                return f"{'fetches' if forced else 'checks'} {value!r} for height {height}"
            case Decide(height, values, _):
                return f"decides {height}: {self.tell_values(values)}"
            case Certify(height):
                return f"certifies {height}"
            case Behind(height):
                return f"is behind {height}"
            case Accuse(offender):
                return f"accuses {offender}"
            case Ignore(message, refusal):
                return f"ignores {type(message).__name__}: {refusal}"
            case Diverge(height):
                return f"diverges at {height}"

    def tell_values(self, values: tuple[bytes, ...]) -> str:
        """Decided values, a null as such."""
        return ", ".join(value.decode(errors="replace") for value in values) or "null"

    def tell_message(self, message: Any) -> str:
        """A message without signatures, digests replaced by what they name."""
        body = message.body if isinstance(message, Signed) else message
        fields = []
        for name in body.__struct_fields__:
            value = getattr(body, name)
            if name == "value":
                self.names.setdefault(compute_digest(value), value.decode(errors="replace"))
            fields.append(f"{name}={self.tell_field(value)}")
        return f"{type(body).__name__}({', '.join(fields)})"

    def tell_field(self, value: Any) -> str:
        """A field of a message, nested votes by signer only."""
        if isinstance(value, bytes):
            if value == NULL_DIGEST:
                return "null"
            if len(value) == len(NULL_DIGEST):
                return f"‹{self.names.get(value, value.hex()[:8])}›"
            return repr(value.decode(errors="replace"))
        if isinstance(value, Signed):
            return f"{self.tell_message(value)} by {value.signer}"
        if isinstance(value, tuple):
            if value and all(isinstance(item, Signed) for item in value):
                return f"[{', '.join(str(item.signer) for item in value)}]"
            return f"[{', '.join(self.tell_field(item) for item in value)}]"
        return self.tell_message(value) if isinstance(value, msgspec.Struct) else str(value)


def name_message(message: Any) -> str:
    """The kind of a message: the name of its body."""
    return type(message.body if isinstance(message, Signed) else message).__name__
