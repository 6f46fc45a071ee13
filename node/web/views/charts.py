"""Series over time as charts: drawn on the server, and drawn again by the browser where it can."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from node.pulse import PERIODS_MS, SAMPLES_MAX, Sample, Span
from node.web.words import show_count, show_duration, show_rate

WIDTH, HEIGHT = 600, 160
SPAN_TEXTS = {Span.MINUTES: "the last 10 minutes", Span.DAY: "the last day"}


@dataclass(frozen=True, slots=True)
class Line:
    """One series: `points` is the value of a polyline's attribute, one for each unbroken stretch."""

    name: str
    stretches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure; `summary` says in words what it shows, `names` are columns of `/v1/samples`."""

    key: str
    title: str
    names: tuple[str, ...]
    lines: tuple[Line, ...]
    top: str
    summary: str


@dataclass(frozen=True, slots=True)
class ChartsView:
    """All charts over one span."""

    span: Span
    span_text: str
    charts: tuple[Chart, ...]
    width: int = WIDTH
    height: int = HEIGHT


Read = Callable[[Sample], float | None]


@dataclass(frozen=True, slots=True)
class Series:
    """What one chart shows: (column of `/v1/samples`, its name, how to read it), one to two of them."""

    key: str
    title: str
    columns: tuple[tuple[str, str, Read], ...]
    spell: Callable[[float], str]


def _spell_rate(value: float) -> str:
    return f"{show_rate(value)} a second"


SERIES = (
    Series(
        "throughput",
        "Final transactions a second",
        (("transactions_per_s", "transactions", lambda one: one.transactions_per_s),),
        _spell_rate,
    ),
    Series(
        "latency",
        "From submission to final",
        (
            ("p50_ms", "median", lambda one: one.p50_ms),
            ("p95_ms", "95th percentile", lambda one: one.p95_ms),
        ),
        show_duration,
    ),
    Series(
        "blocks",
        "Final blocks a second",
        (("blocks_per_s", "blocks", lambda one: one.blocks_per_s),),
        _spell_rate,
    ),
    Series(
        "pending",
        "Pending transactions",
        (("pending", "pending", lambda one: one.pending),),
        show_count,
    ),
)


def make_charts(samples: Sequence[Sample], span: Span, keys: Sequence[str] = ()) -> ChartsView:
    """The charts named by `keys`, or all."""
    charts = tuple(
        _make_chart(series, samples, span) for series in SERIES if not keys or series.key in keys
    )
    return ChartsView(span, SPAN_TEXTS[span], charts)


def _make_chart(series: Series, samples: Sequence[Sample], span: Span) -> Chart:
    columns, spell = series.columns, series.spell
    values = [[read(one) for one in samples] for _, _, read in columns]
    known = [value for column in values for value in column if value is not None]
    top = max(known, default=0.0) or 1.0
    times = [one.at_ms for one in samples]
    lines = tuple(
        Line(name, draw(times, column, top, span))
        for (_, name, _), column in zip(columns, values, strict=True)
    )
    names = tuple(column for column, _, _ in columns)
    summary = sum_up(series, values, span)
    return Chart(series.key, series.title, names, lines, spell(top), summary)


def sum_up(series: Series, values: Sequence[Sequence[float | None]], span: Span) -> str:
    """The same in words: the latest and the highest of each column."""
    told, spell = [], series.spell
    for (_, name, _), column in zip(series.columns, values, strict=True):
        known = [value for value in column if value is not None]
        if known:
            told.append(f"{name}: {spell(known[-1])} at last, {spell(max(known))} at most")
    where = SPAN_TEXTS[span]
    return f"{'; '.join(told)}." if told else f"Nothing was measured in {where}."


def draw(
    times_ms: Sequence[int], values: Sequence[float | None], top: float, span: Span
) -> tuple[str, ...]:
    """Points of polylines in a box of WIDTH by HEIGHT, broken where nothing was measured."""
    if not times_ms:
        return ()
    width_ms = PERIODS_MS[span] * SAMPLES_MAX[span]
    last = times_ms[-1]
    stretches: list[list[str]] = [[]]
    for at_ms, value in zip(times_ms, values, strict=True):
        if value is None:
            stretches.append([])
            continue
        x = WIDTH * (1 - (last - at_ms) / width_ms)
        y = HEIGHT * (1 - value / top)
        stretches[-1].append(f"{x:.1f},{y:.1f}")
    return tuple(" ".join(one) for one in stretches if one)
