"""The progress bars of recording and checking, on standard error."""

import asyncio
import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

TICK_S = 0.2


def make_bar(console: Console) -> Progress:
    """A bar with a note behind it."""
    return Progress(
        TextColumn("{task.description:<8}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
        console=console,
    )


async def show_time(bar: Progress, seconds: float, tell: Callable[[], str]) -> None:
    """Fill a bar in so many seconds, with news behind it, until it is cancelled."""
    task = bar.add_task("record", total=seconds, note="")
    started = time.monotonic()
    while True:
        bar.update(task, completed=min(time.monotonic() - started, seconds), note=tell())
        await asyncio.sleep(TICK_S)
