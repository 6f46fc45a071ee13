"""Passes events on: from the log to whoever subscribed, without anybody waiting for them.

Who keeps up is served by the pump (`node.events.pump`). Who subscribes from an earlier position first
reads the log (`node.events.replaying`), at its own pace, and joins the others where they are.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator

from node.errors import NodeError
from node.events.cursor import Position, after_all, parse_cursor
from node.events.forms import spell_position
from node.events.groups import DROPS, End, Ended, Outlet
from node.events.kinds import Filter
from node.events.log import EventLog, Read
from node.events.made import Made
from node.events.pump import Pump, now_ms
from node.events.replaying import Replay
from node.events.telling import Teller
from node.metrics import Metrics
from node.tasks import OnFailure, end, spawn

LEAVE_S = 0.001
"""Between two farewells, when many are sent away at once."""


class CursorError(NodeError):
    """A cursor from which nobody can go on; the reason says why, the advice what to do."""

    reason = "cursor-invalid"


class TooManyError(NodeError):
    """No place for another subscriber, or for any."""

    reason = "too-many-subscribers"


class EventHub:
    """Subscribers of one node: `with take_seat(): await subscribe(…)` serves one until it ends.

    `subscribers_max` is how many there may be; 0 means that events are off. `on_failure` hears of
    the error that ended the pump.
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
        self.made = Made(teller)
        self.pump = Pump(log, self.made, metrics)
        self._metrics = metrics
        self._subscribers_max = subscribers_max
        self._on_failure = on_failure
        self._count = 0
        self._is_closing = False
        self._running: asyncio.Task[None] | None = None
        self._reading = asyncio.Lock()
        self._leaving = asyncio.Lock()

    def start(self) -> None:
        """Begin to pass on."""
        self._running = spawn(self.pump.run(), "events", self._on_failure)

    async def close(self) -> None:
        """Pass on what there is, as far as connections take it now, and end all subscriptions."""
        if self._is_closing:
            return
        self._is_closing = True
        if self._running is not None:
            await end(self._running)
        await self.pump.finish()

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
        return self.pump.told

    @property
    def is_closing(self) -> bool:
        """Does nothing more come."""
        return self._is_closing

    def offer(self, reads: Iterable[Read]) -> None:
        """New records, in order, that are in the log."""
        self.pump.offer(reads)

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
            position = self.told if after is None else after
            await self._send_position(outlet, position)
            if after is not None:
                await self._wait_until_told(after_all(self.log.newest))
            replay = Replay(self, self._reading, outlet, wanted)
            ended = await replay.run(position)
            if ended is None and not follow:
                ended = Ended(End.CAUGHT_UP, self.told)
            ended = ended or await self.pump.join(outlet, wanted)
        except ConnectionError:
            ended = Ended(End.GONE, self.told)
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
        while self.told < position and not self._is_closing:
            await self.pump.wait_progress()

    async def _send_position(self, outlet: Outlet, position: Position) -> None:
        await outlet.send([spell_position(self.log.id, position, now_ms(), outlet.wire)])


ANEW = (
    "read /v1/status and /v1/blocks for where things stand, then subscribe without a cursor;"
    " after=oldest tells all that is still kept"
)
