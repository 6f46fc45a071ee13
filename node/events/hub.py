"""Passes events on: from the log to whoever subscribed, without anybody waiting for them.

One task, the *pump*, makes the events of new records once, queues their bytes for each group of
subscribers, and hands them to those connections that have nothing waiting. After each round it
rests for a multiple of what that took, so that subscribers take a bounded share of the loop. Who subscribes from
an earlier position first reads the log (`node.events.replaying`), at its own pace, and joins the
others where they are.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from node.errors import NodeError
from node.events.cursor import Position, after_all, parse_cursor
from node.events.forms import Event, Wire, spell_position
from node.events.groups import (
    DROPS,
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
from node.events.replaying import Replay
from node.events.telling import Teller
from node.metrics import Metrics
from node.tasks import OnFailure, end, spawn

PACE_MIN_S = 0.02
PACE_MAX_S = 2.0
REST = 9.0
"""After a round the pump rests so many times as long as it took: a tenth of the loop is its."""
ROUND_S = 0.1
"""A round begins nothing new after so long."""
FRESH_MAX = 10_000
"""Records that wait for the pump: beyond, subscribers have to resume from the log instead."""
LEAVE_S = 0.001
"""Between two farewells, when many are sent away at once."""
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


class CursorError(NodeError):
    """A cursor from which nobody can go on; the reason says why, the advice what to do."""

    reason = "cursor-invalid"


class TooManyError(NodeError):
    """No place for another subscriber, or for any."""

    reason = "too-many-subscribers"


class EventHub:
    """Subscribers of one node: `with take_seat(): await subscribe(…)` serves one until it ends.

    `subscribers_max` is how many there may be; 0 means that events are off. `on_failure` hears of the error that ended the pump.
    """

    def __init__(
        self,
        log: EventLog,
        teller: Teller,
        metrics: Metrics,
        *,
        subscribers_max: int,
        on_failure: OnFailure,
    ) -> None:
        self.log = log
        self._made = Made(teller)
        self._metrics = metrics
        self._subscribers_max = subscribers_max
        self._on_failure = on_failure
        self._groups: dict[tuple[Wire, Filter], Group] = {}
        self._fresh: list[Read] = []
        self._told = after_all(log.newest)
        self._count = 0
        self._stir = asyncio.Event()
        self._published = asyncio.Event()
        """Set, and replaced, whenever the pump got further."""
        self._is_closing = False
        self._running: asyncio.Task[None] | None = None
        self._reading = asyncio.Lock()
        self._leaving = asyncio.Lock()
        self._heartbeat_at = time.monotonic() + HEARTBEAT_S

    def start(self) -> None:
        """Begin to pass on."""
        self._running = spawn(self._run(), "events", self._on_failure)

    async def close(self) -> None:
        """Pass on what there is, as far as connections take it now, and end all subscriptions."""
        if self._is_closing:
            return
        self._is_closing = True
        if self._running is not None:
            await end(self._running)
        await self._pass_on(time.monotonic() + LAST_ROUND_S)
        self._published.set()
        for group in self._groups.values():
            for member in group.members:
                member.end(End.STOPPING)

    @property
    def is_off(self) -> bool:
        """Is nothing written down here, nor told."""
        return self._subscribers_max == 0

    @property
    def count(self) -> int:
        """Subscribers now."""
        return self._count

    @property
    def told(self) -> Position:
        """Up to where subscribers that keep up have everything."""
        return self._told

    @property
    def is_closing(self) -> bool:
        """Does nothing more come."""
        return self._is_closing

    def offer(self, reads: Iterable[Read]) -> None:
        """New records, in order, that are in the log."""
        self._fresh.extend(reads)
        self._stir.set()

    # Cursors

    def locate(self, text: str) -> Position:
        """The position of a cursor from which all can be told; raises `CursorError`.

        The reason is `cursor-invalid`, `cursor-unknown` (another node's, or of a log that was
        lost) or `cursor-too-old`.
        """
        if (parsed := parse_cursor(text)) is None:
            raise CursorError("the cursor was not made by this API", advice=ANEW)
        log_id, position = parsed
        if log_id != self.log.id:
            raise CursorError(
                "the cursor is of another node, or of an event log that is gone",
                reason="cursor-unknown",
                advice=ANEW,
            )
        if position.place > self.log.newest:
            raise CursorError("the cursor is beyond all that has happened", advice=ANEW)
        if self.is_too_old(position):
            raise CursorError(
                "the events after this cursor are no longer kept",
                reason="cursor-too-old",
                advice=ANEW,
            )
        return position

    def is_too_old(self, position: Position) -> bool:
        """May something after a position be gone from the log."""
        forgotten = self.log.forgotten
        if position.place == forgotten:
            return forgotten.number > 0 and position != after_all(forgotten)
        return position.place < forgotten

    @property
    def oldest(self) -> Position:
        """The position before all that is kept."""
        return after_all(self.log.forgotten)

    # Subscribing

    async def subscribe(
        self, outlet: Outlet, wanted: Filter, after: Position | None, *, follow: bool = True
    ) -> Ended:
        """Serve one subscriber until it ends; from where the others are if `after` is None.

        Without `follow` it ends where nothing more has happened.
        """
        try:
            position = self._told if after is None else after
            await self._send_position(outlet, position)
            if after is not None:
                await self._wait_until_told(after_all(self.log.newest))
            replay = Replay(self, self._reading, outlet, wanted)
            ended = await replay.run(position)
            if ended is None and not follow:
                ended = Ended(End.CAUGHT_UP, self._told)
            ended = ended or await self._join(outlet, wanted)
        except ConnectionError:
            ended = Ended(End.GONE, self._told)
        if ended.reason in DROPS:
            self._metrics.event_subscribers_dropped.labels(ended.reason.value).inc()
            async with self._leaving:
                await asyncio.sleep(LEAVE_S)
        return ended

    def take_seat(self) -> contextlib.AbstractContextManager[None]:
        """A place for one subscriber, given back on leaving; raises `TooManyError`."""
        if self.is_off:
            raise TooManyError(
                "this node keeps no events",
                reason="events-off",
                advice="set events.enabled = true in its config.toml, or ask another node",
            )
        if self._is_closing or self._count >= self._subscribers_max:
            reason = "node-stopping" if self._is_closing else "too-many-subscribers"
            raise TooManyError(
                f"{self._subscribers_max} subscribers are the most that this node serves",
                reason=reason,
                advice="try another node, or again later",
            )
        return self._sit()

    @contextlib.contextmanager
    def _sit(self) -> Iterator[None]:
        self._count += 1
        self._metrics.event_subscribers.set(self._count)
        try:
            yield
        finally:
            self._count -= 1
            self._metrics.event_subscribers.set(self._count)

    async def _wait_until_told(self, position: Position) -> None:
        """Until the pump has got to a position, so that its next events are those after it."""
        while self._told < position and not self._is_closing:
            await self._published.wait()

    async def _send_position(self, outlet: Outlet, position: Position) -> None:
        await outlet.send([spell_position(self.log.id, position, now_ms(), outlet.wire)])

    async def _join(self, outlet: Outlet, wanted: Filter) -> Ended:
        """Be one of those to whom the pump hands events, from the position it has reached."""
        key = (outlet.wire, wanted)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(*key)
        ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        member = Subscriber(outlet, group.end, self._told, ended)
        group.members.add(member)
        self._stir.set()  # from now on the pump looks after somebody
        try:
            result = await ended
        finally:
            group.members.discard(member)
            if not group.members and self._groups.get(key) is group:
                del self._groups[key]
        return result

    # The pump

    async def _run(self) -> None:
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
        self._told = after_all(self._fresh[-1].place)
        self._fresh.clear()
        self._published.set()
        self._published = asyncio.Event()

    async def _publish(self, taken: Sequence[Read]) -> None:
        """Queue the events of new records for all groups that want them."""
        events: list[Event] = []
        if self._groups:
            wants = self._want_transactions()
            events = await self.expand(taken, with_transactions=wants)
            if not wants and self._want_transactions():  # somebody came meanwhile
                events = await self.expand(taken, with_transactions=True)
        self._share(events)
        del self._fresh[: len(taken)]
        self._told = after_all(taken[-1].place)
        self._published.set()
        self._published = asyncio.Event()

    def _want_transactions(self) -> bool:
        return any(group.wanted.wants_transactions for group in self._groups.values())

    async def expand(self, reads: Sequence[Read], *, with_transactions: bool) -> list[Event]:
        """The events of records; others get a turn meanwhile."""
        events: list[Event] = []
        for read in reads:
            events += await self._made.get(read, with_transactions=with_transactions)
        return events

    def _share(self, events: Sequence[Event]) -> None:
        """Queue, within the limits."""
        for group in list(self._groups.values()):
            wanted = [event for event in events if event.matches(group.wanted)]
            for chunk in make_chunks(wanted, self.log.id, group.wire):
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
                beat = spell_position(self.log.id, self._told, now_ms(), group.wire)
            for visited, member in enumerate(list(group.members), 1):
                if visited % SLICE == 0:
                    await asyncio.sleep(0)
                if member.outlet.is_gone():
                    member.end(End.GONE)
                elif beat and not member.ended.done() and member.next == group.end:
                    await self._beat(member, beat)

    async def _beat(self, member: Subscriber, beat: bytes) -> None:
        if self._is_ready(member):
            member.position = self._told
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


ANEW = (
    "read /v1/status and /v1/blocks for where things stand, then subscribe without a cursor;"
    " after=oldest tells all that is still kept"
)


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
