"""The space-time diagram of a filmed run, with the names of its participants and its messages."""

from collections.abc import Iterator, Sequence

from consensus.exploration.drawing.signs import scroll
from consensus.simulation.diagram import draw_excerpt
from consensus.simulation.drawing.canvas import Canvas
from consensus.simulation.drawing.markup import Markup, path, tag, text
from consensus.simulation.entry import Entry

NAMES_PX = 26


def draw_run(entries: Sequence[Entry], size: int, prefix: str, title: str) -> Markup:
    """Participants are vertical lines, events run downwards, messages are arrows."""
    canvas = draw_excerpt(entries, size, prefix, "events")
    legend = tag("ul", *draw_legend(canvas), class_="legend")
    return legend + scroll(title, draw_names(canvas), canvas.draw())


def draw_names(canvas: Canvas) -> Markup:
    """Above the lines."""
    frame = canvas.frame
    names = (
        tag("text", text(f"participant {place}"), x=frame.find_x(place), y=18, class_="host")
        for place in frame.places
    )
    width = frame.width_px
    box = path(0, 0, width, NAMES_PX)
    return tag("svg", *names, width=width, height=NAMES_PX, viewBox=box, aria_hidden="true")


def draw_legend(canvas: Canvas) -> Iterator[Markup]:
    """A colour for each kind of message."""
    for kind, look in canvas.looks.items():
        line = tag("line", x1=0, y1=6, x2=26, y2=6, class_="way")
        sample = tag("svg", line, class_=look, width=28, height=12, aria_hidden="true")
        yield tag("li", sample, text(kind))
