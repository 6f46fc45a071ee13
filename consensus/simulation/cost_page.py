"""What every protocol costs, as one page: a table, plots over n and f, and all that was measured."""

from collections.abc import Iterator, Sequence

from consensus.simulation.drawing.markup import Markup, tag, text
from consensus.simulation.drawing.page import draw_document
from consensus.simulation.drawing.plot import Dot, Plot, Series
from consensus.simulation.fitting import CLOSE
from consensus.simulation.fork_plot import STYLE as PLOTS
from consensus.simulation.overview import (
    AGREEMENT,
    CHANGE,
    ENGINE,
    SYNCHRONOUS,
    Fit,
    Measured,
    Point,
)

TITLE = "What agreement costs"
STEPS = 40
HEADINGS = {
    ENGINE: "Engines: one height from rest",
    CHANGE: "Engines: a crashed leader is replaced",
    AGREEMENT: "Agreements without a clock: one decision",
    SYNCHRONOUS: "Agreements in rounds: one decision",
}
COLUMNS = ("messages", "rounds", "bytes", "state", "writes")
PLOTTED = ("messages", "bytes", "state")
NAMES = {
    "messages": "messages",
    "rounds": "rounds",
    "bytes": "bytes on links",
    "state": "state, bytes",
    "writes": "durable writes",
}
STYLE = (
    PLOTS
    + """
body{max-width:1240px;margin:20px auto;padding:0 16px}
h2{font-size:17px;margin:28px 0 6px}p{max-width:80ch}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:4px 14px 4px 0;border-bottom:1px solid var(--faint);vertical-align:top}
td.n,th.n{text-align:right}
.scroll{overflow-x:auto;max-width:100%}
summary{cursor:pointer}summary:focus-visible,.scroll:focus-visible{outline:3px solid currentColor}
.far{color:#b00f29;font-weight:600}
@media (prefers-color-scheme:dark){.far,.dot.far{color:#ff7a88}}
"""
)
INTRODUCTION = (
    (
        "Every protocol was run in a virtual time in which nobody fails and all messages take equally "
        "long, in committees that stand as many faults as they can. Messages to oneself do not count. "
        "Messages and rounds are held against the formulas, kind by kind: = means that they are equal "
        "everywhere."
    ),
    (
        "Fitted is a polynomial in n, by least squares: the least degree that misses nothing, or at "
        "most 5 %; ± says by how much the worst point is missed. Below it stands the power of n that "
        "fits best, with its worst miss. Engines order a height with everything that belongs to it, agreements decide one "
        "value."
    ),
)


def draw_costs(measured: Sequence[Measured]) -> str:
    """The page."""
    return draw_document(
        TITLE,
        STYLE,
        tag(
            "main",
            tag("h1", text(TITLE)),
            *(tag("p", text(words)) for words in INTRODUCTION),
            draw_table(measured),
            *draw_families(measured),
        ),
    )


def draw_table(measured: Sequence[Measured]) -> Markup:
    """A row for each protocol."""
    heads = ("protocol", "formula", *(NAMES[name] for name in COLUMNS), "equal")
    head = tag("tr", *(tag("th", text(name), scope="col") for name in heads))
    table = tag("table", tag("thead", head), tag("tbody", *map(draw_row, measured)))
    return scroll("Costs of all protocols", table)


def draw_row(found: Measured) -> Markup:
    """Its formula, its fits, and the verdict."""
    name = tag("strong", text(found.name)) + tag("br") + tag("span", text(found.family))
    cells = (draw_fit(found.find_fit(quantity)) for quantity in COLUMNS)
    verdict = tag("span", text("≠"), class_="far") if found.differing else text("=")
    return tag(
        "tr",
        tag("td", name),
        tag("td", text(found.formula or "in steps")),
        *cells,
        tag("td", verdict),
    )


def draw_fit(fit: Fit | None) -> Markup:
    """Polynomial and power."""
    if fit is None:
        return tag("td", text("–"))
    if fit.is_constant:
        return tag("td", text(fit.words))
    return tag("td", text(fit.tell_polynomial()), tag("br"), tag("span", text(fit.tell_power())))


def draw_families(measured: Sequence[Measured]) -> Iterator[Markup]:
    """Plots and points, family by family."""
    for family, heading in HEADINGS.items():
        some = [found for found in measured if found.family == family]
        if not some:
            continue
        yield tag("h2", text(heading))
        plots = [make_plot(some, quantity, "n") for quantity in PLOTTED]
        if any(found.along_f for found in some):
            plots += [make_plot(some, quantity, "f") for quantity in ("messages", "bytes")]
        yield tag("div", *(plot.draw() for plot in plots if plot.series), class_="plots")
        points = (draw_points(found) for found in some)
        yield tag("details", tag("summary", text("everything that was measured")), *points)


def make_plot(measured: Sequence[Measured], quantity: str, axis: str) -> Plot:
    """A quantity of one family: dots are measured, lines are fitted."""
    series = []
    for found in measured:
        points = found.along_n if axis == "n" else found.along_f
        if len(points) > 1:
            curve = trace_curve(found.find_fit(quantity, axis), points, quantity, axis)
            series.append(Series(found.name, curve, make_dots(found, points, quantity, axis)))
    lowest = min((y for one in series for _, y in one.curve if y > 0), default=1.0)
    where = "committees of 11" if axis == "f" else "the most faults"
    return Plot(
        f"{NAMES[quantity]} over {axis}, {where}",
        "members n" if axis == "n" else "faults f",
        NAMES[quantity],
        series,
        is_logarithmic=True,
        y_min=lowest * 0.8,
    )


def trace_curve(
    fit: Fit | None, points: Sequence[Point], quantity: str, axis: str
) -> list[tuple[float, float]]:
    """The fitted polynomial; straight lines between the points where nothing fits."""
    first, last = find_place(points[0], axis), find_place(points[-1], axis)
    if fit is None or fit.polynomial_residual > CLOSE:
        return [(find_place(point, axis), float(getattr(point, quantity))) for point in points]
    xs = [first + (last - first) * step / STEPS for step in range(STEPS + 1)]
    return [(x, sum(one * x**power for power, one in enumerate(fit.polynomial))) for x in xs]


def make_dots(found: Measured, points: Sequence[Point], quantity: str, axis: str) -> list[Dot]:
    """Measured values have no interval: there is no chance in them."""
    return [
        Dot(
            find_place(point, axis),
            value,
            value,
            value,
            f"{found.name}, n = {point.nodes}, f = {point.faults}: {value:,.0f} {NAMES[quantity]}",
            is_far=not point.is_equal,
        )
        for point in points
        for value in (float(getattr(point, quantity)),)
    ]


def find_place(point: Point, axis: str) -> float:
    """Where a point stands across."""
    return float(point.nodes if axis == "n" else point.faults)


def draw_points(found: Measured) -> Markup:
    """All numbers of one protocol."""
    heads = (
        "n",
        "f",
        "messages",
        "formula",
        "rounds",
        "claimed",
        "bytes",
        "state",
        "writes",
        "kinds",
    )
    head = tag("tr", *(tag("th", text(name), scope="col") for name in heads))
    rows = map(draw_point, (*found.along_n, *found.along_f))
    title = f"{found.name}: {found.words}"
    table = tag("table", tag("caption", text(title)), tag("thead", head), tag("tbody", *rows))
    return scroll(f"{found.family} {found.name}", table)


def draw_point(point: Point) -> Markup:
    """One committee."""
    numbers = (
        point.nodes,
        point.faults,
        point.messages,
        sum(point.formula.values()),
        point.rounds,
        point.claimed_rounds,
        point.bytes,
        point.state,
        point.writes,
    )
    told = ("–" if number is None else f"{number:,}" for number in numbers)
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in point.counted.items())
    cells = (tag("td", text(number), class_="n") for number in told)
    return tag("tr", *cells, tag("td", text(kinds)), class_="" if point.is_equal else "far")


def scroll(title: str, inner: Markup) -> Markup:
    """A box that scrolls sideways, by keyboard too."""
    return tag("div", inner, class_="scroll", tabindex=0, role="region", aria_label=title)
