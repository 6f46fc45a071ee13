"""A trace as a space-time diagram: a page that stands alone.

Hosts are vertical lines and virtual time runs downwards, so that the words beside the lines can be
read and a long run scrolls like any page. A message is an arrow from its send to each receive, in
the colour of its kind; one that was lost ends in a cross, and one of which the trace tells no end
stops on the way. Long stretches in which nothing happens are cut short, and marked. Pointing at
anything shows its line of the trace. If the run grew a tree of blocks, that stands above.

The page is HTML and well-formed XML, asks nothing of any other place, and is the same bytes for the
same trace.
"""

from collections.abc import Sequence
from typing import TypeAlias

from consensus.errors import ConsensusError
from consensus.simulation.drawing.canvas import Canvas, is_for_all
from consensus.simulation.drawing.fork_tree import draw_fork_tree
from consensus.simulation.drawing.frame import Frame
from consensus.simulation.drawing.look import name_looks
from consensus.simulation.drawing.page import draw_page
from consensus.simulation.drawing.scale import make_scale
from consensus.simulation.drawing.story import Story, tell_story
from consensus.simulation.entry import Entry
from consensus.simulation.trace_header import Header

Window: TypeAlias = tuple[int, int]
"""First and last millisecond."""

COPIES_MAX = 4_000
"""Arrows: beyond this nobody can read the page, and browsers become slow."""
MARKS_MAX = 20_000
"""Signs, most of them small."""


class DiagramError(ConsensusError):
    """There is nothing that could be drawn, or too much; `reason` is machine-readable."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def draw_diagram(header: Header, entries: Sequence[Entry], *, window: Window | None = None) -> str:
    """The page of a trace, or of the part of it that lies in `window`.

    Raises `DiagramError` with reason `diagram-bad-window`, `diagram-empty-window` or
    `diagram-too-large`.
    """
    story = tell_story(entries, header.nodes, header.replicas)
    moments = [entry.at_ms for entry in entries] or [0]
    begin_ms, end_ms = min(moments), max(moments)
    from_ms, to_ms = clip(window, begin_ms, end_ms)
    shown = {at_ms for at_ms in moments if from_ms <= at_ms <= to_ms}
    if window and not any(window[0] <= at_ms <= window[1] for at_ms in shown):
        raise DiagramError(
            "diagram-empty-window",
            f"nothing happens from {window[0]} to {window[1]} ms; the trace runs from {begin_ms} "
            f"to {end_ms} ms",
        )
    scale = make_scale(shown | {from_ms, to_ms}, story.hop_ms, len(story.places))
    frame = Frame(story.places, scale, from_ms, to_ms, any(map(is_for_all, story.marks)))
    check_size(story, frame)
    canvas = Canvas(story, frame, name_looks(story.kinds), frozenset(header.liars))
    forks = draw_fork_tree([e for e in entries if e.at_ms <= to_ms], from_ms, header.liars)
    return draw_page(header, canvas, forks)


def draw_excerpt(entries: Sequence[Entry], nodes: int, prefix: str, unit: str) -> Canvas:
    """The drawing alone, for a page that has several; `prefix` keeps their names apart."""
    story = tell_story(entries, nodes)
    moments = {entry.at_ms for entry in entries} or {0}
    scale = make_scale(moments, story.hop_ms, len(story.places))
    has_banners = any(map(is_for_all, story.marks))
    frame = Frame(story.places, scale, min(moments), max(moments), has_banners)
    return Canvas(story, frame, name_looks(story.kinds), frozenset(), prefix, unit)


def clip(window: Window | None, begin_ms: int, end_ms: int) -> Window:
    """The window within the trace; the whole trace if there is none."""
    if window is None:
        return begin_ms, end_ms
    from_ms, to_ms = window
    if from_ms > to_ms:
        raise DiagramError("diagram-bad-window", f"{from_ms} ms is after {to_ms} ms")
    return min(max(from_ms, begin_ms), end_ms), max(min(to_ms, end_ms), begin_ms)


def check_size(story: Story, frame: Frame) -> None:
    """Refuse what nobody could read, and say what would be possible."""
    flights = [flight for flight in story.flights if frame.shows(flight)]
    marks = [entry for entry in story.marks if frame.has(entry.at_ms)]
    if len(flights) <= COPIES_MAX and len(marks) <= MARKS_MAX:
        return
    ends_ms = [frame.to_ms]
    if len(flights) > COPIES_MAX:
        ends_ms.append(sorted(flight.sent_ms for flight in flights)[COPIES_MAX] - 1)
    if len(marks) > MARKS_MAX:
        ends_ms.append(marks[MARKS_MAX].at_ms - 1)
    raise DiagramError(
        "diagram-too-large",
        f"{len(flights):,} copies of messages and {len(marks):,} marks are too many to draw (at "
        f"most {COPIES_MAX:,} and {MARKS_MAX:,}): narrow it with --from-ms and --to-ms, say "
        f"--from-ms {frame.from_ms} --to-ms {max(min(ends_ms), frame.from_ms)}",
    )
