"""The hexagon, and a broken pair of it in its genuine run."""

import math

from consensus.bounds.reports import Corner, Hexagon, Replayed
from consensus.bounds.telling import tell_value
from consensus.simulation.drawing.markup import Markup, path, tag, text

SIDE_PX, RADIUS_PX, NODE_PX = 420, 140.0, 30.0
PAIR_WIDTH_PX, PAIR_HEIGHT_PX = 460, 300
ARROW_PX = 4.0


def draw_ring(hexagon: Hexagon) -> Markup:
    """Six corners, A0 at the top left, and the pairs that break in red."""
    names = [corner.name for corner in hexagon.corners]
    places = dict(zip(names, map(find_corner, range(len(names))), strict=True))
    edges = [
        draw_edge(places[a], places[b], pair) for pair in hexagon.pairs for a, b in [pair.pair]
    ]
    corners = [draw_corner(corner, *places[corner.name]) for corner in hexagon.corners]
    title = f"The ring of two copies: {hexagon.algorithm}, n = {hexagon.nodes}"
    return draw_svg(title, SIDE_PX, SIDE_PX, *edges, *corners)


def find_corner(number: int) -> tuple[float, float]:
    """Where a corner is."""
    angle = math.radians(60 * number - 120)
    middle = SIDE_PX / 2
    return middle + RADIUS_PX * math.cos(angle), middle + RADIUS_PX * math.sin(angle)


def draw_edge(one: tuple[float, float], other: tuple[float, float], pair: Replayed) -> Markup:
    """The line between neighbours; thick if the two break what they promise."""
    look = "edge broken" if pair.broken else "edge"
    words = f"{' and '.join(pair.pair)}: {', '.join(pair.broken) or 'nothing breaks'}"
    line = tag("line", x1=one[0], y1=one[1], x2=other[0], y2=other[1], class_=look)
    return tag("g", tag("title", text(words)), line)


def draw_corner(corner: Corner, x: float, y: float) -> Markup:
    """A block: its name, what it proposes and what it decides."""
    decided = " ".join(map(tell_value, dict.fromkeys(corner.decisions)))
    return draw_node(
        x, y, corner.name, f"v{corner.input}", above=f"proposes {corner.input}", below=decided
    )


def draw_node(x: float, y: float, name: str, look: str, *, above: str, below: str) -> Markup:
    """A circle with a name, and words over and under it."""
    return tag(
        "g",
        tag("circle", cx=x, cy=y, r=NODE_PX, class_=f"node {look}"),
        tag("text", text(name), x=x, y=y + 4, class_="name"),
        tag("text", text(above), x=x, y=y - NODE_PX - 8, class_="small"),
        tag("text", text(f"decides {below}" if below else ""), x=x, y=y + NODE_PX + 16),
    )


def draw_pair(hexagon: Hexagon, pair: Replayed) -> Markup:
    """The genuine run: two blocks, and a puppet with a face for each."""
    left, right = 90.0, PAIR_WIDTH_PX - 90.0
    top, bottom, middle = 80.0, PAIR_HEIGHT_PX - 70.0, PAIR_WIDTH_PX / 2
    one, other = pair.pair
    inputs = {corner.name: corner.input for corner in hexagon.corners}
    names = [corner.name for corner in hexagon.corners]
    before = names[names.index(one) - 1]
    after = names[(names.index(other) + 1) % len(names)]
    decided = [list_decisions(hexagon, pair, block) for block in pair.pair]
    liars = " ".join(map(str, pair.liars))
    return draw_svg(
        f"{one} and {other} with a puppet",
        PAIR_WIDTH_PX,
        PAIR_HEIGHT_PX,
        tag("defs", draw_head()),
        tag("line", x1=left, y1=bottom, x2=right, y2=bottom, class_="edge broken"),
        draw_arrow(middle, top, left, bottom),
        draw_arrow(middle, top, right, bottom),
        tag("text", text(f"as {before}"), x=left + 38, y=(top + bottom) / 2, class_="fault"),
        tag("text", text(f"as {after}"), x=right - 38, y=(top + bottom) / 2, class_="fault"),
        draw_node(left, bottom, one, f"v{inputs[one]}", above="", below=decided[0]),
        draw_node(right, bottom, other, f"v{inputs[other]}", above="", below=decided[1]),
        draw_node(middle, top, "puppet", "puppet", above=f"in place of member {liars}", below=""),
    )


def list_decisions(hexagon: Hexagon, pair: Replayed, corner: str) -> str:
    """What the members of a block decided in the genuine run."""
    size = hexagon.faults
    first = "ABC".index(corner[0]) * size
    values = [pair.decisions.get(str(first + at), "") for at in range(size)]
    return " ".join(map(tell_value, dict.fromkeys(values)))


def draw_arrow(x1: float, y1: float, x2: float, y2: float) -> Markup:
    """What the puppet says to somebody; it ends short of the circle."""
    length = math.hypot(x2 - x1, y2 - y1)
    share = (NODE_PX + ARROW_PX) / length
    ends = {"x2": x2 - share * (x2 - x1), "y2": y2 - share * (y2 - y1)}
    return tag("line", x1=x1, y1=y1, **ends, class_="edge said", marker_end="url(#said)")


def draw_head() -> Markup:
    """The head of an arrow."""
    size = {"markerWidth": 8, "markerHeight": 7, "refX": 7.5, "refY": 3.5}
    head = tag("path", d="M 0 0 L 8 3.5 L 0 7 Z")
    return tag(
        "marker",
        head,
        id="said",
        class_="head said",
        orient="auto",
        markerUnits="userSpaceOnUse",
        **size,
    )


def draw_svg(title: str, width: float, height: float, *inner: Markup) -> Markup:
    """A picture with a title for those who do not see it."""
    return tag(
        "svg",
        tag("title", text(title)),
        *inner,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        width=width,
        height=height,
        viewBox=path(0, 0, width, height),
    )
