"""Play a schedule again, on fresh participants and with nothing remembered: the check of a search.

No table, no tidying, no shift: participants are made anew, each message that was sent and not yet
delivered lies in one list, and a delivery takes the very message out of it that it names. A schedule
that does not fit is an error, so whatever is claimed of it holds for the participants as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from consensus.committee import Committee, ReplicaId
from consensus.errors import ConsensusError
from consensus.events import Received
from consensus.exploration.local import Local, Tape, advance, end_timer, show_coin
from consensus.exploration.table import Deliver, Fire, Move, Show, Stop

TIMERS_EVERY = 8
"""Events per timer that runs out early, on average."""


class ReplayError(ConsensusError):
    """A schedule asks for what is not possible."""

    reason = "replay-diverged"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on its way, and how many events there had been when it was sent."""

    delivery: Deliver
    at: int


@dataclass(slots=True)
class Replay:
    """Participants in the midst of a schedule."""

    committee: Committee
    create: Callable[[ReplicaId, Committee], Any]
    tape: Tape | None = None
    events: int = 0
    locals: dict[ReplicaId, Local] = field(default_factory=dict)
    mail: list[Sent] = field(default_factory=list)
    age_max: int = 0
    """Of all messages that were delivered: the most events from sending to delivery."""

    def begin(self, openings: Sequence[Sequence[Any]]) -> None:
        """Everybody takes their first events."""
        for me, events in zip(self.committee.members, openings, strict=True):
            self.locals[me] = Local(me, self.create(me, self.committee))
            for event in events:
                self.step(me, event)

    def step(self, me: ReplicaId, event: Any) -> int:
        """One event; returns how many messages it sent."""
        self.events += 1
        said = advance(self.locals[me], event, self.committee, self.tape)
        self.mail += [Sent(Deliver(me, to, message), self.events) for to, message in said]
        return len(said)

    def play(self, move: Move) -> int:
        """One move of a schedule; returns how many messages it sent. Raises `ReplayError`."""
        local = self.locals[move.to]
        match move:
            case Deliver(sender, to, message):
                self.take(move)
                return self.step(to, Received(sender, message))
            case Fire(to, timer) if timer in local.timers:
                return self.step(to, end_timer(local, timer))
            case Show(to, tag, face) if tag in local.tosses:
                return self.step(to, show_coin(local, tag, face))
            case Stop():
                local.is_down = True
                self.mail = [sent for sent in self.mail if sent.delivery.to != move.to]
                return 0
        raise ReplayError(f"{move} cannot happen after {self.events} events")

    def take(self, delivery: Deliver) -> None:
        """Out of the mail."""
        for at, sent in enumerate(self.mail):
            if sent.delivery == delivery:
                del self.mail[at]
                self.age_max = max(self.age_max, self.events - sent.at)
                return
        raise ReplayError(f"{delivery} is not on its way after {self.events} events")

    def words(self) -> dict[ReplicaId, bytes]:
        """Who has decided what."""
        return {me: local.words[0][1][0] for me, local in self.locals.items() if local.words}

    def release(self, events_max: int, draw: Callable[[int], int] | None = None) -> bool:
        """The fair scheduler: does everybody decide within so many events."""
        until = self.events + events_max
        while self.events < until and (move := self.find_fair(draw)) is not None:
            self.play(move)
        return len(self.words()) == len(self.locals)

    def find_fair(self, draw: Callable[[int], int] | None = None) -> Move | None:
        """What a fair scheduler does next; None if everybody has decided, or nothing is left.

        The oldest message goes first. Timers run out where nothing is on its way; with `draw`, a number
        for each event, one of them runs out before a message in one of `TIMERS_EVERY` cases.
        """
        if len(self.words()) == len(self.locals):
            return None
        timers = [Fire(me, one) for me, at in self.locals.items() for one in sorted(at.timers)]
        drawn = draw(self.events) if draw is not None else 1
        if timers and (not self.mail or drawn % TIMERS_EVERY == 0):
            return timers[drawn // TIMERS_EVERY % len(timers)]
        return self.mail[0].delivery if self.mail else None
