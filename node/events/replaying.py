"""Reading the log for one subscriber that begins at an earlier position.

All readers together read one slice at a time, and after each slice rest for a multiple of what it
took, so that a thousand subscribers that resume at once take a bounded share of the loop.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

from node.events.cursor import INDEX_MAX, Place, Position, after_all
from node.events.forms import Event
from node.events.groups import End, Ended, Outlet, make_chunks
from node.events.kinds import Filter, Kind
from node.events.log import EventLog
from node.events.made import Made

SLICE_RECORDS = 64
SLICE_BYTES = 64 * 1024
SLICE_EVENTS = 500
"""Beyond so many, what is left of a slice is left for the next one."""
REST = 4.0
"""Readers rest so many times as long as a slice took: at most a fifth of the loop is theirs."""
POLL_MIN_S, POLL_MAX_S = 0.005, 0.5
DEADLINE_S = 30.0
"""A connection that takes nothing for so long is given up."""


class Source(Protocol):
    """Where the events come from."""

    @property
    def log(self) -> EventLog:
        """The log."""

    @property
    def told(self) -> Position:
        """Up to where those that keep up have everything."""

    @property
    def is_closing(self) -> bool:
        """Does nothing more come."""

    def is_too_old(self, position: Position) -> bool:
        """May something after a position be gone."""

    @property
    def made(self) -> Made:
        """The events of records."""


class Replay:
    """One subscriber's reading; `turn` is shared by all."""

    def __init__(self, source: Source, turn: asyncio.Lock, outlet: Outlet, wanted: Filter) -> None:
        self._source = source
        self._turn = turn
        self._outlet = outlet
        self._wanted = wanted

    async def run(self, position: Position) -> Ended | None:
        """Tell all after a position up to where the others are; None if it got there.

        Between that answer and whoever awaits it the loop does not turn.
        """
        source = self._source
        if source.log.has_lost(position.place):
            await self._send([make_loss(position)])
        while position < source.told:
            async with self._turn:
                if source.is_closing:
                    return Ended(End.STOPPING, position)
                if source.is_too_old(position):
                    return Ended(End.CURSOR_TOO_OLD, position)
                began = time.perf_counter()
                events, following = await self._read(position)
                if following < source.told:
                    await asyncio.sleep(REST * (time.perf_counter() - began))
            if (reason := await self._send(events)) is not None:
                return Ended(reason, position)
            position = following
        return None

    async def _read(self, position: Position) -> tuple[list[Event], Position]:
        """The next events that are wanted, and the position after them."""
        told = self._source.told
        run, number, index = position
        first = Place(run, number + 1 if index == INDEX_MAX else number)
        reads = self._source.log.read(first, told.place, SLICE_RECORDS, SLICE_BYTES)
        with_transactions = self._wanted.wants_transactions
        events: list[Event] = []
        following = told
        for read in reads:
            found = await self._source.made.get(read, with_transactions=with_transactions)
            events += [
                one for one in found if one.position > position and one.matches(self._wanted)
            ]
            following = after_all(read.place)
            if len(events) >= SLICE_EVENTS:
                break
        return events, following

    async def _send(self, events: Sequence[Event]) -> End | None:
        """Hand events over as the connection takes them; why that ended early."""
        for chunk in make_chunks(events, self._source.log.id, self._outlet.wire):
            if (reason := await self._wait_until_clear()) is not None:
                return reason
            await self._outlet.send(chunk.payloads)
        return None

    async def _wait_until_clear(self) -> End | None:
        outlet, pause_s = self._outlet, POLL_MIN_S
        waiting, since = outlet.count_waiting(), time.monotonic()
        while (left := outlet.count_waiting()) > 0:
            if outlet.is_gone():
                return End.GONE
            if self._source.is_closing:
                return End.STOPPING
            if left != waiting:
                waiting, since = left, time.monotonic()
            elif time.monotonic() - since > DEADLINE_S:
                return End.STALLED
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, POLL_MAX_S)
        return None


def make_loss(position: Position) -> Event:
    """What a reader is told whose cursor names a record that a power cut took away."""
    data = {
        "reason": "power-lost",
        "detail": "the node lost the end of its event log with its power: what came just after this"
        " cursor is told again if it happens again, else not",
    }
    return Event(position, Kind.GAP, time.time_ns() // 1_000_000, data)
