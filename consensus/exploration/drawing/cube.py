"""The initial configurations: inputs that differ in one place are neighbours (lemma 2)."""

from collections.abc import Iterator, Mapping

from consensus.exploration.drawing.signs import draw_boxed, draw_line, draw_sign
from consensus.exploration.flp import Inputs
from consensus.simulation.drawing.markup import Markup, tag, text

WIDTH_PX, HEIGHT_PX = 430, 300
PLACES: dict[Inputs, tuple[int, int]] = {
    (0, 0, 0): (60, 250),
    (1, 0, 0): (230, 250),
    (0, 1, 0): (60, 110),
    (1, 1, 0): (230, 110),
    (0, 0, 1): (170, 190),
    (1, 0, 1): (340, 190),
    (0, 1, 1): (170, 50),
    (1, 1, 1): (340, 50),
}
RADIUS_PX = 15


def draw_cube(starts: Mapping[Inputs, str], title: str) -> Markup:
    """Three inputs, so a cube."""
    return draw_boxed(title, WIDTH_PX, HEIGHT_PX, *draw_edges(starts), *draw_corners(starts))


def draw_edges(starts: Mapping[Inputs, str]) -> Iterator[Markup]:
    """Between neighbours; bold where the colours differ and no end is bivalent."""
    for one, (x1, y1) in PLACES.items():
        for place in range(len(one)):
            other = (*one[:place], 1 - one[place], *one[place + 1 :])
            if one < other:
                ends = {starts.get(one, ""), starts.get(other, "")}
                yield draw_line(
                    x1, y1, *PLACES[other], "edge bold" if ends == {"0", "1"} else "edge"
                )


def draw_corners(starts: Mapping[Inputs, str]) -> Iterator[Markup]:
    """The inputs, with what can be decided."""
    for inputs, (x, y) in PLACES.items():
        bits = "".join(map(str, inputs))
        yield draw_sign(starts.get(inputs, ""), x, y, RADIUS_PX, f"inputs {bits}")
        yield tag("text", text(bits), x=x + 22, y=y - 12, class_="name")
