"""Effects and messages in words, digests replaced by what they name."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from consensus.effects import (
    Accuse,
    Adopt,
    Alert,
    Behind,
    Broadcast,
    CancelTimer,
    Certify,
    Check,
    Decide,
    Diverge,
    Effect,
    Finalize,
    Ignore,
    Mine,
    Persist,
    Readable,
    Request,
    Rewrite,
    Send,
    SetTimer,
    Share,
    Store,
    Toss,
    Watch,
)
from consensus.message import NULL_DIGEST, Signed, compute_digest, name_kind


@dataclass(slots=True)
class Teller:
    """Knows what digests name."""

    names: dict[bytes, str] = field(default_factory=dict)

    def tell(self, effect: Effect) -> tuple[str, str, str]:  # noqa: C901, PLR0912 - one match
        """An effect as the kind, name and detail of an entry."""
        match effect:
            case Broadcast(message) | Send(_, message):
                return "send", name_message(message), self.tell_message(message)
            case Persist(record):
                return "write", name_message(record), self.tell_message(record)
            case Rewrite(records):
                return "write", "journal", f"rewritten to {len(records)} records"
            case SetTimer(timer, after_ms, spread_ms, align_ms):
                if align_ms:
                    return "set", str(timer[0]), f"next multiple of {align_ms} ms"
                until = f" to {after_ms + spread_ms}" if spread_ms else ""
                return "set", str(timer[0]), f"{after_ms}{until} ms"
            case CancelTimer(timer):
                return "cancel", str(timer[0]), ""
            case Watch(replica):
                return "watch", "", "nobody" if replica is None else f"{replica}"
            case Readable(_, height):
                return "readable", "", f"at {height}"
            case Request(height, after, required):
                need = "needs" if required else "wants"
                return "request", "", f"{need} a value for {height} after {len(after)} in flight"
            case Check(height, digest, value, forced):
                self.names.setdefault(digest, tell_value(value))
                return "check", "", f"{'fetch ' if forced else ''}{tell_value(value)} for {height}"
            case Decide(height, values, _):
                return "decide", "", f"{height}: {', '.join(map(tell_value, values)) or 'null'}"
            case Certify(height):
                return "certify", "", f"{height}"
            case Behind(height):
                return "behind", "", f"{height}"
            case Accuse(offender):
                return "accuse", "", f"{offender}"
            case Alert(alert, detail):
                return "alert", alert, detail
            case Ignore(message, refusal):
                return "ignore", name_message(message), str(refusal)
            case Toss(tag, common):
                return "toss", "common" if common else "own", ".".join(map(str, tag))
            case Diverge(height):
                return "diverge", "", f"{height}"
            case Mine() | Store() | Share() | Adopt() | Finalize():
                return self.tell_tree(effect)

    def tell_tree(self, effect: Mine | Store | Share | Adopt | Finalize) -> tuple[str, str, str]:
        """The same for what only engines of block trees ask for."""
        match effect:
            case Mine(template):
                if template is None:
                    return "mine", "", "nothing"
                return "mine", "", f"{template.height} on {self.tell_id(template.parent)}"
            case Store(block_id, block, _):
                self.names.setdefault(block_id, f"{block.header.height}:{block_id.hex()[:6]}")
                return "store", "", f"{self.tell_id(block_id)} '{tell_value(block.value)}'"
            case Share(block_id, _):
                return "share", "", self.tell_id(block_id)
            case Adopt(block_id):
                return "adopt", "", self.tell_id(block_id)
            case Finalize(height, block_id):
                return "finalize", "", f"{height} {self.tell_id(block_id)}"

    def tell_id(self, block_id: bytes) -> str:
        """A block by height and the beginning of its id, if it is known."""
        return self.names.get(block_id, block_id.hex()[:6])

    def tell_message(self, message: Any) -> str:
        """The fields of a message, without signatures."""
        body = message.body if isinstance(message, Signed) else message
        return " ".join(self.tell_fields(body))

    def tell_fields(self, body: Any) -> list[str]:
        """Each field with its name."""
        fields = []
        for name in body.__struct_fields__:
            value = getattr(body, name)
            if name == "value" and isinstance(value, bytes):
                self.names.setdefault(compute_digest(value), tell_value(value))
            fields.append(f"{name}={self.tell_field(value)}")
        return fields

    def tell_field(self, value: Any) -> str:
        """A field of a message, nested votes by signer only."""
        if isinstance(value, bytes):
            if value == NULL_DIGEST:
                return "null"
            if len(value) == len(NULL_DIGEST):
                return f"‹{self.names.get(value, value.hex()[:8])}›"
            return f"'{tell_value(value)}'"
        if isinstance(value, Signed):
            return f"{self.tell_part(value.body)} by {value.signer}"
        if isinstance(value, tuple):
            if value and all(isinstance(item, Signed) for item in value):
                return f"[{' '.join(str(item.signer) for item in value)}]"
            return f"[{', '.join(self.tell_field(item) for item in value)}]"
        return self.tell_part(value) if isinstance(value, msgspec.Struct) else str(value)

    def tell_part(self, body: Any) -> str:
        """A message inside another."""
        return f"{type(body).__name__}({' '.join(self.tell_fields(body))})"


def tell_value(value: bytes) -> str:
    """A value: text as text, other bytes by their first ones."""
    text = value.decode(errors="replace")
    return text if text.isprintable() and "\ufffd" not in text else f"{value[:6].hex()}…"


def name_message(message: Any) -> str:
    """The kind of a message: the name of its body; of an event, its own."""
    return name_kind(message)
