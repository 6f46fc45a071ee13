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
    """Its kind and its fields; of a vote its body."""
    if isinstance(message, Signed):
        return tell_message(message.body)
    fields = ((name, getattr(message, name)) for name in message.__struct_fields__)
    told = ", ".join(f"{name}={tell_value(value)}" for name, value in fields)
    return f"{type(message).__name__}({told})"


def tell_value(value: Any) -> str:
    """A field: parts of a message without their names, one byte as the bit that it is, hashes short."""
    if isinstance(value, Signed):
        return tell_value(value.body)
    if isinstance(value, msgspec.Struct):
        return tell_value(tuple(getattr(value, name) for name in value.__struct_fields__))
    if isinstance(value, tuple):
        return f"({', '.join(map(tell_value, value))})"
    if isinstance(value, bytes) and len(value) == 1:
        return str(value[0])
    if isinstance(value, bytes) and len(value) == DIGEST_SIZE_BYTES:
        return value.hex()[:HASH_DIGITS]
    return repr(value)
