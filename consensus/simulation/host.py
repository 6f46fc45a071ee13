"""One simulated host: it runs an engine faithfully to the contract, on virtual time.

Effects are performed in order. What a crash loses is everything but the disk. Writes are durable
after `sync_ms`, many under one sync; whatever stands behind a write leaves only then. A `fuse`
makes the host crash at its n-th write: before it, in its middle, or right after it.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, assert_never

from consensus.committee import Committee, Former, ReplicaId
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
from consensus.events import (
    Applied,
    Checked,
    Elapsed,
    Event,
    Offered,
    Pending,
    Proposed,
    Received,
    Started,
    Timer,
    Verdict,
)
from consensus.message import Digest, Height, compute_digest, sign_message
from consensus.simulation import coins, reading, tree_host, watchman
from consensus.simulation.application import Application, Block
from consensus.simulation.chance import Chance
from consensus.simulation.history import ViolationError
from consensus.simulation.journal import Journal
from consensus.simulation.signatures import make_sign
from consensus.simulation.surroundings import Habits, Surroundings
from consensus.simulation.tree import TreeApplication
from consensus.simulation.tree_host import Miner
from consensus.simulation.watchman import Watchman, make_watchman

BEFORE, TORN, AFTER = "before", "torn", "after"
FUSES = (BEFORE, TORN, AFTER)
"""Where in a write a host crashes: nothing of it stays, half of it, all of it."""


@dataclass(slots=True)
class Host:
    """One engine at an address, or a follower's; a twin has another's name at an address of its own."""

    place: int
    name: ReplicaId
    spec: EngineSpec
    parameters: Any
    committee: Committee
    around: Surroundings
    application: Application
    is_follower: bool = False
    journal: Journal = field(default_factory=Journal)
    habits: Habits = field(default_factory=Habits)
    engine: Engine | None = None
    incarnation: int = 0
    fuse: tuple[int, str] | None = None
    is_paused: bool = False
    backlog: list[Event] = field(default_factory=list)
    """What arrived while the host was paused."""
    inbox: deque[Event] = field(default_factory=deque)
    """What this step's effects answered, to be handled at the same moment."""
    is_busy: bool = False
    timers: dict[Timer, int] = field(default_factory=dict)
    timers_set: int = 0
    spread: Chance = field(default_factory=lambda: Chance(0))
    """What timers with a spread draw from."""
    withheld: deque[tuple[int, Effect]] = field(default_factory=deque)
    """Effects that wait until so many writes are durable."""
    writes: int = 0
    durable: int = 0
    """Writes that are."""
    is_syncing: bool = False
    flags: tuple[bool, bool] = (False, False)
    request: Request | None = None
    values: dict[Digest, bytes] = field(default_factory=dict)
    reads: reading.Reads = field(default_factory=reading.Reads)
    tosses: Chance = field(default_factory=lambda: Chance(0))
    """What its own coins show."""
    miner: Miner = field(default_factory=Miner)
    has_refuted: bool = False
    """Did its ledger ever find a block that cannot be executed."""
    strategy: Callable[[Engine], Engine] | None = None
    """What becomes of its engine, if it attacks."""
    accusations: list[Accuse] = field(default_factory=list)
    diverged: Diverge | None = None
    alerts: Counter[str] = field(default_factory=Counter)
    """Broken assumptions that its engines have told of."""
    refusals: Counter[str] = field(default_factory=Counter)
    counters: Counter[str] = field(default_factory=Counter)
    """What engines that have crashed since had counted."""
    steps: int = 0
    depth: int = 0
    """Causal depth: the longest chain of messages that led here."""
    gauge: Callable[["Host"], None] | None = None
    """Looks at the host after each step of its engine, if somebody measures."""
    signature: Callable[[bytes], bytes] = field(init=False)
    ledger: TreeApplication | None = field(init=False)
    """The application, if it holds a tree of blocks; what the engine needs decides."""
    watchman: Watchman | None = field(init=False)
    """Its failure detector, if the engine watches anybody."""

    def __post_init__(self) -> None:
        self.signature = make_sign(self.name)
        silence_ms = self.spec.compute_silence_ms(self.parameters)
        self.watchman = make_watchman(silence_ms) if silence_ms else None
        self.ledger = None
        if self.spec.tree is not None:
            assert isinstance(self.application, TreeApplication)
            self.ledger = self.application

    @property
    def is_up(self) -> bool:
        """Does its engine run."""
        return self.engine is not None

    @property
    def height(self) -> int:
        """The last executed height."""
        return len(self.application.blocks)

    @property
    def block_id(self) -> bytes:
        """The id of the head."""
        blocks = self.application.blocks
        return blocks[-1].block_id if blocks else self.application.genesis_id

    def start(self) -> None:
        """Make an engine and give it what the disk holds."""
        tenure = self.application.tenure
        former = None
        if tenure is not None:
            self.committee, former = tenure.committee, tenure.former
        self.engine = self.spec.create(self.find_seat(former), self.committee, self.parameters)
        if self.strategy is not None:
            self.engine = self.strategy(self.engine)
        self.incarnation += 1
        if self.journal.open():
            self.around.note_probe(self, "torn-tail-cut")
        self.journal.sync()
        self.durable = self.writes
        records = self.spec.records
        saved = tuple(records.decode(records.encode(r)) for r in self.journal.durable)
        fresh = not self.journal.is_lost
        tree = self.ledger.describe() if self.ledger is not None else None
        until = None if tenure is None else tenure.until
        certified = 0 if tenure is None else max(self.application.certificates, default=0)
        started = Started(
            saved, self.height, self.block_id, self.committee, fresh, tree, until, former, certified
        )
        self.feed(started)
        self.tell_pending()

    def find_seat(self, former: Former | None) -> ReplicaId | None:
        """The replica that this host is, or was until the committee last changed."""
        if self.application.tenure is None:
            return None if self.is_follower else self.name
        seats = (self.committee, *([former.committee] if former is not None else []))
        return self.name if any(seat.is_member(self.name) for seat in seats) else None

    def list_uncertified_changes(self) -> list[Height]:
        """The last heights of committees that this ledger holds no certificates of."""
        tenure, certificates = self.application.tenure, self.application.certificates
        ends = () if tenure is None else tenure.ends
        return [end for end in ends if end not in certificates]

    def take_certificate(self, block: Block, certificate: Any) -> None:
        """That of a committee's last height; only of the latest one the engine can judge it."""
        tenure = self.application.tenure
        if tenure is not None and tenure.former and tenure.former.height == block.height:
            self.feed(Offered(block.height, block.values, block.seal, certificate))
        else:
            self.application.certify(block.height, certificate)

    def stop(self, *, loses_unsynced: bool = False) -> int:
        """Lose everything but the disk; how many blocks a power failure took with it."""
        if self.engine is not None:
            self.counters.update(self.spec.account(self.engine).counters)
        self.engine, self.fuse, self.request = None, None, None
        self.is_syncing = self.is_paused = False
        self.flags = (False, False)
        self.values = {}
        self.miner.template = None
        if self.watchman is not None:
            self.watchman.forget()
        self.reads.forget()
        for queue in (self.inbox, self.backlog, self.withheld, self.timers):
            queue.clear()
        return self.application.crash(loses_unsynced=loses_unsynced)

    def feed(self, event: Event) -> None:
        """Steps of the engine until nothing is left to answer at this moment."""
        if self.engine is None:
            return  # it crashed while it handled what had arrived before
        if self.is_paused:
            self.backlog.append(event)
            return
        if self.is_busy:
            self.inbox.append(event)
            return
        self.is_busy = True
        try:
            self.handle(event)
            while self.inbox and self.engine is not None:
                self.handle(self.inbox.popleft())
        finally:
            self.is_busy = False

    def handle(self, event: Event) -> None:
        """One step of the engine and all its effects."""
        engine = self.engine
        assert engine is not None
        if self.watchman is not None and not watchman.attend(self, event):
            return
        self.steps += 1
        effects = step(engine, event)
        if self.gauge is not None:
            self.gauge(self)
        trace = self.around.trace
        for effect in effects:
            if trace is not None:
                trace.note_effect(self.around.now_ms, self.place, effect)
            self.perform(effect)
            if self.engine is not engine:
                return

    def perform(self, effect: Effect) -> None:  # noqa: C901, PLR0912 - one match
        """Do what the engine asks; what leaves the host waits for the writes before it."""
        match effect:
            case Persist(record):
                self.write(lambda: self.journal.append(record))
            case Rewrite(records):
                self.application.sync()
                self.write(lambda: self.journal.rewrite(records))
            case SetTimer(timer, after_ms, spread_ms, align_ms):
                if align_ms:
                    self.set_step(timer, align_ms)
                else:
                    self.set_timer(timer, after_ms, spread_ms)
            case CancelTimer(timer):
                self.timers.pop(timer, None)
            case Watch():
                watchman.perform(self, effect)
            case Request():
                self.request = effect
                self.answer_request()
            case Check():
                self.check(effect)
            case Toss(common=False):
                coins.toss(self, effect)
            case Ignore(_, refusal):
                self.refusals[refusal] += 1
            case Mine() | Store():
                tree_host.perform(self, effect)
            case _ if (self.withheld or self.durable < self.writes) and self.habits.withholds:
                self.withheld.append((self.writes, effect))
            case _:
                self.release(effect)

    def release(self, effect: Effect) -> None:  # noqa: C901, PLR0912 - one match
        """Perform an effect that leaves the host."""
        match effect:
            case Send(to, message):
                self.say(to, message)
            case Broadcast(message):
                self.say(None, message)
            case Decide(height):
                self.around.note_decision(self, height)
                if self.habits.apply_ms:
                    self.around.later(self, self.habits.apply_ms, self.execute, effect)
                else:
                    self.execute(effect)
            case Certify(height, certificate):
                self.application.certify(height, certificate)
            case Behind(height):
                self.around.find_blocks(self, height)
            case Accuse(offender):
                self.accusations.append(effect)
                self.around.note_accusation(self, offender)
            case Alert(alert):
                self.alerts[alert] += 1
            case Diverge(height):
                self.diverged = effect
                self.around.note_divergence(self, height)
            case Readable():
                reading.answer(self, effect)
            case Toss():
                coins.toss(self, effect)
            case Share() | Adopt() | Finalize():
                tree_host.perform(self, effect)
            case Store():
                tree_host.confirm(self, effect)
            case (
                Persist()
                | Rewrite()
                | SetTimer()
                | CancelTimer()
                | Watch()
                | Request()
                | Check()
                | Ignore()
                | Mine()
            ):
                raise AssertionError(effect)
            case _:
                assert_never(effect)

    def write(self, put: Callable[[], None]) -> None:
        """Write to the journal, and let a sync follow; the fuse burns down here."""
        if self.fuse is not None:
            left, where = self.fuse
            self.fuse = left - 1, where
            if left <= 1:
                self.burn(where, put)
                return
        put()
        self.writes += 1
        if not self.habits.sync_ms:
            self.sync_disk()
            self.durable = self.writes
        elif not self.is_syncing:
            self.is_syncing = True
            self.around.later(self, self.habits.sync_ms, self.synced, self.writes)

    def sync_disk(self, writes: int | None = None) -> None:
        """Confirm the oldest writes, or all; a store of blocks is synced whole."""
        self.journal.sync(None if writes is None else min(writes, len(self.journal.unsynced)))
        if self.ledger is not None:
            self.ledger.sync()

    def follow_write(self, effect: Effect) -> None:
        """Release an effect when the last write is durable."""
        if self.durable < self.writes and self.habits.withholds:
            self.withheld.append((self.writes, effect))
        else:
            self.release(effect)

    def burn(self, where: str, put: Callable[[], None]) -> None:
        """Crash at a write: what came before it is on disk, and perhaps some of it."""
        if where == TORN:
            self.journal.tear()
        if where == AFTER:
            put()
            self.writes += 1
        self.sync_disk()
        self.around.note_probe(self, f"crashed-{where}-write")
        self.around.crash(self.place)

    def synced(self, writes: int) -> None:
        """The disk confirms; what waited for it leaves, and what came meanwhile is next."""
        engine = self.engine
        self.sync_disk(writes - self.durable)
        self.durable = writes
        self.is_syncing = self.writes > writes
        if self.is_syncing:
            self.around.later(self, self.habits.sync_ms, self.synced, self.writes)
        while self.withheld and self.withheld[0][0] <= self.durable and self.engine is engine:
            self.release(self.withheld.popleft()[1])

    def set_timer(self, timer: Timer, after_ms: int, spread_ms: int = 0) -> None:
        """Setting again replaces: only the newest setting of a name elapses."""
        self.timers_set += 1
        self.timers[timer] = self.timers_set
        if spread_ms:
            after_ms += self.spread.between(0, spread_ms)
        drifted_ms = after_ms * 1_000 // (1_000 + self.habits.drift_permille)
        self.around.later(self, drifted_ms, self.elapse, timer, self.timers_set)

    def set_step(self, timer: Timer, align_ms: int) -> None:
        """Until this host's clock next comes to a whole multiple of that."""
        self.timers_set += 1
        self.timers[timer] = self.timers_set
        clock_ms = self.around.now_ms + self.habits.skew_ms
        tick = clock_ms // align_ms + 1
        wait_ms = tick * align_ms - clock_ms
        self.around.later(self, wait_ms, self.elapse, timer, self.timers_set, tick)

    def elapse(self, timer: Timer, number: int, tick: int = 0) -> None:
        """A timer runs out, unless it was cancelled or set again."""
        if self.timers.get(timer) != number:
            return
        del self.timers[timer]
        self.around.note_timer(self, timer)
        self.feed(Elapsed(timer, tick))

    def say(self, to: ReplicaId | None, message: Any) -> None:
        """Sign, loop back what concerns this replica too, and hand the rest to the links."""
        signed = sign_message(message, self.signature)
        if to != self.name:
            self.around.say(self, to, signed)
        if to is None or to == self.name:
            self.feed(Received(self.name, signed))

    def share(self, to: ReplicaId | None, message: Any) -> None:
        """Say a stored block to one or to all others; this replica knows it."""
        if to != self.name:
            self.around.say(self, to, message)

    def check(self, effect: Check) -> None:
        """Answer `Check` after a while; what is forced is never judged."""
        self.values[effect.digest] = effect.value
        valid = effect.forced or self.application.is_valid(effect.value)
        answer = Checked(effect.digest, Verdict.VALID if valid else Verdict.INVALID)
        if self.habits.check_ms:
            self.around.later(self, self.habits.check_ms, self.feed, answer)
        else:
            self.feed(answer)

    def execute(self, effect: Decide) -> None:
        """Append the block, and say so."""
        if effect.height != self.height + 1:
            raise ViolationError(
                "integrity", f"host {self.name} decided {effect.height} at head {self.height}"
            )
        block = self.application.execute(effect.height, effect.values, effect.seal)
        self.around.note_block(self, block)
        self.feed(self.tell_applied(block))
        self.tell_pending()

    def tell_applied(self, block: Block) -> Applied:
        """A block was executed; perhaps another committee sits now."""
        tenure = self.application.tenure
        if tenure is None:
            return Applied(block.height, block.block_id, self.committee)
        self.committee = tenure.committee
        me = self.name if tenure.committee.is_member(self.name) else None
        return Applied(block.height, block.block_id, tenure.committee, tenure.until, me)

    def submit(self, item: str) -> None:
        """A client's work reaches this host; an item is one word."""
        if self.application.submit(item):
            self.tell_pending()
            self.answer_request()

    def tell_pending(self) -> None:
        """On change: is there work, and has some of it been passed over too long."""
        flags = self.application.flags()
        if flags != self.flags and self.is_up and not self.is_paused:
            self.flags = flags
            self.feed(Pending(*flags))

    def answer_request(self) -> None:
        """Answer the standing request if there is work, or if an answer is required."""
        request = self.request
        if request is None or not self.habits.answers_requests or not self.is_up or self.is_paused:
            return
        after = [self.values.get(digest, b"") for digest in request.after]
        required = request.required
        value = self.application.make_value(self.place, request.height, after, required=required)
        if value is None:
            return
        self.request = None
        self.values[compute_digest(value)] = value
        self.around.note_proposal(self, value)
        self.feed(Proposed(request.height, value))

    def pause(self) -> None:
        """Nothing is handled any more until the host is resumed."""
        self.is_paused = True
        if self.watchman is not None:
            watchman.pause(self)

    def wake(self) -> None:
        """Handle what has arrived meanwhile, in order."""
        self.is_paused = False
        if self.watchman is not None:
            watchman.wake(self)
        backlog, self.backlog = self.backlog, []
        for event in backlog:
            self.feed(event)
        if self.watchman is not None:
            watchman.arrange(self)
        self.tell_pending()
        self.answer_request()
