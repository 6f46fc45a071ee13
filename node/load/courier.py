"""Brings batches to a network and stays until every transaction was answered.

Whatever goes wrong on the way, the same bytes are sent again: to the same node when it is full, to
the next one when it does not answer. A transaction has effect at most once, so this is always safe.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from node.api.backend import Outcome, TransactionStatus
from node.api.hot import BatchLine
from node.client import Client, ClientError, RefusedError
from node.load.parcel import Fate, Parcel

PAUSE_FIRST_S = 0.05
PAUSE_MAX_S = 2.0
REST_FIRST_S, REST_MAX_S = 1.0, 30.0
"""A node that did not answer is left alone for so long, doubling, unless no other is left."""
TRY_LATER_STATUSES = frozenset({408, 429, 503})
TRY_LATER_REASONS = frozenset({"tx-nonce-too-far", "mempool-full", "mempool-account-full"})
"""Refusals that pass when the network has caught up with what it was already given."""

_LAST_WORDS: dict[TransactionStatus | None, Fate] = {
    TransactionStatus.FINAL: Fate.FINAL,
    TransactionStatus.FAILED: Fate.FAILED,
}
"""A transaction that is known may stand in a block already, perhaps since an earlier run."""


@dataclass(slots=True)
class Counters:
    """What the courier met on the way."""

    batches: int = 0
    retries_full: int = 0
    """Transactions sent again because there was no room."""
    retries_silent: int = 0
    """Transactions sent again because a node did not answer."""


class Courier:
    """Delivers over several clients, which the caller opens and closes."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._clients = list(clients)
        self._resting_until = [0.0] * len(self._clients)
        self._rest_s = [REST_FIRST_S] * len(self._clients)
        self.counters = Counters()

    @property
    def nodes(self) -> int:
        """How many nodes there are to choose from."""
        return len(self._clients)

    async def deliver(self, parcels: Sequence[Parcel], prefer: int) -> None:
        """Send until each is accepted or refused for good; in order, node `prefer` first.

        Goes on for ever while no node answers: cancel it to give up.
        """
        waiting = [parcel for parcel in parcels if not parcel.is_settled]
        node, pause_s = prefer % self.nodes, PAUSE_FIRST_S
        while waiting:
            node = self._choose(node)
            try:
                retry_after_s = await self._send(waiting, node)
            except ClientError as error:
                if isinstance(error, RefusedError) and error.status not in TRY_LATER_STATUSES:
                    raise
                self._rest(node, waiting, error)
                retry_after_s, node = None, node + 1
            waiting = [parcel for parcel in waiting if parcel.fate is Fate.UNSENT]
            if waiting:
                await asyncio.sleep(pause_s if retry_after_s is None else retry_after_s)
                pause_s = min(pause_s * 2, PAUSE_MAX_S)

    def _choose(self, wanted: int) -> int:
        """The wanted node, or the next that is not resting; the wanted one where all rest."""
        now = asyncio.get_running_loop().time()
        order = [(wanted + step) % self.nodes for step in range(self.nodes)]
        return next((node for node in order if self._resting_until[node] <= now), order[0])

    def _rest(self, node: int, waiting: Sequence[Parcel], error: ClientError) -> None:
        if isinstance(error, RefusedError) and error.status == 429:
            self.counters.retries_full += len(waiting)
            return
        self.counters.retries_silent += len(waiting)
        self._resting_until[node] = asyncio.get_running_loop().time() + self._rest_s[node]
        self._rest_s[node] = min(self._rest_s[node] * 2, REST_MAX_S)

    async def _send(self, parcels: Sequence[Parcel], node: int) -> float | None:
        """One request; returns how long the node asks to wait, where some found no room."""
        now = asyncio.get_running_loop().time()
        for parcel in parcels:
            parcel.sent_at = now
        self.counters.batches += 1
        lines = await self._clients[node].submit_batch([parcel.raw for parcel in parcels])
        self._rest_s[node] = REST_FIRST_S
        pauses = [
            read_line(parcel, line, node, now) for parcel, line in zip(parcels, lines, strict=True)
        ]
        asked = [pause for pause in pauses if pause is not None]
        self.counters.retries_full += len(asked)
        return max(asked, default=None)


def read_line(parcel: Parcel, line: BatchLine, node: int, now: float) -> float | None:
    """Note one answer; returns the seconds to wait where the same bytes may be taken later."""
    if line.outcome is not Outcome.REJECTED:
        parcel.accept(node)
        if fate := _LAST_WORDS.get(line.status):
            parcel.settle(fate, now, line.reason)
        return None
    if line.retry_after_s is not None or line.reason in TRY_LATER_REASONS:
        return float(line.retry_after_s or 0) or PAUSE_FIRST_S
    parcel.settle(Fate.REFUSED, now, line.reason)
    return None
