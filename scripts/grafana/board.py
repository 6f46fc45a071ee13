"""A whole dashboard: variables, rows of panels, and the links from one to the other."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as boards
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from scripts.grafana.panels import SOURCE, Row

TAG = "quorate"
ANY = ".*"
LABEL_VALUES = 1
"""What Grafana calls a variable that asks for the values of a label."""


def make_board(
    uid: str,
    title: str,
    description: str,
    rows: Sequence[Row],
    *,
    one_node: bool = False,
    nodes: bool = True,
) -> dashboard.Dashboard:
    """A dashboard for one network, and for one of its nodes or any set of them."""
    board = (
        boards.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .timezone("browser")
        .time("now-15m", "now")
        .refresh("5s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(make_link())
        .with_variable(make_source_variable())
        .with_variable(make_network_variable())
    )
    if nodes:
        board = board.with_variable(make_node_variable(one=one_node))
    for row in rows:
        board = board.with_row(boards.Row(row.title))
        for panel in row.panels:
            board = board.with_panel(panel)
    built = board.build()
    for number, placed in enumerate(built.panels or [], start=1):
        placed.id_val = number
    return built


def make_link() -> boards.DashboardLink:
    """To the other dashboards, with the same network and the same time."""
    link = boards.DashboardLink("Quorate").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(False).include_vars(True).keep_time(True)


def make_source_variable() -> boards.DatasourceVariable:
    """Which Prometheus to ask."""
    variable = boards.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    return variable.description("The Prometheus that scrapes the nodes.")


def make_network_variable() -> boards.QueryVariable:
    """Which network: the label that the scrape configuration gives to its nodes."""
    variable = boards.QueryVariable("network").label("Network")
    return ask_values(variable, "label_values(quorate_build_info, network)").description(
        "The networks that this Prometheus has scraped."
    )


def make_node_variable(*, one: bool) -> boards.QueryVariable:
    """Which nodes of the network: one, or all unless chosen."""
    variable = boards.QueryVariable("node").label("Node" if one else "Nodes")
    query = 'label_values(quorate_build_info{network="$network"}, node)'
    variable = ask_values(variable, query).description("Nodes of the network, alive or not.")
    if one:
        return variable
    everybody = VariableOption(text="All", value="$__all")
    return variable.multi(True).include_all(True).all_value(ANY).current(everybody)


def ask_values(variable: boards.QueryVariable, query: str) -> boards.QueryVariable:
    """Fill it from Prometheus whenever the time range changes, in natural order."""
    return (
        variable.datasource(SOURCE)
        .query(
            {"query": query, "refId": f"variable-{variable.build().name}", "qryType": LABEL_VALUES}
        )
        .definition(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
    )
