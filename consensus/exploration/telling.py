"""Moves and schedules in words."""

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
    fields = ", ".join(f"{name}={getattr(message, name)!r}" for name in message.__struct_fields__)
    return f"{type(message).__name__}({fields})"
