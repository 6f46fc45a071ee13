"""The network as a table for people, once or live."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from node.testnet.forks import ForkReport
from node.testnet.meters import Pace
from node.testnet.reports import NodeReport

_STYLES = {"ready": "green", "down": "red", "paused": "yellow", "silent": "yellow"}


def make_table(
    reports: Sequence[NodeReport], paces: Sequence[Pace] | None = None, *, title: str = ""
) -> Table:
    """One line per node; the pace is known only to those who have watched for a while.

    Where heads may move, a last column "forks" tells of stale blocks / reorganisations instead of
    the view, which would say nothing.
    """
    is_forking = any(report.forks for report in reports)
    table = Table(title=title or None, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("node", "state"):
        table.add_column(name, no_wrap=True)
    last = "forks" if is_forking else "view"
    for name in ("height", *(("tx/s", "ms") if paces else ("pending",)), "peers", last):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("url", no_wrap=True, overflow="fold")
    for report, pace in zip(reports, paces or [Pace()] * len(reports), strict=True):
        middle = [pace.tx_per_second, pace.latency_ms] if paces else [report.pending]
        table.add_row(
            name_node(report),
            f"[{_STYLES.get(report.state, 'cyan')}]{report.state}[/]",
            show(report.final_height),
            *(show(value, 0 if not paces else 1) for value in middle),
            show(report.peers),
            show_forks(report.forks) if is_forking else show(report.view),
            report.url,
        )
    return table


def name_node(report: NodeReport) -> str:
    """Its name, and what it is now, where that is something else than at first."""
    return report.name if report.name.startswith(report.role) else f"{report.name} ({report.role})"


def show_forks(forks: ForkReport | None) -> str:
    """Stale blocks and reorganisations so far."""
    return "–" if forks is None else f"{show(forks.stale_blocks)}/{show(forks.reorganisations)}"


def show(number: float | None, digits: int = 0) -> str:
    """A number for people, or a dash where none is known."""
    return "–" if number is None else f"{number:,.{digits}f}"
