"""The first layers of the graph of configurations, from left to right."""

from collections.abc import Iterator, Sequence

from consensus.exploration.drawing.signs import draw_boxed, draw_line, draw_sign
from consensus.exploration.figures import Layers
from consensus.simulation.drawing.markup import Markup, tag, text

COLUMN_PX, ROW_PX, MARGIN_PX, TOP_PX = 210, 17, 40, 40
RADIUS_PX = 6.0


def draw_layers(layers: Layers, title: str) -> Markup:
    """A column for each number of steps; a place in it is the mean place of those before it."""
    orders = list(find_orders(layers))
    tallest = max(map(len, orders))
    height = TOP_PX + ROW_PX * tallest + 16
    width = 2 * MARGIN_PX + COLUMN_PX * (len(orders) - 1) + 60

    def find(layer: int, place: int) -> tuple[float, float]:
        spread = (height - TOP_PX) / len(orders[layer])
        return MARGIN_PX + COLUMN_PX * layer, TOP_PX + spread * (orders[layer][place] + 0.5)

    lines = (
        draw_line(*find(layer, a), *find(layer + 1, b), "edge thin")
        for layer, edges in enumerate(layers.edges)
        for a, b, _ in edges
    )
    signs = (
        draw_sign(valence, *find(layer, place), RADIUS_PX if layer else 13.0, tell(layer))
        for layer, valences in enumerate(layers.valences)
        for place, valence in enumerate(valences)
    )
    return draw_boxed(title, width, height, *draw_heads(layers), *lines, *signs)


def tell(layer: int) -> str:
    """A configuration by its distance."""
    return "the start" if not layer else f"after {layer} {'step' if layer == 1 else 'steps'}"


def draw_heads(layers: Layers) -> Iterator[Markup]:
    """How many there are in each column."""
    for layer, valences in enumerate(layers.valences):
        both = sum(valence == "01" for valence in valences)
        words = f"{len(valences)}, {both} bivalent" if layer else "start"
        yield tag("text", text(words), x=MARGIN_PX + COLUMN_PX * layer, y=18, class_="head")


def find_orders(layers: Layers) -> Iterator[Sequence[int]]:
    """For each layer: at which row each configuration stands, so that few lines cross."""
    rows: list[int] = [0]
    yield rows
    for valences, edges in zip(layers.valences[1:], layers.edges, strict=True):
        sums = [[rows[a] for a, b, _ in edges if b == place] for place in range(len(valences))]
        means = [sum(some) / len(some) for some in sums]
        ranked = sorted(range(len(valences)), key=lambda place: (means[place], valences[place]))
        rows = [ranked.index(place) for place in range(len(valences))]
        yield rows
