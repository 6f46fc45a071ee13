"""The graphs of a dashboard drawn from a real Prometheus, for those who have no Grafana at hand."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, PercentFormatter

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
UNITS = {"reqps": "tx/s", "s": "seconds", "bytes": "bytes", "Bps": "bytes/s", "none": ""}
LEGEND_MAX = 6


def draw(url: str, file: Path, *, network: str, seconds: float) -> None:
    """Ask for the last `seconds` and draw them; the file's suffix says in which format."""
    end = time.time()
    queries = list_queries(load_boards()["overview.json"])
    panels = [find_query(queries, title) for title in PANELS]
    answers = asyncio.run(ask_all(url, panels, network, end - seconds, end))
    mpl.rcParams.update({"font.size": 8, "axes.titlesize": 9, "svg.fonttype": "path"})
    figure = make_figure(panels, answers, end - seconds)
    figure.savefig(file, dpi=110, metadata={"Title": "Quorate: network overview"})


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


def draw_panel(
    axes: Axes, panel: Sequence[PanelQuery], answers: Sequence[Sequence[Series]], start: float
) -> None:
    """One graph with its title, unit and legend; times count from the start."""
    for query, answer in zip(panel, answers, strict=True):
        for series in answer:
            times = [at - start for at, _ in series.points]
            values = [value for _, value in series.points]
            axes.plot(times, values, linewidth=1, label=format_legend(query.legend, series.labels))
    unit = panel[0].unit
    axes.set_title(panel[0].panel, loc="left", fontweight="bold")
    axes.set_ylabel(UNITS.get(unit, ""))
    axes.yaxis.set_major_formatter(
        PercentFormatter(1.0) if unit == "percentunit" else EngFormatter(sep="")
    )
    axes.xaxis.set_major_formatter(EngFormatter(unit="s", sep=""))
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, linewidth=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if len(axes.lines) <= LEGEND_MAX:
        axes.legend(frameon=False, fontsize=7, ncols=2)
