"""Tasks that somebody holds: none dies unseen, none is left behind."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

OnFailure = Callable[[BaseException], None]
"""Told of an error that must end the process."""


def spawn(
    work: Coroutine[Any, Any, None], name: str, on_failure: OnFailure
) -> "asyncio.Task[None]":
    """Start a task; an error that ends it is told. Whoever calls holds the task."""

    def look(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            on_failure(error)

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(look)
    return task


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks and return when they are done, however they end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
