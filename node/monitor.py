"""Watches the event loop and keeps the gauges fresh."""

import asyncio
from collections.abc import Callable

from node.metrics import Metrics

PERIOD_S = 0.25


async def monitor(metrics: Metrics, refresh: Callable[[], None]) -> None:
    """Until cancelled: measure how late the loop is, and call `refresh`."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + PERIOD_S
        await asyncio.sleep(PERIOD_S)
        metrics.event_loop_lag.observe(max(0.0, loop.time() - due))
        refresh()
