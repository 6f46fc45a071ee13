"""What the pictures share: nodes, arrows, and two parties below a liar with two faces."""

import math
from dataclasses import dataclass

from consensus.simulation.drawing.markup import Markup, draw_svg, path, tag, text

NODE_PX = 30.0
ARROW_PX = 4.0
WIDTH_PX, HEIGHT_PX, SIDE_PX, TOP_PX = 340.0, 260.0, 76.0, 70.0


def draw_node(x: float, y: float, name: str, look: str, radius: float = NODE_PX) -> Markup:
    """A circle with a name."""
    circle = tag("circle", cx=x, cy=y, r=radius, class_=f"node {look}")
    return circle + tag("text", text(name), x=x, y=y + 4, class_="name")


def draw_arrow(x1: float, y1: float, x2: float, y2: float) -> Markup:
    """What somebody says to somebody; it ends short of the circle."""
    share = (NODE_PX + ARROW_PX) / math.hypot(x2 - x1, y2 - y1)
    end_x, end_y = x2 - share * (x2 - x1), y2 - share * (y2 - y1)
    back = math.atan2(y2 - y1, x2 - x1) + math.pi
    points = [
        (end_x + 9 * math.cos(back + turn), end_y + 9 * math.sin(back + turn)) for turn in TURNS
    ]
    head = path("M", end_x, end_y, "L", *points[0], "L", *points[1], "Z")
    line = tag("line", x1=x1, y1=y1, x2=end_x, y2=end_y, class_="edge said")
    return line + tag("path", d=head, class_="head said")


TURNS = (0.4, -0.4)
"""From the shaft of an arrow to the edges of its head."""


@dataclass(frozen=True, slots=True)
class Party:
    """One of two who hear the liar."""

    name: str
    look: str
    word: str
    """What it decides."""
    face: str
    """What the liar shows it."""


def draw_two_faces(title: str, liar: str, parties: tuple[Party, Party], between: str) -> Markup:
    """Two parties, and above them who says different things to them; `between` is the look of their link."""
    bottom, middle = HEIGHT_PX - 66.0, WIDTH_PX / 2
    xs = (SIDE_PX, WIDTH_PX - SIDE_PX)
    parts = [tag("line", x1=xs[0], y1=bottom, x2=xs[1], y2=bottom, class_=f"edge {between}")]
    parts += [draw_arrow(middle, TOP_PX, x, bottom) for x in xs]
    for x, party, aside in zip(xs, parties, (14.0, -14.0), strict=True):
        word = f"decides {party.word}" if party.word else "decides nothing"
        parts += [
            draw_node(x, bottom, party.name, party.look),
            tag("text", text(word), x=x, y=bottom + NODE_PX + 18),
            tag("text", text(party.face), x=x + aside, y=(TOP_PX + bottom) / 2 - 6, class_="fault"),
        ]
    return draw_svg(
        title,
        WIDTH_PX,
        HEIGHT_PX,
        *parts,
        draw_node(middle, TOP_PX, "liar", "puppet"),
        tag("text", text(liar), x=middle, y=TOP_PX - NODE_PX - 10, class_="small"),
    )
