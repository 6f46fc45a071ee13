"""A world in which nobody comes beyond a certain round, so that its space is closed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from consensus.exploration.asynchronous import Configuration, World
from consensus.exploration.table import MoveId, StateId


@dataclass(slots=True)
class Bounded:
    """Moves by which a participant would come beyond `rounds_max` are left out."""

    world: World
    find_round: Callable[[Any], int]
    rounds_max: int
    has_cut: bool = False
    """Was any move left out."""
    _is_beyond: dict[StateId, bool] = field(default_factory=dict)

    def successors(self, configuration: Configuration) -> Iterator[tuple[MoveId, Configuration]]:
        """Every move within the bound, and where it leads."""
        for move, following in self.world.successors(configuration):
            if self.is_beyond(following[self.world.place(move)]):
                self.has_cut = True
            else:
                yield move, following

    def is_beyond(self, state: StateId) -> bool:
        """Has this participant come too far."""
        found = self._is_beyond.get(state)
        if found is None:
            participant = self.world.table.states[state].participant
            found = self._is_beyond[state] = self.find_round(participant) > self.rounds_max
        return found
