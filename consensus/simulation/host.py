"""One simulated host: it runs an engine faithfully to the contract, on virtual time.

Effects are performed in order. What a crash loses is everything but the disk; a `fuse` makes the
host crash right after its n-th write, before any later effect of the same step.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, assert_never

from consensus.catalog import EngineSpec
from consensus.committee import Committee, ReplicaId
from consensus.effects import (
    Accuse,
    Behind,
    Broadcast,
    CancelTimer,
    Certify,
    Check,
    Decide,
    Diverge,
    Effect,
    Ignore,
    Persist,
    Request,
    Rewrite,
    Send,
    SetTimer,
)
from consensus.engine import Engine, step
from consensus.events import (
    Applied,
    Checked,
    Event,
    Pending,
    Proposed,
    Received,
    Started,
    Timer,
    Verdict,
)
from consensus.message import Digest, Height, compute_digest, sign_message
from consensus.simulation.disk import Block, Disk
from consensus.simulation.signatures import make_sign
from consensus.simulation.work import ITEMS_PER_VALUE, is_valid, items_in, make_value

OVERDUE_HEIGHTS = 6
"""An item that later ones were preferred to at so many heights makes the primary a censor."""
OFFERED_BLOCKS = 64
"""Blocks fetched at once."""


class Surroundings(Protocol):
    """What a host needs of the cluster around it."""

    def say(self, sender: ReplicaId, to: ReplicaId | None, message: Any) -> None:
        """Put a signed message on the links; to all others if `to` is None."""

    def later(self, host: "Host", delay_ms: int, action: Callable[[], None]) -> None:
        """Let something happen to this incarnation of a host."""

    def start_timer(self, host: "Host", timer: Timer, after_ms: int) -> None:
        """Let `Elapsed(timer)` happen, unless it is cancelled or set again."""

    def stop_timer(self, host: "Host", timer: Timer) -> None:
        """Forget a timer."""

    def find_blocks(self, host: "Host", height: Height) -> None:
        """Find blocks above the host's head, as far as `height`, and offer them."""

    def note(self, host: "Host", effect: Effect) -> None:
        """Write an effect into the trace, before it is performed."""

    def note_block(self, host: "Host", block: Block) -> None:
        """Look whether an executed block agrees with all others."""

    def crash(self, name: ReplicaId) -> None:
        """The host stops here and now."""


@dataclass(slots=True)
class Habits:
    """How a host answers its engine, in milliseconds; tests change these."""

    check_ms: int = 0
    apply_ms: int = 0
    is_valid: Callable[[bytes], bool] = is_valid
    censored: frozenset[str] = frozenset()
    """Items that this host leaves out when it makes a value."""
    answers_requests: bool = True
    loses_unsynced: bool = False
    """Does a crash take the blocks that were not synced."""


@dataclass(slots=True)
class Host:
    """One replica of a cluster, or a follower; `name` is its address in the network."""

    name: ReplicaId
    spec: EngineSpec
    parameters: Any
    committee: Committee
    around: Surroundings
    is_follower: bool = False
    disk: Disk = field(default_factory=Disk)
    habits: Habits = field(default_factory=Habits)
    engine: Engine | None = None
    incarnation: int = 0
    fuse: int | None = None
    known: dict[str, None] = field(default_factory=dict)
    """All items ever submitted here, in order."""
    work: dict[str, int] = field(default_factory=dict)
    """Items known and not executed, oldest first, and how often each was passed over."""
    flags: tuple[bool, bool] = (False, False)
    request: Request | None = None
    values: dict[Digest, bytes] = field(default_factory=dict)
    executed: set[str] = field(default_factory=set)
    accusations: list[Accuse] = field(default_factory=list)
    diverged: Diverge | None = None
    refusals: Counter[str] = field(default_factory=Counter)
    writes: int = 0

    @property
    def is_up(self) -> bool:
        """Does its engine run."""
        return self.engine is not None

    def start(self) -> None:
        """Make an engine and give it what the disk holds."""
        me = None if self.is_follower else self.name
        self.engine = self.spec.create(me, self.committee, self.parameters)
        self.incarnation += 1
        self.request, self.flags = None, (False, False)
        self.values = {}
        self.executed = self.disk.executed_items()
        self.work = {item: 0 for item in self.known if item not in self.executed}
        disk, records = self.disk, self.spec.records
        saved = tuple(records.decode(records.encode(record)) for record in disk.records)
        fresh = not disk.touched and disk.height == 0
        self.feed(Started(saved, disk.height, disk.block_id, self.committee, fresh))
        self.tell_pending()

    def stop(self) -> None:
        """Lose everything but the disk; submitted work is on disk too."""
        self.engine = None
        self.fuse = None
        if self.habits.loses_unsynced:
            self.disk.lose_unsynced()

    def feed(self, event: Event) -> None:
        """One step of the engine and all its effects."""
        if self.engine is None:
            return
        for effect in step(self.engine, event):
            if not self.is_up:
                return
            self.around.note(self, effect)
            self.perform(effect)

    def perform(self, effect: Effect) -> None:  # noqa: C901, PLR0912 - one match over all effects
        """Do what the engine asks."""
        match effect:
            case Persist(record):
                self.write([*self.disk.records, record])
            case Rewrite(records):
                self.disk.synced = self.disk.height
                self.write(list(records))
            case Send(to, message):
                self.say(to, message)
            case Broadcast(message):
                self.say(None, message)
            case SetTimer(timer, after_ms):
                self.around.start_timer(self, timer, after_ms)
            case CancelTimer(timer):
                self.around.stop_timer(self, timer)
            case Request():
                self.request = effect
                self.answer_request()
            case Check():
                self.check(effect)
            case Decide():
                self.around.later(self, self.habits.apply_ms, lambda: self.execute(effect))
            case Certify(height, certificate):
                self.disk.certificates[height] = certificate
            case Behind(height):
                self.around.find_blocks(self, height)
            case Accuse():
                self.accusations.append(effect)
            case Ignore(_, refusal):
                self.refusals[refusal] += 1
            case Diverge():
                self.diverged = effect
            case _:
                assert_never(effect)

    def write(self, records: list[Any]) -> None:
        """Make the journal durable; the fuse burns down here."""
        self.disk.records = records
        self.disk.touched = True
        self.writes += 1
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse <= 0:
                self.around.crash(self.name)

    def say(self, to: ReplicaId | None, message: Any) -> None:
        """Sign, loop back what concerns this replica too, and hand the rest to the links."""
        signed = sign_message(message, make_sign(self.name))
        if to in {None, self.name}:
            self.around.later(self, 0, lambda: self.feed(Received(self.name, signed)))
        if to != self.name:
            self.around.say(self.name, to, signed)

    def check(self, effect: Check) -> None:
        """Answer `Check` after a while; what is forced is never judged."""
        self.values[effect.digest] = effect.value
        valid = effect.forced or self.habits.is_valid(effect.value)
        answer = Checked(effect.digest, Verdict.VALID if valid else Verdict.INVALID)
        self.around.later(self, self.habits.check_ms, lambda: self.feed(answer))

    def execute(self, effect: Decide) -> None:
        """Append the block, forget the work it did, and say so."""
        block = self.disk.execute(effect.height, effect.values, effect.seal)
        self.around.note_block(self, block)
        items = items_in(effect.values)
        self.count_passed_over(items)
        for item in items:
            self.work.pop(item, None)
            self.executed.add(item)
        self.feed(Applied(block.height, block.block_id, self.committee))
        self.tell_pending()

    def count_passed_over(self, items: list[str]) -> None:
        """Work that came before something now executed was passed over once more.

        What nobody submitted here counts as having come last.
        """
        last = max((at for at, item in enumerate(self.work) if item in items), default=0)
        if any(item not in self.known for item in items):
            last = len(self.work)
        for at, item in enumerate(self.work):
            if at < last and item not in items:
                self.work[item] += 1

    def submit(self, item: str) -> None:
        """A client's work reaches this host; an item is one word."""
        assert item.split() == [item]
        if item in self.known:
            return
        self.known[item] = None
        if item not in self.executed:
            self.work[item] = 0
            self.tell_pending()
            self.answer_request()

    def tell_pending(self) -> None:
        """On change: is there work, and has some of it been passed over too long."""
        overdue = any(passed >= OVERDUE_HEIGHTS for passed in self.work.values())
        flags = bool(self.work), overdue
        if flags != self.flags and self.is_up:
            self.flags = flags
            self.feed(Pending(*flags))

    def answer_request(self) -> None:
        """Answer the standing request if there is work, or if an answer is required."""
        request = self.request
        if request is None or not self.habits.answers_requests or not self.is_up:
            return
        values = [self.values.get(digest, b"") for digest in request.after]
        taken = set(items_in(values))
        items = [i for i in self.work if i not in taken and i not in self.habits.censored]
        if not items and not request.required:
            return
        self.request = None
        value = make_value(self.name, request.height, items[:ITEMS_PER_VALUE])
        self.values[compute_digest(value)] = value
        answer = Proposed(request.height, value)
        self.around.later(self, 0, lambda: self.feed(answer))
