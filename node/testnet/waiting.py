"""Waiting for whichever comes first: some work, or an event that calls it off."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

R = TypeVar("R")


async def finish_unless(
    event: asyncio.Event, work: "Coroutine[Any, Any, R] | asyncio.Task[R]"
) -> R | None:
    """The result of `work`, or None where `event` came first and the work was cancelled.

    Raises what the work raises.
    """
    task = work if isinstance(work, asyncio.Task) else asyncio.create_task(work)
    calling_off = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({task, calling_off}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        calling_off.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    return None if task.cancelled() else task.result()
