"""Moves and schedules in words."""

from typing import Any

import msgspec

from consensus.exploration.table import Deliver, Fire, Move, Show


def tell_move(move: Move) -> str:
    """One move, on one line."""
    match move:
        case Deliver(sender, to, message):
            return f"{sender} → {to}  {tell_message(message)}"
        case Fire(to, timer):
            return f"{to}: the timer {' '.join(map(str, timer))} runs out"
        case Show(to, tag, face):
            return f"{to}: the coin {'/'.join(map(str, tag))} shows {face}"
    return f"{move.to} crashes"


def tell_message(message: msgspec.Struct) -> str:
    """Its kind and its fields."""
    fields = ((name, getattr(message, name)) for name in message.__struct_fields__)
    told = ", ".join(f"{name}={tell_value(value)}" for name, value in fields)
    return f"{type(message).__name__}({told})"


def tell_value(value: Any) -> str:
    """A field: parts of a message without their names, one byte as the bit that it is."""
    if isinstance(value, msgspec.Struct):
        return tell_value(tuple(getattr(value, name) for name in value.__struct_fields__))
    if isinstance(value, tuple):
        return f"({', '.join(map(tell_value, value))})"
    if isinstance(value, bytes) and len(value) == 1:
        return str(value[0])
    return repr(value)
