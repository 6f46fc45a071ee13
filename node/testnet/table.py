"""The network as a table for people, once or live."""

from collections.abc import Sequence

from rich.table import Table

from node.testnet.reports import NodeReport

_STYLES = {"ready": "green", "down": "red", "paused": "yellow", "silent": "yellow"}


def make_table(reports: Sequence[NodeReport], title: str = "", caption: str = "") -> Table:
    """One line per node."""
    table = Table(title=title or None, caption=caption or None, expand=False)
    for name in ("node", "state"):
        table.add_column(name)
    for name in ("height", "certified", "pending", "peers", "view"):
        table.add_column(name, justify="right")
    table.add_column("url")
    for report in reports:
        style = _STYLES.get(report.state, "cyan")
        numbers = (report.final_height, report.certified_height, report.pending)
        table.add_row(
            report.name,
            f"[{style}]{report.state}[/]",
            *(show(number) for number in (*numbers, report.peers, report.view)),
            report.url,
        )
    return table


def show(number: float | None) -> str:
    """A number, or a dash where none is known."""
    return "–" if number is None else f"{number:,}"
