"""A network on which what was said stays: any message may arrive at any time, again, or never.

So links delay, reorder, repeat and lose, as the contract lets them; whatever is safe here is safe on
all such links. A configuration is the participants' states and the set of all that was said, both as
numbers of `Steps`. A participant that takes no further step has crashed, so a crash needs no move.
A delivery that changes nothing is no move: it was made by asking the participant itself.
"""

from collections.abc import Iterator
from typing import TypeAlias

from consensus.exploration.steps import Bits, StateId, Steps

Configuration: TypeAlias = tuple[int, ...]
"""One state for each place, then the set of all that was said."""
Words: TypeAlias = frozenset[tuple[tuple[int, tuple[bytes, ...]], ...]]
"""What a participant may have decided: each member is a history of words."""


class Lasting:
    """All configurations, one event at a time."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.size = steps.cast.size
        self._moot: dict[StateId, Bits] = {}

    def begin(self) -> Configuration:
        """The configuration before any mail."""
        return self.steps.begin()

    def moves(self, state: StateId, heard: Bits) -> Iterator[tuple[int, StateId, Bits]]:
        """Every move of one participant that changes anything: the next state, and what is said."""
        steps = self.steps
        moot = self._moot.get(state, 0)
        left = heard & ~moot
        while left:
            low = left & -left
            left ^= low
            move = low.bit_length() - 1
            following, _, bits = steps.take(state, move)
            if following == state and not bits:
                moot |= low
            elif not steps.is_beyond(following):
                yield move, following, bits
        self._moot[state] = moot
        for move in steps.own_moves(state):
            following, _, bits = steps.take(state, move)
            if not steps.is_beyond(following):
                yield move, following, bits

    def successors(self, configuration: Configuration) -> Iterator[tuple[int, Configuration]]:
        """Every event that changes anything, and where it leads."""
        said, heard_by = configuration[-1], self.steps.heard_by
        for place in range(self.size):
            state = configuration[place]
            before, after = configuration[:place], configuration[place + 1 : -1]
            for move, following, bits in self.moves(state, said & heard_by[place]):
                if following != state or bits & ~said:
                    yield move, (*before, following, *after, said | bits)

    def unfold_begin(self) -> list[int]:
        """The events before the first configuration."""
        return []

    def unfold(self, configuration: Configuration, number: int) -> list[int]:  # noqa: ARG002
        """The events that a step from a configuration stands for."""
        return [number]

    def words(self, configuration: Configuration) -> tuple[Words, ...]:
        """What each participant has decided."""
        states = self.steps.states
        return tuple(frozenset([states[state].words]) for state in configuration[:-1])
