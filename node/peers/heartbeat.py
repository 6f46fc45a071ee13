"""About once a second: our status and a ping to every peer, and a look at who is silent or stuck."""

import asyncio
from collections.abc import Callable

import structlog

from node.peers.limits import PeerLimits
from node.peers.link import Link
from node.peers.table import LinkTable
from node.wire import Lane, Status, encode_frame

_log = structlog.get_logger(__name__)


class Heartbeat:
    """Visits every link of `table`; `local_status()` is what peers are told."""

    def __init__(
        self,
        table: LinkTable[Link],
        local_status: Callable[[], Status],
        limits: PeerLimits,
        clock: Callable[[], float],
    ) -> None:
        self._table = table
        self._local_status = local_status
        self._limits = limits
        self._clock = clock

    async def run(self) -> None:
        """Beat for ever."""
        last = self._clock()
        while True:
            await asyncio.sleep(self._limits.status_s)
            now = self._clock()
            was_away = now - last > self._limits.status_s + self._limits.idle_s / 2
            last = now
            try:
                self._visit(now, was_away=was_away)
            except Exception:  # noqa: BLE001 - without a heartbeat all links would die
                _log.exception("the heartbeat failed")

    def _visit(self, now: float, *, was_away: bool) -> None:
        """Whoever was away (stopped, or kept from running) cannot tell that others were silent."""
        data = encode_frame(self._local_status())
        for link in self._table:
            if was_away:
                link.forgive(now)
            link.examine(now)
            link.send(Lane.CONSENSUS, data)
            link.ping()
