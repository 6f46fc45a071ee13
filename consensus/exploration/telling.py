"""Moves and schedules in words."""

from typing import Any

import msgspec

from consensus.exploration import steps, table
from consensus.exploration.steps import Restart, Tell
from consensus.exploration.table import Deliver, Fire, Show
from consensus.message import DIGEST_SIZE_BYTES, Signed

HASH_DIGITS = 8


def tell_move(move: table.Move | steps.Move) -> str:
    """One move, on one line."""
    match move:
        case Deliver(sender, to, message):
            return f"{sender} → {to}  {tell_message(message)}"
        case Fire(to, timer):
            return f"{to}: the timer {' '.join(map(str, timer))} runs out"
        case Show(to, tag, face):
            return f"{to}: the coin {'/'.join(map(str, tag))} shows {face}"
        case Tell(to, replica):
            return f"{to} is told that {replica} has fallen silent"
        case Restart(to):
            return f"{to} crashes and restarts"
    return f"{move.to} crashes"


def tell_message(message: Any) -> str:
    """Its kind and its fields; of a vote its body, of a hash the beginning."""
    if isinstance(message, Signed):
        return tell_message(message.body)
    if isinstance(message, msgspec.Struct):
        names = message.__struct_fields__
        fields = ", ".join(f"{name}={tell_message(getattr(message, name))}" for name in names)
        return f"{type(message).__name__}({fields})"
    if isinstance(message, tuple):
        return f"({', '.join(map(tell_message, message))})"
    if isinstance(message, bytes) and len(message) == DIGEST_SIZE_BYTES:
        return message.hex()[:HASH_DIGITS]
    return repr(message)
