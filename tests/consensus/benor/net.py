"""Participants on a bench: mail in a heap that a scheduler picks from, disks, crashes and coins."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from consensus.agreement import Decided, Opened, Propose, step
from consensus.effects import Broadcast, Check, Persist, Send, Toss
from consensus.events import Checked, Received, Tossed, Verdict
from consensus.message import encode
from consensus.simulation.chance import Chance

Mail = tuple[int, int, Any]
"""Sender, receiver, message."""


@dataclass
class Net:
    """`make(me)` is a new participant; the wishes are what each brings in, again after a restart.

    Coins come from `chance`; a common one is the same for all with its tag. With `repeats`, whoever
    stands up is told again all that was ever said to it, as fair-lossy links need it.
    """

    make: Callable[[int], Any]
    wishes: dict[int, bytes]
    chance: Chance
    repeats: bool = False
    writes_left: dict[int, int] = field(default_factory=dict)
    """Who crashes just after that many writes, before saying another word."""
    disks: dict[int, list[Any]] = field(default_factory=dict)
    members: dict[int, Any] = field(default_factory=dict)
    mail: list[Mail] = field(default_factory=list)
    said: list[Mail] = field(default_factory=list)
    decided: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    tosses: int = 0

    def start(self, *who: int) -> "Net":
        for me in who or sorted(self.wishes):
            self.members[me] = self.make(me)
            self.feed(me, Opened(tuple(self.disks.setdefault(me, []))))
            if me in self.members:
                self.feed(me, Propose(self.wishes[me]))
            if self.repeats:
                self.mail += [item for item in self.said if item[1] == me and item not in self.mail]
        return self

    def crash(self, me: int, *, loses_mail: bool = False) -> None:
        self.members.pop(me, None)
        if loses_mail:
            self.mail = [item for item in self.mail if me not in item[:2]]

    def feed(self, me: int, event: Any) -> None:
        events = [event]
        while events and me in self.members:
            for effect in step(self.members[me], events.pop(0)):
                self.perform(me, effect, events)
                if me not in self.members:
                    return

    def perform(self, me: int, effect: Any, events: list[Any]) -> None:
        match effect:
            case Persist(record):
                encode(record)
                self.disks[me].append(record)
                self.writes_left[me] = self.writes_left.get(me, -1) - 1
                if self.writes_left[me] == 0:
                    self.crash(me)
            case Broadcast(message):
                events.append(Received(me, message))
                for to in sorted(self.wishes):
                    self.post(me, to, message)
            case Send(to, message):
                self.post(me, to, message)
            case Toss(tag, common):
                self.tosses += 1
                stream = f"coin/{tag}" if common else f"coin/{me}/{tag}/{self.tosses}"
                events.append(Tossed(tag, self.chance.fork(stream).below(2)))
            case Check(_, digest):
                events.append(Checked(digest, Verdict.VALID))
            case Decided(values):
                assert self.decided.setdefault(me, values) == values

    def post(self, me: int, to: int, message: Any) -> None:
        if to != me:
            self.sent[type(message).__name__] += 1
            self.mail.append((me, to, message))
            self.said.append((me, to, message))

    def deliver(self, at: int) -> None:
        sender, to, message = self.mail.pop(at)
        self.feed(to, Received(sender, message))

    def run(self, steps_max: int = 200_000) -> "Net":
        """Any mail may arrive next."""
        while self.mail and steps_max:
            self.deliver(self.chance.below(len(self.mail)))
            steps_max -= 1
        return self

    def pass_on(self, sender: int, to: int, **fields: Any) -> bool:
        """Deliver the first mail between two whose message has these fields; is there any."""
        for at, (one, other, message) in enumerate(self.mail):
            if (one, other) == (sender, to) and all(
                getattr(message, name, None) == value for name, value in fields.items()
            ):
                self.deliver(at)
                return True
        return False

    def agree(self) -> tuple[bytes, ...]:
        [values] = set(self.decided.values())
        return values
