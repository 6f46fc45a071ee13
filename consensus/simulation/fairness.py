"""k-fairness of a finite trace: everybody gets a turn, and every message its delivery.

An infinite execution is fair if every message from a correct host to a correct host is received at
some time, and every correct host takes infinitely many steps or has nothing left to do. That says
nothing about a finite trace, so here a bound k is put on both, counted in entries of the trace:

- no copy of a message between correct hosts stays under way for more than k entries;
- no correct host that is up, and has something it could do, takes no step for more than k entries.

*Something it could do* is a copy that is under way to it, or a timer that is due by the time that
was set (a host's skewed clock is not corrected for). A paused host is up and slow: it counts, and
what arrives meanwhile is delivered when it resumes. A host that is down owes nothing until it
restarts.

A copy that a link lost, that reached a host that was down, or that a crash took from a paused host
is no breach, for fair-lossy links owe a delivery only to whoever keeps sending. Such copies are counted apart,
with the longest run of losses of one kind of message on one link: under fair-lossy links with
senders that resend it stays small.

Messages of hosts outside the given set, and messages to them, are owed nothing.
"""

import heapq
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from consensus.simulation.entry import Entry

Place: TypeAlias = int

LATE_MESSAGE = "late-message"
UNDELIVERED_MESSAGE = "undelivered-message"
IDLE_HOST = "idle-host"
ARRIVALS = frozenset({"receive", "timer"})
"""What waits while a host is paused."""
AFTER = re.compile(r"(\d+) ms", re.ASCII)
"""How the entry of a timer that is set says how long."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A stretch of more than k entries: positions in the trace, both inclusive, from 0."""

    kind: str
    place: Place
    """Who got no message, or took no step."""
    begin: int
    end: int
    number: int = 0
    """The message's number."""

    @property
    def span(self) -> int:
        """How many entries long."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Fairness:
    """What a trace shows; spans and ages are counted in entries."""

    age_max: int
    """Of a copy between correct hosts, delivered or still under way, that was not lost."""
    idle_max: int
    """Of a correct host with something to do."""
    copies: int
    """Owed between correct hosts."""
    undelivered: int
    """Neither received nor lost when the trace ends."""
    lost: int
    loss_run_max: int
    """Copies of one kind lost in a row on one link."""
    breaches: tuple[Breach, ...]
    """In the order in which they are noticed."""

    @property
    def is_fair(self) -> bool:
        """Is the trace k-fair for the k it was measured with."""
        return not self.breaches


def measure_fairness(entries: Iterable[Entry], correct: Collection[Place], k: int) -> Fairness:
    """Hold a trace against the bound of `k` entries for the hosts at the addresses `correct`.

    A message to a replica is owed to the address of that number: a correct replica has one host.
    """
    watch = Watch(k, {place: Host() for place in sorted(correct)})
    for position, entry in enumerate(entries):
        watch.observe(position, entry)
    return watch.finish()


@dataclass(slots=True)
class Host:
    """What is known of one correct host. Positions are those of entries in the trace."""

    is_up: bool = True
    is_paused: bool = False
    held: list[Entry] = field(default_factory=list)
    """What arrived while it was paused."""
    stepped: int = 0
    """Its last step, or its restart."""
    waiting: dict[int, int] = field(default_factory=dict)
    """Copies under way to it: number -> where it was sent, oldest first."""
    lost: dict[int, int] = field(default_factory=dict)
    """Copies that were lost on their way to it, likewise."""
    timers: dict[str, int] = field(default_factory=dict)
    """Timers that are set: name -> where they were."""
    due: dict[str, int] = field(default_factory=dict)
    """Timers that could run out: name -> since where."""

    def find_idleness(self) -> int | None:
        """Since when it could have taken a step; None if there was none to take."""
        enabled = [*self.due.values(), *islice(self.waiting.values(), 1)]
        return max(self.stepped, min(enabled)) if enabled and self.is_up else None

    def stop(self) -> None:
        """It crashes: its timers are gone and what it held is lost, what is under way is not."""
        self.is_up = self.is_paused = False
        self.timers.clear()
        self.due.clear()
        for entry in self.held:
            if entry.number in self.waiting:
                self.lost[entry.number] = self.waiting.pop(entry.number)
        self.held.clear()


@dataclass(slots=True)
class Watch:
    """One walk over a trace."""

    k: int
    hosts: dict[Place, Host]
    alarms: list[tuple[int, int, Place, str]] = field(default_factory=list)
    """Heap of (due in ms, where it was set, place, timer)."""
    last: int = 0
    age_max: int = 0
    idle_max: int = 0
    copies: int = 0
    runs: Counter[tuple[Place, Place, str]] = field(default_factory=Counter)
    """Losses since the last delivery, by link and kind."""
    run_max: int = 0
    breaches: list[Breach] = field(default_factory=list)

    def observe(self, position: int, entry: Entry) -> None:
        """The next entry of the trace."""
        self.last = position
        self.ring(entry.at_ms)
        if entry.kind == "lose":
            self.on_loss(entry)
        elif host := self.hosts.get(entry.place):
            self.on_entry(entry, host)

    def on_entry(self, entry: Entry, host: Host) -> None:
        """Something happens to a correct host, or it does something."""
        if entry.kind == "crash":
            host.stop()
        elif entry.kind == "pause":
            host.is_paused = True
        elif host.is_paused and entry.kind in ARRIVALS:
            host.held.append(entry)
        else:
            host.is_paused = host.is_paused and entry.kind != "resume"
            self.on_step(entry, host)

    def ring(self, now_ms: int) -> None:
        """Timers whose time has come could run out from here on."""
        while self.alarms and self.alarms[0][0] <= now_ms:
            _, set_at, place, name = heapq.heappop(self.alarms)
            host = self.hosts[place]
            if host.timers.get(name) == set_at:
                host.due[name] = self.last

    def on_step(self, entry: Entry, host: Host) -> None:
        """A correct host does something, or is up again."""
        self.judge_turn(entry.place, host)
        host.is_up = True
        host.stepped = self.last
        match entry.kind:
            case "send":
                self.on_send(entry)
            case "receive":
                self.on_receipt(entry, host)
            case "set" | "timer" | "cancel":
                self.on_timer(entry, host)
            case "resume":
                self.on_resume(host)

    def on_resume(self, host: Host) -> None:
        """What has arrived meanwhile is handled at once."""
        held, host.held = host.held, []
        for entry in held:
            self.on_step(entry, host)

    def on_send(self, entry: Entry) -> None:
        """Each correct host that is meant, but not the sender itself, is owed a copy."""
        for place in self.hosts if entry.peer is None else (entry.peer,):
            if place != entry.place and place in self.hosts:
                self.hosts[place].waiting[entry.number] = self.last
                self.copies += 1

    def on_receipt(self, entry: Entry, host: Host) -> None:
        """A copy arrives; it may be a duplicate of one that was lost or that arrived."""
        sent_at = host.waiting.pop(entry.number, None)
        if sent_at is None:
            sent_at = host.lost.pop(entry.number, None)
        if sent_at is not None:
            self.runs[entry.origin, entry.place, entry.name] = 0
            self.judge_age(LATE_MESSAGE, entry.place, sent_at, entry.number)

    def on_loss(self, entry: Entry) -> None:
        """A copy is gone; only the first of several counts."""
        place = entry.place if entry.peer is None else entry.peer
        host = self.hosts.get(place)
        if host and (sent_at := host.waiting.pop(entry.number, None)) is not None:
            host.lost[entry.number] = sent_at
            link = entry.origin, place, entry.name
            self.runs[link] += 1
            self.run_max = max(self.run_max, self.runs[link])

    def on_timer(self, entry: Entry, host: Host) -> None:
        """A timer is set, is cancelled, or runs out."""
        host.timers.pop(entry.name, None)
        host.due.pop(entry.name, None)
        if entry.kind == "set" and (after := AFTER.search(entry.detail)):
            host.timers[entry.name] = self.last
            due_ms = entry.at_ms + int(after[1])
            heapq.heappush(self.alarms, (due_ms, self.last, entry.place, entry.name))

    def judge_age(self, kind: str, place: Place, sent_at: int, number: int) -> None:
        """A copy was under way until now."""
        self.age_max = max(self.age_max, self.last - sent_at)
        self.judge(Breach(kind, place, sent_at, self.last, number))

    def judge_turn(self, place: Place, host: Host) -> None:
        """A host took no step until now."""
        since = host.find_idleness()
        if since is not None:
            self.idle_max = max(self.idle_max, self.last - since)
            self.judge(Breach(IDLE_HOST, place, since, self.last))

    def judge(self, stretch: Breach) -> None:
        """Keep a stretch that is too long."""
        if stretch.span > self.k:
            self.breaches.append(stretch)

    def finish(self) -> Fairness:
        """What the trace showed, with what was still open at its end."""
        for place, host in self.hosts.items():
            self.judge_turn(place, host)
            for number, sent_at in host.waiting.items():
                self.judge_age(UNDELIVERED_MESSAGE, place, sent_at, number)
        return Fairness(
            age_max=self.age_max,
            idle_max=self.idle_max,
            copies=self.copies,
            undelivered=sum(len(host.waiting) for host in self.hosts.values()),
            lost=sum(len(host.lost) for host in self.hosts.values()),
            loss_run_max=self.run_max,
            breaches=tuple(self.breaches),
        )
