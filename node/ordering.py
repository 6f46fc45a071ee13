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
from ledger.mempool import Dropped
from ledger.transaction import Envelope
from ledger.validation import check_payload, check_payload_bodies
from node.core import Core

FETCH_PAUSE_S = 0.05
"""Bodies are usually on their way when their ids are proposed: wait so long before asking."""

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

    `spread_s()` estimates how long bodies take now to get from here to the other validators.
    `post` hands events to the driver; `on_applied(applied, dropped)` hears of each executed block;
    `on_failure` of an error that must end the process.
    """

    def __init__(
        self,
        core: Core,
        *,
        fetch: Fetch,
        spread_s: Callable[[], float],
        post: Callable[[Event], None],
        on_applied: Callable[[AppliedBlock, list[Dropped]], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._chain = core.chain
        self._mempool = core.mempool
        self._committee = core.committee
        self._proposer = core.identity.public_key
        self._count_max = core.config.batch.proposal_count_max
        self._delay_s = core.config.batch.proposal_delay_ms / 1000
        self._stages = core.stages
        self._fetch = fetch
        self._spread_s = spread_s
        self._post = post
        self._on_applied = on_applied
        self._on_failure = on_failure
        self._values: dict[Digest, Value] = {}
        self._wanted: Request | None = None
        self._later: asyncio.TimerHandle | None = None
        self._spreading: asyncio.TimerHandle | None = None
        self._proposed_at = 0.0
        self._decided: asyncio.Queue[tuple[Height, tuple[bytes, ...], bytes]] = asyncio.Queue()
        self._running: asyncio.Task[None] | None = None
        self._pending = Pending(False)

    def start(self) -> None:
        """Begin to execute what is decided."""
        self._running = asyncio.create_task(self._execute_all(), name="execution")
        self.tell_pending()

    async def close(self) -> None:
        """Stop; a block that is being written is finished first (writing does not yield)."""
        for waiting in (self._later, self._spreading):
            if waiting:
                waiting.cancel()
        tasks = [value.task for value in self._values.values() if value.task]
        tasks += [self._running] if self._running else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # What the engine asks

    def request(self, request: Request) -> None:
        """Propose when there is something to propose; at once if it is required."""
        self._wanted = request
        self._consider()

    def check(self, check: Check) -> None:
        """Judge a value's form and time and see that its bodies are here."""
        value = self._remember(check.height, check.digest, check.value)
        if value.task is not None and not value.task.done():
            if not check.forced:
                return
            value.task.cancel()
        verdict = self._judge(check, value)
        self._post(Checked(check.digest, verdict))
        if verdict is Verdict.LATER:
            value.task = asyncio.create_task(self._settle(check, value), name="check")

    def decide(self, height: Height, values: tuple[bytes, ...], seal: bytes) -> None:
        """Execute a decided height, in turn; `seal` is encoded."""
        self._decided.put_nowait((height, values, seal))

    # What others tell

    def hold(self, height: Height, values: Iterable[bytes], bodies: dict[bytes, Envelope]) -> None:
        """Keep bodies that came with a decided height, until it is executed."""
        for raw in values:
            value = self._remember(height, compute_digest(raw), raw)
            for id_ in value.missing & bodies.keys():
                self._fill(value, bodies[id_])

    def offer(self, offered: Offered) -> None:
        """Hand the engine a decided height whose bodies are held."""
        self._post(offered)

    def on_admitted(self, envelopes: list[Envelope]) -> None:
        """New bodies in the mempool: some value may have waited for them."""
        for value in self._values.values():
            if value.missing:
                for envelope in envelopes:
                    if envelope.id in value.missing:
                        self._fill(value, envelope)
        self.tell_pending()
        self._consider()

    def find_body(self, id_: bytes) -> Envelope | None:
        """A body that is here though perhaps not in the mempool."""
        if envelope := self._mempool.get(id_):
            return envelope
        for value in self._values.values():
            if envelope := value.bodies.get(id_):
                return envelope
        return None

    def tell_pending(self) -> None:
        """Tell the engine whether there is work, when that changed."""
        pending = Pending(self._mempool.executable_count > 0, self._mempool.is_overdue())
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
        limits = self._chain.genesis.limits
        in_flight: set[bytes] = set()
        for digest in request.after:
            if value := self._values.get(digest):
                in_flight.update(value.ids)
        with self._stages.measure("propose"):
            count_max = min(limits.block_transactions_max, self._count_max)
            chosen = self._mempool.select(count_max, limits.block_bytes_max, in_flight)
        if not chosen and not request.required:
            return
        self._wanted = None
        self._proposed_at = time.monotonic()
        spread_s = min(self._spread_s(), SPREAD_MAX_S) if chosen else 0.0
        if spread_s < SPREAD_MIN_S:
            self._say(request.height, chosen)
        else:
            loop = asyncio.get_running_loop()
            self._spreading = loop.call_later(spread_s, self._say, request.height, chosen)

    def _say(self, height: Height, chosen: list[Envelope]) -> None:
        if height <= self._chain.height:
            return
        raw = encode_payload(_now_ms(), self._proposer, [envelope.id for envelope in chosen])
        value = self._remember(height, compute_digest(raw), raw)
        for envelope in chosen:
            self._fill(value, envelope)
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
            if envelope := self._mempool.get(id_):
                value.bodies[id_] = envelope
            elif not self._chain.contains(id_):
                value.missing.add(id_)
        if not value.missing:
            value.complete.set()
        self._values[digest] = value
        return value

    def _fill(self, value: Value, envelope: Envelope) -> None:
        value.bodies[envelope.id] = envelope
        value.missing.discard(envelope.id)
        if not value.missing:
            value.complete.set()

    def _judge(self, check: Check, value: Value) -> Verdict:
        """Form first, then the bodies, then the time; a forced value needs only its bodies."""
        limits = self._chain.genesis.limits
        try:
            if not check.forced:
                check_payload(check.value, limits)
            if value.missing:
                return Verdict.LATER
            if not check.forced and value.payload:
                check_payload_bodies(value.bodies.values(), limits)
        except PayloadError:
            return Verdict.INVALID
        return Verdict.VALID if check.forced or self._early_s(value) <= 0 else Verdict.LATER

    def _early_s(self, value: Value) -> float:
        """Seconds until the value's time is no further ahead than the clock may drift."""
        if value.payload is None:
            return 0.0
        drift_ms = self._chain.genesis.limits.clock_drift_ms
        return (value.payload.timestamp_ms - drift_ms - _now_ms()) / 1000

    async def _settle(self, check: Check, value: Value) -> None:
        """Wait for the bodies and for the value's time, then answer for good."""
        await self._complete(value)
        if (early_s := self._early_s(value)) > 0 and not check.forced:
            await asyncio.sleep(early_s + 0.001)
        verdict = self._judge(check, value)
        self._post(Checked(check.digest, verdict))

    async def _complete(self, value: Value) -> None:
        """Return when all bodies of the value are here, asking peers again and again."""
        proposer = value.payload.proposer if value.payload else None
        while value.missing:
            try:
                await asyncio.wait_for(value.complete.wait(), FETCH_PAUSE_S)
            except TimeoutError:
                for envelope in await self._fetch(sorted(value.missing), proposer):
                    if envelope.id in value.missing:
                        self._fill(value, envelope)

    # Executing

    async def _execute_all(self) -> None:
        try:
            while True:
                await self._execute(*await self._decided.get())
        except Exception as error:  # noqa: BLE001 - whatever it is, the process must end
            self._on_failure(error)

    async def _execute(self, height: Height, raws: tuple[bytes, ...], seal: bytes) -> None:
        if height <= self._chain.height:
            self._post(Applied(height, self._chain.block(height).id, self._committee))
            return
        values = [self._remember(height, compute_digest(raw), raw) for raw in raws]
        for value in values:
            await self._complete(value)
        bodies = {id_: envelope for value in values for id_, envelope in value.bodies.items()}
        with self._stages.measure("execute"):
            applied = self._chain.execute(height, raws, seal, bodies.get)
        with self._stages.measure("mempool"):
            dropped = self._mempool.apply_block(applied)
        self._forget(height)
        self._post(Applied(height, applied.block_id, self._committee))
        self._on_applied(applied, dropped)
        self.tell_pending()
        self._consider()

    def _forget(self, height: Height) -> None:
        for digest, value in list(self._values.items()):
            if value.height <= height:
                if value.task:
                    value.task.cancel()
                del self._values[digest]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
