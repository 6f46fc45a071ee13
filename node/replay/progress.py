"""The progress bar of a replay, on standard error."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from node.load.latency import summarise_latencies
from node.load.tracker import Tracker
from node.testnet.table import show

RECENT = 2_000


class Bar:
    """One bar at a time: what is final of what there is to do."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            console=console,
        )
        self._task: TaskID | None = None

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

    def begin(self, what: str, total: int, done: int = 0) -> None:
        """A new bar below the last one."""
        self._task = self._progress.add_task(what, total=total, completed=done, note="")

    def show(self, done: int, tracker: Tracker) -> None:
        """How far it is."""
        assert self._task is not None
        latency = summarise_latencies(tracker.latencies_s[-RECENT:])
        note = f"{len(tracker.waiting)} on their way, p95 {show(latency['p95'])} ms"
        self._progress.update(self._task, completed=done, note=note)
