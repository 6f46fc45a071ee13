"""Linearizable reads: a state that holds everything which was decided before the reader asked.

The engine names a height that is late enough (`Read`, `Readable`: the read index of Ongaro 2014,
6.4); this node answers from its own ledger once it has executed that height. Asking costs the
engine messages, so one question serves many: readers who come while a ticket is under way share
the next one, never that one, which may have been answered before they asked.

An engine may never answer (nobody leads, messages were lost), so a ticket is given up after a
while and another is asked for. An answer to a later ticket serves earlier readers too.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from consensus.effects import Readable
from consensus.events import Event, Read
from consensus.message import Height
from node.api.backend import Freshness

GIVE_UP_S = 0.5
"""A ticket without an answer for so long is lost: many message delays, a fraction of a timeout."""


@dataclass(slots=True, eq=False)
class Batch:
    """Readers who share a ticket; `height` is what they wait for once the engine has answered."""

    readers: int = 0
    height: Height | None = None
    outcome: Freshness = Freshness.CONFIRMED
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the height is executed here, or when nobody can wait any longer."""


class Reads:
    """Answers readers of one replica whose engine takes `Read`; see above.

    `post` hands the engine its events, `height()` is the last height that is executed here. Tickets
    count from `last_ticket`, which must be such that no earlier run of this node has used the next
    ones: an answer that was under way to it would be taken for one to a newer reader.
    """

    def __init__(
        self, post: Callable[[Event], None], height: Callable[[], Height], last_ticket: int
    ) -> None:
        self._post = post
        self._height = height
        self._ticket = last_ticket
        self._in_flight: int | None = None
        self._next = Batch()
        self._asked: dict[int, Batch] = {}
        self._answered: list[Batch] = []
        self._retry: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def confirm(self, timeout_s: float) -> Freshness:
        """Wait until this ledger holds all that was decided anywhere before the call.

        `UNCONFIRMED` if that has not come about within `timeout_s`, `STOPPING` if the node ends.
        """
        if self._is_closed:
            return Freshness.STOPPING
        batch = self._next
        batch.readers += 1
        if self._in_flight is None:
            self._ask()
        try:
            async with asyncio.timeout(timeout_s):
                await batch.over.wait()
        except TimeoutError:
            return Freshness.UNCONFIRMED
        finally:
            batch.readers -= 1
        return batch.outcome

    def on_readable(self, effect: Readable) -> None:
        """The engine answers a ticket, perhaps late."""
        for ticket in [ticket for ticket in self._asked if ticket <= effect.ticket]:
            batch = self._asked.pop(ticket)
            batch.height = effect.height
            self._answered.append(batch)
        self.on_applied()
        if self._in_flight is not None and self._in_flight <= effect.ticket:
            self._settle_flight()

    def on_applied(self) -> None:
        """The ledger has grown, perhaps as far as somebody waits for."""
        height = self._height()
        waiting = []
        for batch in self._answered:
            assert batch.height is not None
            if batch.height <= height:
                batch.over.set()
            elif batch.readers:
                waiting.append(batch)
        self._answered = waiting

    @property
    def waiting(self) -> int:
        """Readers who have no answer yet."""
        batches = (self._next, *self._asked.values(), *self._answered)
        return sum(batch.readers for batch in batches)

    def close(self) -> None:
        """Nobody waits any longer."""
        self._is_closed = True
        if self._retry is not None:
            self._retry.cancel()
        for batch in (self._next, *self._asked.values(), *self._answered):
            batch.outcome = Freshness.STOPPING
            batch.over.set()

    def _ask(self) -> None:
        """Another ticket, for all who have come since the last one."""
        self._ticket += 1
        self._in_flight = self._ticket
        self._asked[self._ticket], self._next = self._next, Batch()
        loop = asyncio.get_running_loop()
        self._retry = loop.call_later(GIVE_UP_S, self._settle_flight)
        self._post(Read(self._ticket))

    def _settle_flight(self) -> None:
        """The last ticket is answered, or given up; ask again if somebody still waits for one."""
        if self._retry is not None:
            self._retry.cancel()
        self._in_flight = None
        self._asked = {ticket: batch for ticket, batch in self._asked.items() if batch.readers}
        if self._asked or self._next.readers:
            self._ask()
