"""The signs on a host's line, each drawn around the origin."""

from collections.abc import Mapping

from consensus.simulation.drawing.markup import Markup, path, tag

SIGNS: Mapping[str, Markup] = {
    "decide": tag("circle", r=5.2),
    "certify": tag("path", d="M 0 -6 L 6 0 L 0 6 L -6 0 Z"),
    "timer": tag("path", d="M -4.5 -6 L 4.5 -6 L -4.5 6 L 4.5 6 Z"),
    "crash": tag("path", d="M -6 -6 L 6 6 M -6 6 L 6 -6"),
    "restart": tag("path", d="M -5 4 L 0 -6 L 5 4 Z"),
    "pause": tag("path", d="M -3.5 -6 L -3.5 6 M 3.5 -6 L 3.5 6"),
    "resume": tag("path", d="M -4 -6 L 6 0 L -4 6 Z"),
    "accuse": tag("path", d="M -4 7 L -4 -6 L 6 -3 L -4 0"),
    "diverge": tag("path", d="M 0 7 L 0 1 L -5 -6 M 0 1 L 5 -6"),
    "behind": tag("path", d="M -5 -5 L 0 0 L 5 -5 M -5 1 L 0 6 L 5 1"),
    "apply": tag("path", d="M -3.5 -3.5 L 3.5 -3.5 L 3.5 3.5 L -3.5 3.5 Z"),
    "ignore": tag("path", d="M -3 -3 L 3 3 M -3 3 L 3 -3"),
    "event": tag("circle", r=3.5),
    "other": tag("circle", r=2.2),
}
CROSS = path("M", -4, -4, "L", 4, 4, "M", -4, 4, "L", 4, -4)
WRITE_PX = 6
"""The length of a write's tick."""
SPREAD_PX = 13
"""From one sign to the next, where several stand at one moment."""

NAMES: Mapping[str, str] = {
    "decide": "decides a height",
    "certify": "holds a certificate",
    "timer": "timer ran out",
    "crash": "crash",
    "restart": "restart",
    "pause": "pause",
    "resume": "resume",
    "accuse": "accusation",
    "diverge": "diverges from a certificate",
    "behind": "learns that it is behind",
    "event": "something from outside",
}
"""What the signs mean, in the order of the legend."""
LAYERS: Mapping[str, str] = {
    "write": "durable writes",
    "apply": "executed blocks",
    "ignore": "ignored messages",
    "other": "timers set, values asked for",
}
"""Signs that can be switched off, by kind; `other` is every kind that has no sign of its own."""


def find_sign(kind: str) -> str:
    """The sign of a kind of entry."""
    return kind if kind in SIGNS or kind == "write" else "other"
