"""Configurations up to a shift of their rounds: a finite space, if rounds stay close to each other.

Whole multiples of the tape's `period` are taken off all rounds at once, so that the lowest live round
lies from 1 to `period`. Steps that would put a participant more than `skew` rounds ahead of another
are left out; so schedules found here are schedules, and what is not found is not found *within the
cap*.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from consensus.agreements import Shifting
from consensus.engine import clone
from consensus.exploration.asynchronous import Configuration, World
from consensus.exploration.table import Deliver, MoveId, StateId

Step: TypeAlias = tuple[MoveId, Configuration, int]
"""A move, where it leads, and by how much all rounds were lowered after it."""


@dataclass(slots=True)
class Shifted:
    """The space; `world` must have been made with the tidying of `shifting`."""

    world: World
    shifting: Shifting
    period: int
    skew: int = 1
    _rounds: list[int | None] = field(default_factory=list)
    _states: dict[tuple[StateId, int], StateId] = field(default_factory=dict)
    _moves: dict[tuple[MoveId, int], MoveId] = field(default_factory=dict)

    def begin(
        self, participants: Sequence[Any], openings: Sequence[Sequence[Any]]
    ) -> Configuration:
        """As in the world; nobody has left round 1 yet."""
        return self.world.begin(participants, openings)

    def successors(self, configuration: Configuration) -> Iterator[tuple[MoveId, Configuration]]:
        """Every move within the cap, and where it leads."""
        for move, following, _ in self.steps(configuration):
            yield move, following

    def steps(self, configuration: Configuration) -> Iterator[Step]:
        """Every move within the cap."""
        for move, reached in self.world.successors(configuration):
            following = self.throw_away(reached)
            rounds = self.find_rounds(following)
            if not rounds:
                yield move, following, 0
            elif max(rounds) - min(rounds) <= self.skew:
                by = (min(rounds) - 1) // self.period * self.period
                yield move, self.lower(following, by), by

    def throw_away(self, configuration: Configuration) -> Configuration:
        """Without the mail that could only bring about what is stale."""
        is_spent, table, place = self.shifting.is_spent, self.world.table, self.world.place
        if is_spent is None:
            return configuration
        kept = []
        for move in configuration[self.world.size :]:
            delivery = table.moves[move]
            assert isinstance(delivery, Deliver)
            sender = configuration[table.committee.members.index(delivery.sender)]
            receiver = configuration[place(move)]
            ends = (table.states[sender].participant, table.states[receiver].participant)
            if not is_spent(*ends, delivery.message):
                kept.append(move)
        return (*configuration[: self.world.size], *kept)

    def find_rounds(self, configuration: Configuration) -> list[int]:
        """Those of the participants that are still at it."""
        states = self.world.table.states
        while len(self._rounds) < len(states):
            participant = states[len(self._rounds)].participant
            self._rounds.append(self.shifting.find_round(participant))
        found = (self._rounds[state] for state in configuration[: self.world.size])
        return [round_ for round_ in found if round_ is not None]

    def lower(self, configuration: Configuration, by: int) -> Configuration:
        """The same configuration, its rounds counted from `by` later."""
        if not by:
            return configuration
        size = self.world.size
        states = (self.lower_state(state, by) for state in configuration[:size])
        mail = sorted(self.lower_move(move, by) for move in configuration[size:])
        return (*states, *mail)

    def lower_state(self, state: StateId, by: int) -> StateId:
        """One participant's."""
        key = (state, by)
        if key not in self._states:
            local = clone(self.world.table.states[state])
            self.shifting.lower(local.participant, by)
            self._states[key] = self.world.table.enter(local)
        return self._states[key]

    def lower_move(self, move: MoveId, by: int) -> MoveId:
        """One delivery's."""
        key = (move, by)
        if key not in self._moves:
            delivery = self.world.table.moves[move]
            assert isinstance(delivery, Deliver)
            message = self.shifting.lower_message(delivery.message, by)
            lowered = Deliver(delivery.sender, delivery.to, message)
            self._moves[key] = self.world.table.number(lowered)
        return self._moves[key]
