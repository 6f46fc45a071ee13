"""The driver: one engine, its events in order, its effects in order.

Events come from here (timers, the ledger, loop-back), which never block or drop, and from peers,
who wait for their turn: `deliver` returns only when the engine has taken the message, and a peer's
next frame is not read before that.

What an engine says after a `Persist` leaves only when the record is durable. Many steps share one
sync: while one is running, further records and whatever follows them wait for the next.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeAlias, assert_never

from consensus.committee import ReplicaId
from consensus.effects import (
    Accuse,
    Adopt,
    Alert,
    Behind,
    Broadcast,
    CancelTimer,
    Certify,
    Check,
    Decide,
    Diverge,
    Effect,
    Finalize,
    Ignore,
    Mine,
    Persist,
    Readable,
    Request,
    Rewrite,
    Send,
    SetTimer,
    Share,
    Store,
    Toss,
    Watch,
)
from consensus.engine import Engine, step
from consensus.engine_spec import EngineSpec
from consensus.events import Elapsed, Event, Received, Suspected, Trusted
from node.detecting import Detecting
from node.journal import Journal
from node.stages import Stages
from node.tasks import end
from node.timers import Timers

TreeEffect: TypeAlias = Mine | Store | Share | Adopt | Finalize
"""What engines of block trees ask for beside what all do."""


class Host(Protocol):
    """What the rest of the node does for the engine; nothing here may block."""

    def send(self, effect: Send) -> None:
        """To one replica."""

    def broadcast(self, effect: Broadcast) -> None:
        """To all, this one included."""

    def request(self, effect: Request) -> None:
        """A value is wanted."""

    def check(self, effect: Check) -> None:
        """A value is to be judged."""

    def decide(self, effect: Decide) -> None:
        """A height is decided."""

    def certify(self, effect: Certify) -> None:
        """A block id is certified."""

    def catch_up(self, effect: Behind) -> None:
        """Others are further."""

    def accuse(self, effect: Accuse) -> None:
        """There is proof of misbehaviour."""

    def alert(self, effect: Alert) -> None:
        """An assumption is broken."""

    def ignore(self, effect: Ignore) -> None:
        """A message was refused."""

    def diverge(self, effect: Diverge) -> None:
        """This ledger is not the certified one."""

    def answer_read(self, effect: Readable) -> None:
        """A reader is told which height is late enough."""

    def toss(self, effect: Toss) -> None:
        """A coin is to be tossed."""

    def grow(self, effect: TreeEffect) -> None:
        """A tree of blocks is to grow, or to be mined on."""


Sync = Callable[[tuple[bool, list[bytes]]], None]
"""Makes what was taken from the journal durable, and the bodies stored before it; may raise."""


class Driver:
    """Runs `engine` until `close`; `on_failure` is told of the error that ended it.

    `read_clock_ms` is the wall clock, counted from the genesis. `silence_ms` is the silence at which whoever the engine watches is suspected; 0 if it never does.
    """

    def __init__(
        self,
        engine: Engine,
        spec: EngineSpec,
        journal: Journal,
        *,
        sync: Sync,
        host: Host,
        stages: Stages,
        on_failure: Callable[[BaseException], None],
        read_clock_ms: Callable[[], int],
        silence_ms: int = 0,
    ) -> None:
        self._engine = engine
        self._spec = spec
        self._journal = journal
        self._sync = sync
        self._host = host
        self._stages = stages
        self._on_failure = on_failure
        self._timers = Timers(self._on_numbered, read_clock_ms)
        self.detecting = Detecting(silence_ms, self._on_numbered)
        self._events: deque[tuple[Event, int, asyncio.Future[None] | None]] = deque()
        self._has_events = asyncio.Event()
        self._withheld: list[Effect] = []
        self._syncing: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._is_closing = False
        self.has_started = False
        """Has the engine taken its first event."""

    def start(self, first: Event) -> None:
        """Hand the engine its first event and keep it going."""
        self.post(first)
        self._running = asyncio.create_task(self._run(), name="driver")

    async def close(self) -> None:
        """Stop; effects that were withheld are never performed, as in a crash.

        A sync that is running in its thread is waited for: it writes to files that close next.
        """
        self._stop()
        if self._running is not None:
            await end(self._running)
        if self._syncing is not None:
            await asyncio.wait({self._syncing})

    def _stop(self) -> None:
        """Take nothing more, and let nobody wait for it."""
        self._is_closing = True
        self._timers.close()
        self.detecting.close()
        while self._events:
            if (taken := self._events.popleft()[2]) and not taken.done():
                taken.set_result(None)

    def _fail(self, error: BaseException) -> None:
        self._stop()
        self._on_failure(error)

    @property
    def queued(self) -> int:
        """Events that wait for the engine."""
        return len(self._events)

    @property
    def withheld(self) -> int:
        """Effects that wait for a sync."""
        return len(self._withheld)

    def post(self, event: Event) -> None:
        """Queue an event of this node's own; never blocks."""
        if not self._is_closing:
            self._events.append((event, 0, None))
            self._has_events.set()

    async def deliver(self, event: Event) -> None:
        """Queue a peer's event and wait until the engine has taken it."""
        if self._is_closing:
            return
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._events.append((event, 0, taken))
        self._has_events.set()
        if isinstance(event, Received):
            self.detecting.heard(event.sender)
        await taken

    def on_link(self, replica: ReplicaId, *, is_up: bool) -> None:
        """The link to a replica was lost, or is there."""
        if not self._is_closing:
            self.detecting.on_link(replica, is_up=is_up)

    def _on_numbered(self, event: Event, number: int) -> None:
        """Queue what may have become void when its turn comes."""
        self._events.append((event, number, None))
        self._has_events.set()

    async def _run(self) -> None:
        try:
            while True:
                await self._has_events.wait()
                self._has_events.clear()
                await self._take_all()
        except Exception as error:  # noqa: BLE001 - whatever it is, the process must end
            self._fail(error)

    async def _take_all(self) -> None:
        steps = 0
        while self._events:
            self._take()
            steps += 1
            if steps % _STEPS_PER_TURN == 0:
                await asyncio.sleep(0)

    def _take(self) -> None:
        event, number, taken = self._events.popleft()
        if not self._is_current(event, number):
            return
        try:
            with self._stages.measure("engine"):
                effects = step(self._engine, event)
            self.has_started = True
            for effect in effects:
                self._perform(effect)
        finally:
            if taken and not taken.done():
                taken.set_result(None)

    def _is_current(self, event: Event, number: int) -> bool:
        """Does an event still count that was queued under a number."""
        if isinstance(event, Elapsed):
            return self._timers.is_current(event.timer, number)
        if isinstance(event, Suspected | Trusted):
            return self.detecting.is_current(number)
        return True

    def _perform(self, effect: Effect) -> None:  # noqa: PLR0912 - one match
        """Do at once what stays within the node; what leaves waits for the records before it."""
        match effect:
            case Persist(record):
                self._journal.append(self._spec.records.encode(record))
                self._start_sync()
            case Rewrite(records):
                self._journal.rewrite([self._spec.records.encode(record) for record in records])
                self._start_sync()
            case SetTimer(timer, after_ms, spread_ms, align_ms):
                if align_ms:
                    self._timers.set_step(timer, align_ms)
                else:
                    self._timers.set(timer, after_ms, spread_ms)
            case CancelTimer(timer):
                self._timers.cancel(timer)
            case Watch(replica):
                self.detecting.watch(replica)
            case Request():
                self._host.request(effect)
            case Check():
                self._host.check(effect)
            case Ignore():
                self._host.ignore(effect)
            case Toss(common=False):
                self._host.toss(effect)
            case _:
                if self._syncing is None:
                    self._release(effect)
                else:
                    self._withheld.append(effect)

    def _release(self, effect: Effect) -> None:  # noqa: C901, PLR0912 - one match
        match effect:
            case Send():
                self._host.send(effect)
            case Broadcast():
                self._host.broadcast(effect)
            case Decide():
                self._host.decide(effect)
            case Certify():
                self._host.certify(effect)
            case Behind():
                self._host.catch_up(effect)
            case Accuse():
                self._host.accuse(effect)
            case Alert():
                self._host.alert(effect)
            case Diverge():
                self._host.diverge(effect)
            case Readable():
                self._host.answer_read(effect)
            case Toss():
                self._host.toss(effect)
            case Mine() | Store() | Share() | Adopt() | Finalize():
                self._host.grow(effect)
            case (
                Persist()
                | Rewrite()
                | SetTimer()
                | CancelTimer()
                | Watch()
                | Request()
                | Check()
                | Ignore()
            ):
                raise AssertionError(effect)
            case _:
                assert_never(effect)

    def _has_closed(self) -> bool:
        """Did `close` begin meanwhile (a call, so that the type checker does not remember)."""
        return self._is_closing

    def _start_sync(self) -> None:
        if self._syncing is None:
            self._syncing = asyncio.create_task(self._sync_until_clean(), name="journal-sync")

    async def _sync_until_clean(self) -> None:
        """Sync, release what waited for that sync, and again while there is more."""
        loop = asyncio.get_running_loop()
        try:
            while (self._journal.is_dirty or self._withheld) and not self._is_closing:
                waiting, self._withheld = self._withheld, []
                if self._journal.is_dirty:
                    await loop.run_in_executor(None, self._sync, self._journal.take())
                if self._has_closed():
                    return
                for effect in waiting:
                    self._release(effect)
        except Exception as error:  # noqa: BLE001 - whatever it is, the process must end
            self._fail(error)
            return
        self._syncing = None


_STEPS_PER_TURN = 16
"""After so many steps in a row other tasks get a turn."""
