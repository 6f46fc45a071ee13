"""The words beside a host's line: what it sent, and what happened to it, moment by moment."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from consensus.simulation.drawing.markup import Markup, tag, text
from consensus.simulation.entry import NETWORK, Entry

LINE_PX = 13
"""From one line of words to the next."""
LETTER_PX = 6.1
"""The mean width of a letter."""
NUMBERS_SHOWN = 3
"""More numbers than this are told as a range."""
WORD_LENGTH_MAX, PROMISE_LENGTH_MAX = 44, 150
HEIGHT = re.compile(r"\bheight=(\d+)", re.ASCII)
VIEW = re.compile(r"\bview=(\d+)", re.ASCII)
FIRST_NUMBER = re.compile(r"\d+", re.ASCII)

VERBS = {"decide": "decides", "certify": "certifies", "diverge": "diverges at"} | {
    "crash": "crashes",
    "restart": "restarts",
    "pause": "pauses",
    "resume": "resumes",
    "behind": "is behind",
    "accuse": "accuses",
    "suspect": "suspects",
    "trust": "trusts",
}
"""Kinds of marks whose words are a verb, with a number if there is one."""
SPOKEN = VERBS.keys() | {"timer", "event"}
"""Kinds of marks that have words at all; the others tell theirs when pointed at."""


@dataclass(frozen=True, slots=True)
class Word:
    """Some words that stay together, and the class that colours them."""

    words: str
    look: str


def tell_words(
    sends: Iterable[Entry], marks: Iterable[Entry], looks: Mapping[str, str]
) -> dict[tuple[int, int], list[Word]]:
    """What stands beside each host's line at each moment: sends first, by kind of message."""
    said: dict[tuple[int, int], dict[str, list[Entry]]] = defaultdict(dict)
    for entry in sends:
        said[entry.place, entry.at_ms].setdefault(entry.name, []).append(entry)
    words: dict[tuple[int, int], list[Word]] = defaultdict(list)
    for key, kinds in said.items():
        for name, entries in kinds.items():
            words[key].append(Word(tell_sends(name, entries), f"said {looks[name]}"))
    for (place, at_ms, kind, _), entries in group_marks(marks).items():
        words[place, at_ms].append(Word(tell_marks(entries), kind))
    return words


def group_marks(marks: Iterable[Entry]) -> dict[tuple[int, int, str, str], list[Entry]]:
    """Marks that are told together: of one kind at one moment of a host."""
    groups: dict[tuple[int, int, str, str], list[Entry]] = defaultdict(list)
    for entry in marks:
        if entry.kind in SPOKEN and entry.place != NETWORK:
            what = entry.kind if entry.kind in VERBS else tell_mark(entry)
            groups[entry.place, entry.at_ms, entry.kind, what].append(entry)
    return groups


def tell_sends(name: str, entries: Iterable[Entry]) -> str:
    """One kind of message sent at one moment, with its heights, or its view."""
    details = [entry.detail for entry in entries]
    heights = sorted({int(found[1]) for detail in details if (found := HEIGHT.search(detail))})
    if heights:
        return f"{name} {tell_numbers(heights)}"
    views = sorted({int(found[1]) for detail in details if (found := VIEW.search(detail))})
    return f"{name} v{tell_numbers(views)}" if views else name


def tell_numbers(numbers: Sequence[int]) -> str:
    """Some numbers, or their range."""
    if len(numbers) > NUMBERS_SHOWN:
        return f"{numbers[0]}–{numbers[-1]}"
    return ", ".join(map(str, numbers))


def tell_marks(entries: Sequence[Entry]) -> str:
    """Marks of one kind in words, with all their numbers."""
    kind = entries[0].kind
    if kind not in VERBS:
        return tell_mark(entries[0])
    found = (FIRST_NUMBER.search(f"{entry.name} {entry.detail}") for entry in entries)
    numbers = sorted({int(number[0]) for number in found if number})
    return f"{VERBS[kind]} {tell_numbers(numbers)}".strip()


def tell_mark(entry: Entry) -> str:
    """A mark that is not told by a verb."""
    if entry.kind == "timer":
        return f"{entry.name} timer"
    return shorten(f"{entry.name} {entry.detail}".strip(), WORD_LENGTH_MAX)


def tell_banner(entry: Entry) -> str:
    """What concerns everybody: a broken promise, or what is done to the network."""
    words = f"{entry.name} {entry.detail}".strip()
    if entry.kind == "violated":
        return shorten(f"violated: {words}", PROMISE_LENGTH_MAX)
    return shorten(words, WORD_LENGTH_MAX)


def shorten(words: str, most: int) -> str:
    """The beginning of what is too long."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def set_lines(words: Iterable[Word], width_px: float) -> list[list[Word]]:
    """Words in lines that fit a width; words that are too long have a line of their own."""
    lines: list[list[Word]] = []
    used_px = width_px
    for word in words:
        length_px = (len(word.words) + 3) * LETTER_PX
        if used_px + length_px > width_px:
            lines.append([])
            used_px = 0.0
        lines[-1].append(word)
        used_px += length_px
    return lines


def draw_line(line: list[Word], x: float, y: float) -> Markup:
    """A line of words; what is between them has no colour."""
    spans = [tag("tspan", text(word.words), class_=word.look) for word in line]
    return tag("text", tag("tspan", text(" · "), class_="dot").join(spans), x=x, y=y)
