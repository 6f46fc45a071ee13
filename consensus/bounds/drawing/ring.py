"""The hexagon, and a broken pair of it in its genuine run."""

import math

from consensus.bounds.drawing.svg import Party, draw_node, draw_two_faces
from consensus.bounds.reports import Corner, Hexagon, Replayed
from consensus.bounds.telling import tell_value
from consensus.simulation.drawing.markup import Markup, draw_svg, tag, text

WIDTH_PX, HEIGHT_PX, RADIUS_PX = 520.0, 400.0, 120.0
BESIDE_PX, BEYOND_PX = 88.0, 54.0
"""From a corner to its words, sideways and up or down."""


def draw_ring(hexagon: Hexagon) -> Markup:
    """Six corners, A0 at the top left, and the pairs that break in red."""
    names = [corner.name for corner in hexagon.corners]
    places = dict(zip(names, map(find_corner, range(len(names))), strict=True))
    edges = [draw_edge(places, pair) for pair in hexagon.pairs]
    corners = [
        draw_corner(corner, number, places[corner.name])
        for number, corner in enumerate(hexagon.corners)
    ]
    title = f"The ring of two copies: {hexagon.algorithm}, n = {hexagon.nodes}"
    return draw_svg(title, WIDTH_PX, HEIGHT_PX, *edges, *corners)


def find_angle(number: int) -> float:
    """In which direction a corner lies."""
    return math.radians(60 * number - 120)


def find_corner(number: int) -> tuple[float, float]:
    """Where a corner is."""
    angle = find_angle(number)
    return (
        WIDTH_PX / 2 + RADIUS_PX * math.cos(angle),
        HEIGHT_PX / 2 + RADIUS_PX * math.sin(angle),
    )


def draw_edge(places: dict[str, tuple[float, float]], pair: Replayed) -> Markup:
    """The line between neighbours; thick if the two break what they promise."""
    look = "edge broken" if pair.broken else "edge"
    words = f"{' and '.join(pair.pair)}: {', '.join(pair.broken) or 'nothing breaks'}"
    (x1, y1), (x2, y2) = (places[name] for name in pair.pair)
    line = tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=look)
    return tag("g", tag("title", text(words)), line)


def draw_corner(corner: Corner, number: int, place: tuple[float, float]) -> Markup:
    """A block: its name, and further out what it proposes and what it decides."""
    (x, y), angle = place, find_angle(number)
    decided = " ".join(map(tell_value, dict.fromkeys(corner.decisions)))
    at_x, at_y = x + BESIDE_PX * math.cos(angle), y + BEYOND_PX * math.sin(angle)
    return (
        draw_node(x, y, corner.name, f"v{corner.input}")
        + tag("text", text(f"proposes {corner.input}"), x=at_x, y=at_y - 4, class_="small")
        + tag("text", text(f"decides {decided}"), x=at_x, y=at_y + 11)
    )


def draw_pair(hexagon: Hexagon, pair: Replayed) -> Markup:
    """The genuine run: two blocks, and a puppet that shows each the face of another corner."""
    names = [corner.name for corner in hexagon.corners]
    inputs = {corner.name: corner.input for corner in hexagon.corners}
    first, second = pair.pair
    shown = names[names.index(first) - 1], names[(names.index(second) + 1) % len(names)]
    one, other = (
        Party(name, f"v{inputs[name]}", list_decisions(hexagon, pair, name), f"as {face}")
        for name, face in zip(pair.pair, shown, strict=True)
    )
    puppet = f"a puppet, in place of {' and '.join(map(str, pair.liars))}"
    return draw_two_faces(f"{first} and {second} with a puppet", puppet, (one, other), "broken")


def list_decisions(hexagon: Hexagon, pair: Replayed, corner: str) -> str:
    """What the members of a block decided in the genuine run."""
    first = "ABC".index(corner[0]) * hexagon.faults
    values = [pair.decisions.get(str(first + at), "") for at in range(hexagon.faults)]
    return " ".join(map(tell_value, dict.fromkeys(values)))
