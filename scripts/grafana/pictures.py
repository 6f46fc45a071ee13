"""The graphs of a dashboard drawn from a real Prometheus, for those who have no Grafana at hand."""

import asyncio
import io
import math
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, Formatter, FuncFormatter, ScalarFormatter
from PIL import Image

from scripts.grafana.asking import Prometheus, Series
from scripts.grafana.board import ANY
from scripts.grafana.queries import (
    PanelQuery,
    find_query,
    format_legend,
    list_queries,
    load_boards,
    substitute,
)

PANELS = (
    "Transactions by outcome",
    "From submission to final",
    "Height",
    "Since the last block",
    "Block interval",
    "Mempool",
    "Members heard",
    "Answers to Prometheus",
    "Processor",
)
"""What a reader should see of the overview, in this order."""
COLUMNS = 3
STEPS = 120
RATE_WINDOW_S = 8
"""What Grafana calls $__rate_interval where scrapes come every second or two."""
UNITS = {"reqps": "tx/s", "Bps": "bytes/s"}
LEGEND_MAX = 6
PIXELS_PER_INCH = 110
PALETTE = 64


def draw(url: str, file: Path, *, network: str, seconds: float, ago: float = 0.0) -> None:
    """Ask for `seconds` up to so many seconds `ago`; the file's suffix says in which format."""
    end = time.time() - ago
    queries = list_queries(load_boards()["overview.json"])
    panels = [find_query(queries, title) for title in PANELS]
    answers = asyncio.run(ask_all(url, panels, network, end - seconds, end))
    mpl.rcParams.update({"font.size": 8, "axes.titlesize": 9, "svg.fonttype": "path"})
    figure = make_figure(panels, answers, end - seconds)
    if file.suffix == ".png":
        save_small(figure, file)
    else:
        figure.savefig(file)


def save_small(figure: Figure, file: Path) -> None:
    """A PNG with few colours, a third of the usual size."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=PIXELS_PER_INCH)
    Image.open(drawn).convert("RGB").quantize(PALETTE).save(file, optimize=True)


async def ask_all(
    url: str, panels: Sequence[Sequence[PanelQuery]], network: str, start: float, end: float
) -> list[list[list[Series]]]:
    """The series of each query of each panel."""
    values = {"network": network, "node": ANY, "__rate_interval": f"{RATE_WINDOW_S}s"}
    step_s = max(1.0, (end - start) / STEPS)
    async with Prometheus(url) as prometheus:
        return [
            [
                await prometheus.query_range(substitute(query.expr, values), start, end, step_s)
                for query in panel
            ]
            for panel in panels
        ]


def make_figure(
    panels: Sequence[Sequence[PanelQuery]],
    answers: Sequence[Sequence[Sequence[Series]]],
    start: float,
) -> Figure:
    """All panels on one sheet."""
    rows = -(-len(panels) // COLUMNS)
    figure = Figure(figsize=(4.2 * COLUMNS, 2.7 * rows), layout="constrained")
    for number, (panel, answer) in enumerate(zip(panels, answers, strict=True), start=1):
        draw_panel(figure.add_subplot(rows, COLUMNS, number), panel, answer, start)
    return figure


def break_at_gaps(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Times and values, with a NaN wherever a point is missing, so that no line crosses a gap."""
    step_s = min((late[0] - early[0] for early, late in pairwise(points)), default=0.0)
    times: list[float] = []
    values: list[float] = []
    for at, value in points:
        if times and at - times[-1] > 1.5 * step_s:
            times.append(at)
            values.append(math.nan)
        times.append(at)
        values.append(value)
    return times, values


def choose_formatter(unit: str, top: float) -> Formatter:
    """How numbers of a unit are written; small plain ones as they are."""
    if unit == "percentunit":
        return FuncFormatter(lambda share, _: f"{share:.0%}")
    if unit in {"s", "bytes"}:
        return EngFormatter(unit={"s": "s", "bytes": "B"}[unit])
    return EngFormatter(sep="") if top > 1_000 else ScalarFormatter()


def draw_panel(
    axes: Axes, panel: Sequence[PanelQuery], answers: Sequence[Sequence[Series]], start: float
) -> None:
    """One graph with its title, unit and legend; times count from the start."""
    for query, answer in zip(panel, answers, strict=True):
        for series in answer:
            times, values = break_at_gaps(series.points)
            axes.plot(
                [at - start for at in times],
                values,
                linewidth=1,
                label=format_legend(query.legend, series.labels) or "value",
            )
    unit = panel[0].unit
    axes.set_title(panel[0].panel, loc="left", fontweight="bold")
    axes.set_ylabel(UNITS.get(unit, ""))
    axes.margins(y=0.15)
    axes.yaxis.set_major_formatter(choose_formatter(unit, axes.get_ylim()[1]))
    axes.xaxis.set_major_formatter(EngFormatter(unit="s", sep=""))
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, linewidth=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if len(axes.lines) <= LEGEND_MAX:
        axes.legend(frameon=False, fontsize=7, ncols=2)
