"""Events made lately, for all who read the same stretch of the log.

After a restart of the node everybody resumes at once, from nearly the same cursor.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from node.events.cursor import Place
from node.events.forms import Event
from node.events.log import Read
from node.events.telling import Teller

EVENTS_MAX = 5_000
"""Kept at most, some five megabytes; but the latest record's are kept, however many."""
SLICE = 50
"""Events after which others get a turn."""


class Made:
    """The events of records, made once while many ask for them."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._kept: OrderedDict[tuple[Place, bool], list[Event]] = OrderedDict()
        self._count = 0

    async def get(self, read: Read, *, with_transactions: bool) -> list[Event]:
        """The events of a record, in order."""
        key = (read.place, with_transactions)
        if (known := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return known
        events: list[Event] = []
        for event in self._teller.tell(read, with_transactions=with_transactions):
            events.append(event)
            if len(events) % SLICE == 0:
                await asyncio.sleep(0)
        self._keep(key, events)
        return events

    async def expand(self, reads: Sequence[Read], *, with_transactions: bool) -> list[Event]:
        """The events of records; others get a turn meanwhile."""
        events: list[Event] = []
        for read in reads:
            events += await self.get(read, with_transactions=with_transactions)
        return events

    def _keep(self, key: tuple[Place, bool], events: list[Event]) -> None:
        if key in self._kept:  # somebody else made them meanwhile
            return
        self._kept[key] = events
        self._count += len(events)
        while self._count > EVENTS_MAX and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._count -= len(gone)
