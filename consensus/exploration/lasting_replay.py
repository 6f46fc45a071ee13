"""Play a schedule again on fresh participants, on a network that forgets nothing.

Nothing remembered, nothing described, nobody for anybody else: participants are made anew, all that
they say lies in one list, and a delivery has to find there what it names. Two messages that say the
same, by `Knowledge.resemble`, are one; the very bytes that were said are delivered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from consensus.committee import ReplicaId
from consensus.events import Elapsed, Received, Suspected
from consensus.exploration.cast import Cast, Place
from consensus.exploration.local import Local, advance, end_timer, show_coin
from consensus.exploration.replaying import ReplayError
from consensus.exploration.steps import Move, Restart, Tell, make_sign
from consensus.exploration.table import Deliver, Fire, Show


@dataclass(slots=True)
class LastingReplay:
    """Participants in the midst of a schedule."""

    cast: Cast
    locals: list[Local] = field(default_factory=list)
    said: dict[tuple[ReplicaId, ReplicaId, Any], Any] = field(default_factory=dict)
    """From whom, to whom, what it says: the message."""
    events: int = 0

    def begin(self) -> None:
        """Everybody takes their first events."""
        for place, seat in enumerate(self.cast.seats):
            local = Local(seat.name, self.cast.create(seat.name), values=seat.values)
            local.heights_max = self.cast.heights_max
            local.journal = () if self.cast.restarts_max else None
            self.locals.append(local)
            for event in seat.openings:
                if isinstance(event, Elapsed):
                    local.timers.discard(event.timer)
                self.step(place, event)

    def step(self, place: Place, event: Any) -> None:
        """One event."""
        local, knowledge = self.locals[place], self.cast.knowledge
        self.events += 1
        for to, message in advance(local, event, self.cast.committee, None, make_sign(local.me)):
            self.said.setdefault((local.me, to, knowledge.resemble(message)), message)

    def play(self, move: Move) -> None:
        """One move of a schedule; raises `ReplayError`."""
        local = self.locals[move.to]
        match move:
            case Deliver(sender, to, message):
                key = (sender, local.me, self.cast.knowledge.resemble(message))
                if key not in self.said:
                    raise ReplayError(f"{message} was not said after {self.events} events")
                self.step(to, Received(sender, self.said[key]))
            case Fire(to, timer) if timer in local.timers:
                self.step(to, end_timer(local, timer))
            case Show(to, tag, face) if tag in local.tosses:
                self.step(to, show_coin(local, tag, face))
            case Tell(to, replica) if local.watched == replica:
                self.step(to, Suspected(replica))
            case Restart(to) if local.restarts < self.cast.restarts_max:
                self.restart(to)
            case _:
                raise ReplayError(f"{move} cannot happen after {self.events} events")

    def restart(self, place: Place) -> None:
        """The next incarnation."""
        old = self.locals[place]
        assert self.cast.restart is not None
        new = Local(old.me, self.cast.create(old.me), values=old.values, journal=old.journal)
        new.words, new.heights_max, new.restarts = old.words, old.heights_max, old.restarts + 1
        self.locals[place] = new
        for event in self.cast.restart(old.journal):
            self.step(place, event)

    def words(self) -> dict[Place, tuple[tuple[int, tuple[bytes, ...]], ...]]:
        """Who has decided what."""
        return {place: local.words for place, local in enumerate(self.locals) if local.words}


def replay(cast: Cast, schedule: Sequence[Move]) -> LastingReplay:
    """A whole schedule; raises `ReplayError`."""
    replayed = LastingReplay(cast)
    replayed.begin()
    for move in schedule:
        replayed.play(move)
    return replayed
