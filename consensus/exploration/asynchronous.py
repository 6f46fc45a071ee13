"""The asynchronous model: any message that was sent may arrive next, or never.

A configuration is the participants' states and the mail between them, as numbers of a `Table`. Links
lose nothing and repeat nothing; a message that never arrives in a finite schedule stands for one that
is late, or lost. A crashed participant takes no step, so its mail is thrown away; so is mail that
`is_stale(participant, message)` says can change nothing any more, which is exact.
"""

from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from consensus.exploration.local import Local
from consensus.exploration.table import Deliver, MoveId, Show, StateId, Stop, Table

Configuration: TypeAlias = tuple[int, ...]
"""One state for each participant, then the mail, sorted."""


@dataclass(frozen=True, slots=True)
class Liberties:
    """What the adversary may do besides choosing the order."""

    crashes: int = 0
    timers: bool = True
    """May timers run out at any time. Coins always come to rest, with either face."""


class World:
    """All configurations of a few participants."""

    def __init__(
        self,
        table: Table,
        liberties: Liberties | None = None,
        is_stale: Callable[[Any, Any], bool] | None = None,
    ) -> None:
        self._is_stale = is_stale
        self._void: dict[tuple[StateId, MoveId], bool] = {}
        self.table = table
        self.liberties = liberties or Liberties()
        self.size = table.committee.size
        self._receivers: list[int] = []
        self._places = {member: at for at, member in enumerate(table.committee.members)}

    def begin(
        self, participants: Sequence[Any], openings: Sequence[Sequence[Any]]
    ) -> Configuration:
        """The configuration after each participant has taken its first events, before any mail."""
        states: list[int] = []
        mail: list[MoveId] = []
        for me, participant, events in zip(
            self.table.committee.members, participants, openings, strict=True
        ):
            local = Local(me, participant)
            for event in events:
                mail += self.table.post(me, self.table.advance(local, event))
            states.append(self.table.enter(local))
        return (*states, *sorted(mail))

    def successors(self, configuration: Configuration) -> Iterator[tuple[MoveId, Configuration]]:
        """Every move that is possible, and where it leads, in a fixed order."""
        size, table = self.size, self.table
        states = configuration[:size]
        down = sum(1 for state in states if table.states[state].is_down)
        last = -1
        for at in range(size, len(configuration)):
            move = configuration[at]
            if move == last:
                continue
            last = move
            yield move, self.apply(configuration, move, at)
        for at in range(size):
            state = states[at]
            for move in table.own_moves(state):
                if self.liberties.timers or type(table.moves[move]) is Show:
                    yield move, self.apply(configuration, move)
            local = table.states[state]
            if down < self.liberties.crashes and not local.is_down:
                move = table.number(Stop(local.me))
                yield move, self.apply(configuration, move)

    def place(self, move: MoveId) -> int:
        """Where the participant stands that takes a move."""
        moves = self.table.moves
        while len(self._receivers) < len(moves):
            self._receivers.append(self._places[moves[len(self._receivers)].to])
        return self._receivers[move]

    def apply(self, configuration: Configuration, move: MoveId, at: int = 0) -> Configuration:
        """The configuration after a move; `at` is where it stands in the mail, if it is mail."""
        size, place = self.size, self.place(move)
        state, posted = self.table.take(configuration[place], move)
        mail = list(configuration[size:])
        if at:
            del mail[at - size]
        elif type(self.table.moves[move]) is Deliver:
            mail.remove(move)
        elif self.table.states[state].is_down:
            mail = [one for one in mail if self.place(one) != place]
        if self._is_stale is not None and state != configuration[place]:
            mail = [one for one in mail if self.place(one) != place or not self.is_void(state, one)]
        for one in posted:
            if not self.is_void(configuration[self.place(one)], one):
                insort(mail, one)
        return (*configuration[:place], state, *configuration[place + 1 : size], *mail)

    def is_void(self, state: StateId, move: MoveId) -> bool:
        """Can this mail change nothing any more, now or later, at the participant it goes to."""
        key = (state, move)
        found = self._void.get(key)
        if found is None:
            local, delivery = self.table.states[state], self.table.moves[move]
            assert isinstance(delivery, Deliver)
            found = local.is_down or (
                self._is_stale is not None and self._is_stale(local.participant, delivery.message)
            )
            self._void[key] = found
        return found

    def words(self, configuration: Configuration) -> list[tuple[Any, ...]]:
        """What each participant has decided."""
        return [self.table.states[state].words for state in configuration[: self.size]]
