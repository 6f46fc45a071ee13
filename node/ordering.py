"""What the engine orders, seen from the ledger: values are proposed, checked, and executed here.

A value is an encoded payload: a time, a proposer, and transaction ids; bodies travel apart. A value
counts as valid once all its bodies are here, verified and logged, so that the vote that follows is
durable together with them. Bodies of a value are held until its height has been executed, whatever
becomes of them in the mempool.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from consensus.effects import Check, Request
from consensus.events import Applied, Checked, Event, Offered, Pending, Proposed, Verdict
from consensus.message import Digest, Height, compute_digest
from ledger.apply import AppliedBlock
from ledger.block import Payload, decode_payload, encode_payload
from ledger.errors import PayloadError
from ledger.limits import Limits
from ledger.mempool import Dropped, Share
from ledger.transaction import Envelope
from ledger.validation import check_payload, check_payload_bodies
from node.body_log import BodyLog
from node.core import Core
from node.tasks import OnFailure, end, spawn

FETCH_PAUSE_S = 0.05
"""Bodies are usually on their way when their ids are proposed: wait so long before asking."""

FETCH_PAUSE_MAX_S = 1.0
"""The pause doubles up to this: perhaps nobody has them."""

CLOCK_LOOK_S = 1.0
"""Who waits for a value's time looks at the clock so often: it may have been set meanwhile."""

SPREAD_MIN_S = 0.005
SPREAD_MAX_S = 0.25
"""How long a proposal may wait, in the validators' verification queues, for its bodies' turn."""

Fetch = Callable[[list[bytes], bytes | None], Awaitable[list[Envelope]]]
"""Gets bodies by id from peers (the second argument is whom to ask first); may bring fewer."""


@dataclass(slots=True)
class Value:
    """A payload some engine step speaks of, with the bodies found so far."""

    height: Height
    payload: Payload | None
    ids: list[bytes]
    bodies: dict[bytes, Envelope] = field(default_factory=dict)
    missing: set[bytes] = field(default_factory=set)
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Ordering:
    """Answers an engine's `Request`, `Check` and `Decide`.

    Bodies that are fetched for a value go into `log` before it counts as complete; those of a value
    that is no longer in flight are let go there, unless the mempool has them. `spread_s()`
    estimates how long bodies take now to get from here to the other validators. `post` hands events
    to the driver; `on_applied(applied, dropped)` hears of each executed block, `on_proposed(ids, height)` of each value; `on_failure`
    of an error that must end the process.
    """

    def __init__(
        self,
        core: Core,
        log: BodyLog,
        *,
        fetch: Fetch,
        spread_s: Callable[[], float],
        post: Callable[[Event], None],
        on_applied: Callable[[AppliedBlock, list[Dropped]], None],
        on_proposed: Callable[[list[bytes], Height], None] | None = None,
        on_failure: OnFailure,
    ) -> None:
        self._log = log
        self._chain = core.decisions
        self._mempool = core.mempool
        self._seats = core.seats
        self._unites = core.spec.unites
        self._clocks = core.clocks
        self._proposer = core.identity.public_key
        self._count_max = core.config.batch.proposal_count_max
        self._delay_s = core.config.batch.proposal_delay_ms / 1000
        self._stages = core.stages
        self._metrics = core.metrics
        self._fetch = fetch
        self._spread_s = spread_s
        self._post = post
        self._on_applied = on_applied
        self._on_proposed = on_proposed
        self._on_failure = on_failure
        self._values: dict[Digest, Value] = {}
        self._wanted: Request | None = None
        self._later: asyncio.TimerHandle | None = None
        self._spreading: asyncio.TimerHandle | None = None
        self._proposed_at = 0.0
        self._decided: asyncio.Queue[tuple[Height, tuple[bytes, ...], bytes]] = asyncio.Queue()
        self._running: asyncio.Task[None] | None = None
        self._pending = Pending(False)
        self.is_starved = False
        """Is a decided height waiting for bodies."""

    def start(self) -> None:
        """Begin to execute what is decided."""
        self._running = spawn(self._execute_all(), "execution", self._on_failure)
        self.tell_pending()

    async def close(self) -> None:
        """Stop; a block that is being written is finished first (writing does not yield)."""
        for waiting in (self._later, self._spreading):
            if waiting:
                waiting.cancel()
        tasks = [value.task for value in self._values.values() if value.task]
        tasks += [self._running] if self._running else []
        await end(*tasks)

    # What the engine asks

    def request(self, request: Request) -> None:
        """Propose when there is something to propose; at once if it is required."""
        self._wanted = request
        self._consider()

    def check(self, check: Check) -> None:
        """Judge a value's form and time and see that its bodies are here."""
        if not check.forced and not self._has_form(check.value):
            self._post(Checked(check.digest, Verdict.INVALID))
            return
        value = self._remember(check.height, check.digest, check.value)
        if value.task is not None and not value.task.done():
            if not check.forced:
                return
            value.task.cancel()
        verdict = self._judge(check, value)
        self._post(Checked(check.digest, verdict))
        if verdict is Verdict.LATER:
            value.task = spawn(self._settle(check, value), "check", self._on_failure)

    def decide(self, height: Height, values: tuple[bytes, ...], seal: bytes) -> None:
        """Execute a decided height, in turn; `seal` is encoded."""
        self._decided.put_nowait((height, values, seal))

    # What others tell

    def hold(self, height: Height, values: Iterable[bytes], bodies: dict[bytes, Envelope]) -> None:
        """Keep bodies that came with a decided height, until it is executed."""
        for raw in values:
            value = self._remember(height, compute_digest(raw), raw)
            found = [bodies[id_] for id_ in value.missing & bodies.keys()]
            if value.task and not value.task.done():  # a vote may follow
                self._log.add(found)
            self._fill(value, found)

    def offer(self, offered: Offered) -> None:
        """Hand the engine a decided height whose bodies are held."""
        self._post(offered)

    def on_admitted(self, envelopes: list[Envelope]) -> None:
        """New bodies in the mempool: some value may have waited for them."""
        for value in self._values.values():
            if value.missing:
                self._fill(value, envelopes)
        self.tell_pending()
        self._consider()

    def find_body(self, id_: bytes) -> Envelope | None:
        """A body that is here though perhaps not in the mempool."""
        if envelope := self._mempool.get(id_):
            return envelope
        for value in self._values.values():
            if envelope := value.bodies.get(id_):
                return envelope
        return self._log.recall(id_)

    def holds(self, id_: bytes) -> bool:
        """Does a value in flight, or a vote of before the start, depend on this logged body."""
        return self.find_body(id_) is not None

    def count_waiting(self) -> int:
        """Decided heights that wait to be executed."""
        return self._decided.qsize()

    def count_missing(self) -> int:
        """Bodies that values in flight lack."""
        return sum(len(value.missing) for value in self._values.values())

    def tell_pending(self) -> None:
        """Tell the engine whether there is work, when that changed.

        A change of the committee that is carried is work too: it waits for heights to pass.
        """
        some = self._mempool.executable_count > 0 or self._seats.is_changing
        pending = Pending(some, self._mempool.is_overdue())
        if pending != self._pending:
            self._pending = pending
            self._post(pending)

    # Proposing

    def _consider(self) -> None:
        if self._wanted is None:
            return
        if self._wanted.required:
            self._propose(self._wanted)
            return
        left_s = self._proposed_at + self._delay_s - time.monotonic()
        if left_s <= 0:
            self._propose(self._wanted)
        elif self._later is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(left_s, self._reconsider)

    def _reconsider(self) -> None:
        self._later = None
        self._consider()

    def _propose(self, request: Request) -> None:
        """Choose now; say it when the bodies have had the time to get to the others."""
        limits = self._limits
        in_flight: set[bytes] = set()
        for digest in request.after:
            if value := self._values.get(digest):
                in_flight.update(value.ids)
        with self._stages.measure("propose"):
            count_max = min(limits.block_transactions_max, self._count_max)
            share = self._find_share(request.height)
            chosen = self._mempool.select(count_max, limits.block_bytes_max, in_flight, share)
        if not chosen and not request.required:
            return
        self._wanted = None
        self._proposed_at = time.monotonic()
        spread_s = min(self._spread_s(), SPREAD_MAX_S) if chosen else 0.0
        if spread_s < SPREAD_MIN_S:
            self._say(request.height, chosen)
        else:
            if self._spreading:
                self._spreading.cancel()
            loop = asyncio.get_running_loop()
            self._spreading = loop.call_later(spread_s, self._say, request.height, chosen)

    @property
    def _limits(self) -> Limits:
        """Of one value: where those of all members may make a block, each has its part of it."""
        limits = self._chain.genesis.limits
        return limits.divide(self._seats.committee.size) if self._unites else limits

    def _find_share(self, height: Height) -> Share | None:
        """Whose transactions come first here, so that members propose different ones.

        Another share at every height: what belongs to a member that is silent does not wait long.
        """
        members, me = self._seats.committee.members, self._seats.me
        if not self._unites or me not in members:
            return None
        return Share((members.index(me) + height) % len(members), len(members))

    def _say(self, height: Height, chosen: list[Envelope]) -> None:
        if height <= self._chain.height:
            return
        raw = encode_payload(_now_ms(), self._proposer, [envelope.id for envelope in chosen])
        value = self._remember(height, compute_digest(raw), raw)
        self._log.add(envelope for envelope in chosen if envelope.id in value.missing)
        self._fill(value, chosen)
        self._post(Proposed(height, raw))

    # Checking

    def _remember(self, height: Height, digest: Digest, raw: bytes) -> Value:
        if value := self._values.get(digest):
            value.height = max(value.height, height)
            return value
        value = Value(height, None, [])
        try:
            if raw:
                value.payload = decode_payload(raw)
                value.ids = value.payload.split_ids()
        except PayloadError:
            pass
        for id_ in value.ids:
            if envelope := self._mempool.get(id_) or self._log.recall(id_):
                value.bodies[id_] = envelope
            elif not self._chain.contains(id_):
                value.missing.add(id_)
        if not value.missing:
            value.complete.set()
        self._values[digest] = value
        if self._on_proposed is not None and height > self._chain.height:
            self._on_proposed(value.ids, height)
        return value

    def _fill(self, value: Value, envelopes: Iterable[Envelope]) -> None:
        """Take those of the bodies that the value has been waiting for."""
        for envelope in envelopes:
            if envelope.id in value.missing:
                value.bodies[envelope.id] = envelope
                value.missing.discard(envelope.id)
        if not value.missing:
            value.complete.set()

    def _has_form(self, raw: bytes) -> bool:
        """Before anything is looked up for it: is this a payload within the network's limits."""
        try:
            check_payload(raw, self._limits)
        except PayloadError:
            return False
        return True

    def _judge(self, check: Check, value: Value) -> Verdict:
        """First the bodies, then the time; a forced value needs only its bodies."""
        if value.missing:
            return Verdict.LATER
        if check.forced:
            return Verdict.VALID
        try:
            check_payload_bodies(value.bodies.values(), self._limits)
        except PayloadError:
            return Verdict.INVALID
        if (early_s := self._early_s(value)) <= 0:
            return Verdict.VALID
        if value.payload is not None:
            self._clocks.note(value.payload.proposer, early_s)
        return Verdict.LATER

    def _early_s(self, value: Value) -> float:
        """Seconds until the value's time is no further ahead than the clock may drift."""
        if value.payload is None:
            return 0.0
        drift_ms = self._chain.genesis.limits.clock_drift_ms
        return (value.payload.timestamp_ms - drift_ms - _now_ms()) / 1000

    async def _settle(self, check: Check, value: Value) -> None:
        """Wait for the bodies and for the value's time, then answer for good."""
        await self._complete(value)
        while (verdict := self._judge(check, value)) is Verdict.LATER:  # noqa: ASYNC110 - the clock
            await asyncio.sleep(min(self._early_s(value) + 0.001, CLOCK_LOOK_S))
        self._post(Checked(check.digest, verdict))

    async def _complete(self, value: Value) -> None:
        """Return when all bodies of the value are here, asking peers again and again."""
        pause_s = FETCH_PAUSE_S
        while value.missing:
            try:
                async with asyncio.timeout(pause_s):
                    await value.complete.wait()
            except TimeoutError:
                await self._fetch_missing(value)
                pause_s = min(2 * pause_s, FETCH_PAUSE_MAX_S)

    async def _fetch_missing(self, value: Value) -> None:
        proposer = value.payload.proposer if value.payload else None
        fetched = await self._fetch(sorted(value.missing), proposer)
        found = [envelope for envelope in fetched if envelope.id in value.missing]
        self._log.add(found)
        self._fill(value, found)

    # Executing

    async def _execute_all(self) -> None:
        while True:
            await self._execute(*await self._decided.get())

    async def _execute(self, height: Height, raws: tuple[bytes, ...], seal: bytes) -> None:
        if height <= self._chain.height:
            self._post(self._tell_applied(height, self._chain.block(height).id))
            return
        values = [self._remember(height, compute_digest(raw), raw) for raw in raws]
        self.is_starved = any(value.missing for value in values)
        for value in values:
            await self._complete(value)
        self.is_starved = False
        bodies = {id_: envelope for value in values for id_, envelope in value.bodies.items()}
        with self._stages.measure("execute"), self._metrics.execution.time():
            applied = self._chain.execute(height, raws, seal, bodies.get)
        self._seats.refresh()
        with self._stages.measure("mempool"):
            dropped = self._mempool.apply_block(applied)
        self._forget(applied)
        self._post(self._tell_applied(height, applied.block_id))
        self._on_applied(applied, dropped)
        self.tell_pending()
        self._consider()

    def _tell_applied(self, height: Height, block_id: bytes) -> Applied:
        """A height is executed, and this is who decides those after the head."""
        seats = self._seats
        return Applied(height, block_id, seats.committee, seats.until, seats.me)

    def _forget(self, applied: AppliedBlock) -> None:
        """The values of this height are settled; what others wait for may be in the block."""
        included = set(applied.ids)
        released: list[bytes] = []
        for digest, value in list(self._values.items()):
            if value.height <= applied.header.height:
                if value.task:
                    value.task.cancel()
                del self._values[digest]
                released += value.bodies.keys() - included
            elif value.missing:
                value.missing -= included
                self._fill(value, ())
        self._log.forget(released)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
