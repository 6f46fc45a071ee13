"""Two figures made of a row of bivalent configurations: the diamond of lemma 3, and the lasso."""

from collections.abc import Iterator

from consensus.exploration.drawing.signs import draw_boxed, draw_line, draw_sign
from consensus.exploration.figures import Diamond, Halt
from consensus.simulation.drawing.markup import Markup, path, tag, text

STEP_PX, SIDE_PX = 330, 90
UPPER_PX, LOWER_PX = 60, 200
RADIUS_PX = 15.0
HALT_PX, SPINE_PX, FAN_PX, FAN_STEP_PX = 48, 90, 46, 19
LETTERS_MAX = 44


def draw_diamond(diamond: Diamond, title: str) -> Markup:
    """The upper row goes without the event; below each stands what the event makes of it."""
    width = 2 * SIDE_PX + STEP_PX * len(diamond.steps) + 60
    return draw_boxed(title, width, LOWER_PX + 60, *draw_squares(diamond), *draw_columns(diamond))


def draw_columns(diamond: Diamond) -> Iterator[Markup]:
    """Each configuration, the event, and what comes of it."""
    for at, (above, below) in enumerate(zip(diamond.upper, diamond.lower, strict=True)):
        x = SIDE_PX + STEP_PX * at
        yield draw_line(x, UPPER_PX, x, LOWER_PX, "edge event")
        yield tag("text", text("e"), x=x + 10, y=(UPPER_PX + LOWER_PX) / 2, class_="name")
        yield draw_sign(above, x, UPPER_PX, RADIUS_PX, name(at))
        yield draw_sign(below, x, LOWER_PX, RADIUS_PX, f"e({name(at)})")
        yield tag("text", text(name(at)), x=x - 40, y=UPPER_PX - 12, class_="name")
        yield tag("text", text(f"e({name(at)})"), x=x - 62, y=LOWER_PX + 28, class_="name")


def draw_squares(diamond: Diamond) -> Iterator[Markup]:
    """The steps of the upper row, and whether the same step closes the square below."""
    for at, step in enumerate(diamond.steps):
        x1, x2 = SIDE_PX + STEP_PX * at, SIDE_PX + STEP_PX * (at + 1)
        middle = (x1 + x2) / 2
        yield draw_line(x1, UPPER_PX, x2, UPPER_PX)
        yield tag("text", text(shorten(step)), x=middle, y=UPPER_PX - 22, class_="step")
        if diamond.commutes[at]:
            yield draw_line(x1, LOWER_PX, x2, LOWER_PX)
            yield tag("text", text("the same step"), x=middle, y=LOWER_PX - 10, class_="step")
        else:
            words = f"order matters: both are steps of participant {diamond.receiver}"
            yield tag("text", text(words), x=middle, y=LOWER_PX + 4, class_="step")


def name(at: int) -> str:
    """C, then C with primes."""
    return "C" + "′" * at


def draw_halts(halts: tuple[Halt, ...], prefix: int, title: str) -> Markup:
    """The spine is what the adversary takes; above and below hangs what it avoids."""
    width = 90 + HALT_PX * len(halts) + 40
    most = max((len(list_avoided(halt, word)) for halt in halts for word in ("0", "1")), default=0)
    reach = FAN_PX + FAN_STEP_PX * max(most - 1, 0)
    spine = max(reach + 34, SPINE_PX)
    height = spine + reach + 60
    return draw_boxed(
        title,
        width,
        height,
        *draw_fans(halts, spine),
        *draw_spine(halts, prefix, spine),
        draw_return(halts, prefix, spine, height),
    )


def draw_spine(halts: tuple[Halt, ...], prefix: int, y: float) -> Iterator[Markup]:
    """Bivalent configurations, one after the other."""
    for at, halt in enumerate(halts):
        x = 50 + HALT_PX * at
        yield draw_line(x, y, x + HALT_PX, y, "edge loop" if at >= prefix else "edge")
        yield draw_sign("01", x, y, 12.0, f"{at} steps; then {halt.taken}")
    yield draw_sign("01", 50 + HALT_PX * len(halts), y, 12.0, "as where the loop began")


def draw_fans(halts: tuple[Halt, ...], y: float) -> Iterator[Markup]:
    """What was possible and would have settled the matter: 0 above, 1 below."""
    for at, halt in enumerate(halts):
        x = 50 + HALT_PX * at
        for valence, way in (("0", -1), ("1", 1)):
            for index, words in enumerate(list_avoided(halt, valence)):
                far = y + way * (FAN_PX + FAN_STEP_PX * index)
                yield draw_line(x, y, x + 18, far, "edge thin")
                yield draw_sign(valence, x + 18, far, 7.0, words)


def draw_return(halts: tuple[Halt, ...], prefix: int, y: float, height: float) -> Markup:
    """From the end back to where the loop began."""
    first, last, low = 50 + HALT_PX * prefix, 50 + HALT_PX * len(halts), height - 30
    line = path("M", last, y + 14, "L", last, low, "L", first, low, "L", first, y + 14)
    words = f"{len(halts) - prefix} steps, round and round"
    return tag(
        "g",
        tag("path", d=line, class_="edge loop"),
        tag("path", d=path("M", first - 5, y + 24, "L", first, y + 14, "L", first + 5, y + 24)),
        tag("text", text(words), x=(first + last) / 2, y=low + 18, class_="step"),
        class_="return",
    )


def list_avoided(halt: Halt, valence: str) -> list[str]:
    """The steps not taken that lead to configurations of one valence."""
    return [words for words, found in halt.others if found == valence]


def shorten(words: str) -> str:
    """What fits between two configurations."""
    return words if len(words) <= LETTERS_MAX else f"{words[: LETTERS_MAX - 1]}…"
