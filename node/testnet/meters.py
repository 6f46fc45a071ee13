"""What each node has finished lately: transactions a second, and how long they took."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from node.client import Client, ClientError
from node.samples import Samples


class Reading(NamedTuple):
    """Counters of one node at one time."""

    at: float
    final: float
    latency_sum_s: float
    latency_count: float


class Pace(NamedTuple):
    """Between two readings; None where nothing is known."""

    tx_per_second: float | None = None
    latency_ms: float | None = None
    """Mean time from acceptance at this node to the final block at this node."""


class Meters:
    """Reads every node's metrics and tells the pace since the last time."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._clients = clients
        self._last: list[Reading | None] = [None] * len(clients)

    async def read(self) -> list[Pace]:
        """One pace per node."""
        readings = await asyncio.gather(*(read_meter(client) for client in self._clients))
        paces = [compute_pace(*pair) for pair in zip(self._last, readings, strict=True)]
        self._last = list(readings)
        return paces


async def read_meter(client: Client) -> Reading | None:
    """One scrape; None where the node does not answer."""
    try:
        samples = Samples(await client.metrics_text())
    except ClientError:
        return None
    return Reading(
        time.monotonic(),
        samples.value("quorate_transactions_total", outcome="final"),
        samples.value("quorate_submit_to_final_seconds_sum"),
        samples.value("quorate_submit_to_final_seconds_count"),
    )


def compute_pace(before: Reading | None, now: Reading | None) -> Pace:
    """What happened between two readings of one node; a restart in between tells nothing."""
    if before is None or now is None or now.final < before.final:
        return Pace()
    count = now.latency_count - before.latency_count
    latency_s = (now.latency_sum_s - before.latency_sum_s) / count if count > 0 else None
    return Pace(
        (now.final - before.final) / max(now.at - before.at, 0.001),
        None if latency_s is None else latency_s * 1000,
    )
