"""The progress bar of a campaign, on standard error."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from node.simulation.campaign import Campaign, per_second


class Bar:
    """Seeds done of those asked for; shows nothing unless `is_shown`."""

    def __init__(self, console: Console, total: int, *, is_shown: bool) -> None:
        self._progress = Progress(
            TextColumn("seeds"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not is_shown,
            transient=True,
        )
        self._task = self._progress.add_task("seeds", total=total, note="")
        self._started_s = time.monotonic()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, campaign: Campaign) -> None:
        """How far it is, and what it has found."""
        pace = per_second(campaign.events, time.monotonic() - self._started_s)
        found = len(campaign.violations)
        style = "red" if found else "green"
        note = f"[{style}]{found} violations[/], {pace:,.0f} events/s"
        self._progress.update(self._task, completed=campaign.done, note=note)
