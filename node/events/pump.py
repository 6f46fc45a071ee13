"""The pump: one task that passes events on to all subscribers, without anybody waiting for them.

It makes the events of new records once, queues their bytes for each group of subscribers, and hands
them to those connections that have nothing waiting. After each round it rests for a multiple of what
that took, so that subscribers take a bounded share of the loop.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from node.events.cursor import after_all
from node.events.forms import Event, Wire, spell_position
from node.events.groups import (
    QUEUE_BYTES_MAX,
    QUEUES_BYTES_MAX,
    Chunk,
    End,
    Ended,
    Group,
    Outlet,
    Subscriber,
    make_chunks,
)
from node.events.kinds import Filter, Kind
from node.events.log import EventLog, Read
from node.events.made import Made
from node.metrics import Metrics

PACE_MIN_S = 0.02
PACE_MAX_S = 2.0
REST = 9.0
"""After a round the pump rests so many times as long as it took: a tenth of the loop is its."""
ROUND_S = 0.1
"""A round begins nothing new after so long."""
FRESH_MAX = 10_000
"""Records that wait for the pump: beyond, subscribers have to resume from the log instead."""
HEARTBEAT_S = 15.0
"""A subscriber to whom nothing was sent for so long is told its position."""
SWEEP_S = 1.0
"""So often the pump looks for connections that are lost."""
WRITE_DEADLINE_S = 30.0
"""A connection that takes nothing for so long is given up."""
LAST_ROUND_S = 1.0
RECORDS_PER_ROUND = 16
"""Queued before connections get what they can take."""
SLICE = 50
"""Subscribers after which others get a turn."""


class Pump:
    """Those who keep up with the log, and what is queued for them."""

    def __init__(self, log: EventLog, made: Made, metrics: Metrics) -> None:
        self._log = log
        self._made = made
        self._metrics = metrics
        self._groups: dict[tuple[Wire, Filter], Group] = {}
        self._fresh: list[Read] = []
        self.told = after_all(log.newest)
        """Up to where those that keep up have everything."""
        self._stir = asyncio.Event()
        self._published = asyncio.Event()
        """Set, and replaced, whenever the pump got further."""
        self._heartbeat_at = time.monotonic() + HEARTBEAT_S

    def offer(self, reads: Iterable[Read]) -> None:
        """New records, in order, that are in the log."""
        self._fresh.extend(reads)
        self._stir.set()

    async def join(self, outlet: Outlet, wanted: Filter) -> Ended:
        """Be one of those to whom events are handed, from the position that was reached."""
        key = (outlet.wire, wanted)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(*key)
        ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        member = Subscriber(outlet, group.end, self.told, ended)
        group.members.add(member)
        self._stir.set()  # from now on there is somebody to look after
        try:
            return await ended
        finally:
            group.members.discard(member)
            if not group.members and self._groups.get(key) is group:
                del self._groups[key]

    async def wait_progress(self) -> None:
        """Until it got further, or ends."""
        await self._published.wait()

    async def finish(self) -> None:
        """Pass on what there is, as far as connections take it now, and end all subscriptions."""
        await self._pass_on(time.monotonic() + LAST_ROUND_S)
        self._published.set()
        for group in self._groups.values():
            for member in group.members:
                member.end(End.STOPPING)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._wait()
            began = time.monotonic()
            await self._pass_on(began + ROUND_S)
            await self._sweep()
            took_s = time.monotonic() - began
            await asyncio.sleep(min(max(PACE_MIN_S, REST * took_s), PACE_MAX_S))

    async def _wait(self) -> None:
        """Until there is something to do."""
        if any(group.size_bytes for group in self._groups.values()):
            return
        try:
            async with asyncio.timeout(SWEEP_S if self._groups else None):
                await self._stir.wait()
        except TimeoutError:
            return

    async def _pass_on(self, until: float) -> None:
        """Queue and hand out, a few records at a time: who keeps up is never dropped."""
        self._stir.clear()
        if len(self._fresh) > FRESH_MAX:
            self._give_up()
        while self._fresh:
            await self._publish(self._fresh[:RECORDS_PER_ROUND])
            await self._deliver(until)
            if time.monotonic() > until:
                return
        await self._deliver(until)

    def _give_up(self) -> None:
        """Too much has happened to catch up with: all have to resume from the log."""
        for group in self._groups.values():
            for member in group.members:
                member.end(End.TOO_SLOW)
            group.members.clear()
        self._groups.clear()
        self._reach(len(self._fresh))

    async def _publish(self, taken: Sequence[Read]) -> None:
        """Queue the events of new records for all groups that want them."""
        events: list[Event] = []
        if self._groups:
            wants = self._want_transactions()
            events = await self._made.expand(taken, with_transactions=wants)
            if not wants and self._want_transactions():  # somebody came meanwhile
                events = await self._made.expand(taken, with_transactions=True)
        self._share(events)
        self._reach(len(taken))

    def _reach(self, count: int) -> None:
        """So many more records are done with; whoever waits for that hears of it."""
        self.told = after_all(self._fresh[count - 1].place)
        del self._fresh[:count]
        self._published.set()
        self._published = asyncio.Event()

    def _want_transactions(self) -> bool:
        return any(group.wanted.wants_transactions for group in self._groups.values())

    def _share(self, events: Sequence[Event]) -> None:
        """Queue, within the limits."""
        for group in list(self._groups.values()):
            wanted = [event for event in events if event.matches(group.wanted)]
            for chunk in make_chunks(wanted, self._log.id, group.wire):
                group.add(chunk)
            while group.size_bytes > QUEUE_BYTES_MAX:
                group.forget_oldest()
        while sum(group.size_bytes for group in self._groups.values()) > QUEUES_BYTES_MAX:
            max(self._groups.values(), key=lambda group: group.size_bytes).forget_oldest()

    async def _deliver(self, until: float) -> None:
        """Hand out what is queued, in passes: a connection takes one chunk in each."""
        counts: Counter[Kind] = Counter()
        while True:
            has_moved = await self._pass(counts)
            if not has_moved or time.monotonic() > until:
                break
            await asyncio.sleep(0)
        for kind, count in counts.items():
            self._metrics.events_sent.labels(kind.value).inc(count)

    async def _pass(self, counts: Counter[Kind]) -> bool:
        """One chunk to each subscriber that can take one; has anybody taken one."""
        has_moved = False
        visited = 0
        for group in list(self._groups.values()):
            for member in group.list_behind(time.monotonic()):
                visited += 1
                if visited % SLICE == 0:
                    await asyncio.sleep(0)
                if member.ended.done():
                    continue
                if self._is_ready(member) and member.next < group.end:
                    has_moved = True
                    counts.update(await _hand(member, group.get(member.next)))
            group.forget_read()
        return has_moved

    def _is_ready(self, member: Subscriber) -> bool:
        """Can it take another chunk; one that has not moved for long is dropped."""
        if member.outlet.is_gone():
            member.end(End.GONE)
            return False
        now = time.monotonic()
        if member.look(now):
            return True
        if now - member.since > WRITE_DEADLINE_S:
            member.end(End.STALLED)
        return False

    async def _sweep(self) -> None:
        """Let go whoever is lost; tell those who wait where they stand."""
        is_due = time.monotonic() >= self._heartbeat_at
        if is_due:
            self._heartbeat_at = time.monotonic() + HEARTBEAT_S
        for group in list(self._groups.values()):
            beat = None
            if is_due:
                beat = spell_position(self._log.id, self.told, now_ms(), group.wire)
            for visited, member in enumerate(list(group.members), 1):
                if visited % SLICE == 0:
                    await asyncio.sleep(0)
                if member.outlet.is_gone():
                    member.end(End.GONE)
                elif beat and not member.ended.done() and member.next == group.end:
                    await self._beat(member, beat)

    async def _beat(self, member: Subscriber, beat: bytes) -> None:
        if self._is_ready(member):
            member.position = self.told
            try:
                await member.outlet.send([beat])
            except ConnectionError:
                member.end(End.GONE)


async def _hand(member: Subscriber, chunk: Chunk) -> Counter[Kind]:
    """Hand a chunk over; what it held, by kind. It counts as handed over before that ends."""
    member.next += 1
    member.position = chunk.last
    try:
        await member.outlet.send(chunk.payloads)
    except ConnectionError:
        member.end(End.GONE)
        return Counter()
    return chunk.counts


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
