"""What dashboards are made of: panels with units, legends and a text that says what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as boards
from grafana_foundation_sdk.builders import prometheus, stat, text, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode
from grafana_foundation_sdk.models.text import TextMode

SOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"
COLUMNS = 24
GRAPH_HEIGHT, STAT_HEIGHT, TEXT_HEIGHT = 8, 4, 3


@dataclass(frozen=True, slots=True)
class Query:
    """One line of PromQL, and what its series are called: text with `{{label}}`."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a number is a warning, and from where on an alarm."""

    warning: float | None = None
    alarm: float | None = None


Panel = Builder[dashboard.Panel]


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and the panels beneath it."""

    title: str
    panels: Sequence[Panel]


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    span: int = 8,
    stacked: bool = False,
    top: float | None = None,
    log: bool = False,
) -> Panel:
    """Series over time; `unit` is Grafana's name of it, `top` fixes the upper end of the axis."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .min(0)
        .height(GRAPH_HEIGHT)
        .span(span)
        .line_width(1)
        .fill_opacity(25 if stacked else 5)
        .show_points(common.VisibilityMode.NEVER)
        .legend(legend())
        .tooltip(tooltip())
        .targets(make_targets(queries, instant=False))
    )
    if stacked:
        normal = common_builders.StackingConfig().mode(common.StackingMode.NORMAL)
        panel = panel.stacking(normal)
    if log:
        scale = common_builders.ScaleDistributionConfig()
        logarithmic = scale.type(common.ScaleDistribution.LOG).log(10)
        panel = panel.scale_distribution(logarithmic)
    return panel if top is None else panel.max(top)


def legend() -> common_builders.VizLegendOptions:
    """A table beneath the graph with the last value and the greatest of each series."""
    return (
        common_builders.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )


def tooltip() -> common_builders.VizTooltipOptions:
    """All series at the pointer, greatest first."""
    return (
        common_builders.VizTooltipOptions()
        .mode(common.TooltipDisplayMode.MULTI)
        .sort(common.SortOrder.DESCENDING)
    )


def number(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    limits: Limits | None = None,
    span: int = 4,
    words: dict[str, str] | None = None,
) -> Panel:
    """One number now, over a small curve; `words` stand in for some of its values."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .height(STAT_HEIGHT)
        .span(span)
        .graph_mode(common.BigValueGraphMode.AREA)
        .color_mode(common.BigValueColorMode.VALUE)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .thresholds(make_thresholds(limits))
        .targets(make_targets([query], instant=False))
    )
    return panel if words is None else panel.mappings([make_mapping(words)])


def names(title: str, description: str, *queries: Query, span: int = 8) -> Panel:
    """Labels as words: the legends of the series that are there, and not their values."""
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit("none")
        .height(STAT_HEIGHT)
        .span(span)
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(common.BigValueColorMode.NONE)
        .text_mode(common.BigValueTextMode.NAME)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .targets(make_targets(queries, instant=True))
    )


def note(content: str) -> Panel:
    """A few words across the whole dashboard."""
    return (
        text.Panel()
        .mode(TextMode.MARKDOWN)
        .content(content)
        .transparent(True)
        .height(TEXT_HEIGHT)
        .span(COLUMNS)
    )


def make_mapping(words: dict[str, str]) -> dashboard.ValueMap:
    """Words for values."""
    return dashboard.ValueMap(
        options={
            value: dashboard.ValueMappingResult(text=word, index=index)
            for index, (value, word) in enumerate(words.items())
        }
    )


def make_thresholds(limits: Limits | None) -> boards.ThresholdsConfig:
    """Colours of a number: a neutral one where nothing is good or bad about it."""
    steps = [Threshold(color=BLUE if limits is None else GREEN)]
    if limits is not None:
        steps += [Threshold(value=limits.warning, color=ORANGE)] if limits.warning else []
        steps += [Threshold(value=limits.alarm, color=RED)] if limits.alarm else []
    return boards.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def make_targets(queries: Sequence[Query], *, instant: bool) -> list[Builder[Dataquery]]:
    """The queries lettered as Grafana does it."""
    targets: list[Builder[Dataquery]] = []
    for index, query in enumerate(queries):
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend)
        target = target.ref_id(chr(ord("A") + index)).datasource(SOURCE)
        targets.append(target.instant() if instant else target.range())
    return targets
