"""What stands at the top of the page: does the network move, and if not, why and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from node.diagnosis.finding import Finding, Severity
from node.web.words import show_duration

TONES = {
    Severity.FAULT: "bad",
    Severity.WARNING: "warn",
    Severity.OK: "good",
    Severity.INFO: "calm",
}
SINCE_MS_MIN = 2_000
"""How long something has been so is told from here on: a sentence that changes is read again."""


@dataclass(frozen=True, slots=True)
class Point:
    """One finding; `since` is empty for what has only just begun."""

    tone: str
    text: str
    advice: str
    since: str


@dataclass(frozen=True, slots=True)
class Headline:
    """The finding that matters most, and the others in order.

    `said` is what a screen reader is told when it changes: it holds no times, so it changes seldom.
    """

    first: Point
    others: tuple[Point, ...]
    said: str


def make_headline(findings: Sequence[Finding], alarms: Sequence[str]) -> Headline:
    """Findings in order of weight, of which there is always one; alarms come before all of them."""
    points = [_show(one) for one in findings]
    said = _say(findings[0])
    if alarms:
        points.insert(0, Point("bad", f"Safety alarm: {', '.join(alarms)}.", "", ""))
        said = points[0].text
    return Headline(points[0], tuple(points[1:]), said)


def _say(one: Finding) -> str:
    words = one.code.value.replace("-", " ").capitalize()
    return f"{words}: {', '.join(one.members)}" if one.members else words


def _show(one: Finding) -> Point:
    is_told = one.since_ms is not None and one.since_ms >= SINCE_MS_MIN
    since = f"for {show_duration(one.since_ms)}" if is_told else ""
    text = one.text if one.text.endswith((".", "!", "?")) else f"{one.text}."
    return Point(TONES[one.severity], text[:1].upper() + text[1:], one.advice, since)
