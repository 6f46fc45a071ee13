"""Partial-order reduction: a participant's events are told apart only by what others can see of them.

An event is silent if nothing is said in it that was not said before. On a network that forgets
nothing (see `lasting`) a silent event of p can be exchanged with the next event of anybody else: that
one can neither see it nor take its message away. So every run can be told as one in which p's silent
events stand directly before p's next loud one, or at the end, and a step of this space is a loud event
with the silent ones that led to it.

Of the ways to one loud event the least are enough. Where two of them say the same, and the second
state can be reached from the first one by silent events, whatever follows the second also follows the
first. Both facts are about one participant at a time, and both are found by asking it.

Words are silent too. What somebody may have decided in a configuration is therefore found among
the states that silent events lead to; and since nobody sees another's, each may be combined with each.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from consensus.exploration.cast import ExplorationError, Place
from consensus.exploration.lasting import Configuration, Lasting, Words
from consensus.exploration.steps import Bits, StateId, Steps

SILENT_MAX = 100_000
"""States that silent events of one participant may lead to."""


@dataclass(frozen=True, slots=True)
class Block:
    """Silent events and the loud one after them: the moves, where they lead, what is new."""

    number: int
    moves: tuple[int, ...]
    state: StateId
    bits: Bits


class Fused(Lasting):
    """The same space with silent events left out."""

    def __init__(self, steps: Steps) -> None:
        super().__init__(steps)
        self._names = [seat.name for seat in steps.cast.seats]
        self._settled: dict[tuple[StateId, Bits], StateId] = {}
        self.is_welcome = steps.cast.knowledge.is_welcome
        self.blocks: list[Block] = []
        self._blocks: dict[tuple[StateId, Bits, Bits], tuple[Block, ...]] = {}
        self._words: dict[tuple[StateId, Bits, Bits], Words] = {}

    def successors(self, configuration: Configuration) -> Iterator[tuple[int, Configuration]]:
        """Every loud event, with the least that has to come before it."""
        said = configuration[-1]
        for place in range(self.size):
            for block in self.find_blocks(configuration[place], said):
                yield block.number, self.apply(configuration, place, block)

    def apply(self, configuration: Configuration, place: Place, block: Block) -> Configuration:
        """The configuration after a block; everybody takes what is welcome."""
        states = list(configuration)
        states[place] = block.state
        said = states[-1] = configuration[-1] | block.bits
        heard_by, settle = self.steps.heard_by, self.settle
        for other in range(self.size):
            states[other] = settle(states[other], said & heard_by[other])
        return tuple(states)

    def begin(self) -> Configuration:
        """The configuration before any mail, but for what is welcome."""
        *states, said = super().begin()
        heard_by = self.steps.heard_by
        return (*(self.settle(s, said & heard_by[p]) for p, s in enumerate(states)), said)

    def settle(self, state: StateId, heard: Bits) -> StateId:
        """Take whatever is welcome and leads to nothing loud."""
        key = (state, heard)
        found = self._settled.get(key)
        if found is None:
            found = state
            for move in self.list_settling(state, heard):
                found = self.steps.take(found, move)[0]
            self._settled[key] = found
        return found

    def find_welcome(self, state: StateId, heard: Bits) -> int | None:
        """The first message that is welcome."""
        steps = self.steps
        local = steps.states[state]
        left = heard & steps.honest & ~self._moot.get(state, 0)
        while left:
            low = left & -left
            left ^= low
            move = low.bit_length() - 1
            delivery = steps.mail[move]
            if self.is_welcome(local.participant, delivery.sender, delivery.message):
                following, _, bits = steps.take(state, move)
                after = steps.states[following]
                is_silent = following != state and not bits and after.words == local.words
                if is_silent and after.timers >= local.timers and not steps.is_beyond(following):
                    return move
        return None

    def find_blocks(self, state: StateId, said: Bits) -> tuple[Block, ...]:
        """What one participant can do that is seen."""
        key = self.key(state, said)
        found = self._blocks.get(key)
        if found is None:
            self.look_ahead(key)
            found = self._blocks[key]
        return found

    def key(self, state: StateId, said: Bits) -> tuple[StateId, Bits, Bits]:
        """All that a participant's blocks depend on."""
        place = self.steps.places[state]
        return (
            state,
            said & self.steps.heard_by[place],
            said & self.steps.said_by[self._names[place]],
        )

    def look_ahead(self, key: tuple[StateId, Bits, Bits]) -> None:
        """Follow the silent events of one participant, and keep the loud ones they lead to."""
        start, heard, spoken = key
        reached: dict[StateId, tuple[StateId, int] | None] = {start: None}
        waiting = [start]
        loud: dict[Bits, dict[StateId, tuple[StateId, int]]] = {}
        for state in waiting:
            if len(reached) > SILENT_MAX:
                raise ExplorationError("silent events of one participant lead to ever new states")
            for move, after, bits in self.moves(state, heard):
                following = self.settle(after, heard)
                new = bits & ~spoken
                if new:
                    loud.setdefault(new, {}).setdefault(following, (state, move))
                elif following not in reached:
                    reached[following] = (state, move)
                    waiting.append(following)
        states = self.steps.states
        self._words[key] = frozenset(states[state].words for state in waiting)
        self._blocks[key] = tuple(
            self.add((*trace_back(reached, before), move), after, new)
            for new, ways in loud.items()
            for after, (before, move) in self.keep_least(ways, heard, spoken | new).items()
        )

    def add(self, moves: tuple[int, ...], state: StateId, bits: Bits) -> Block:
        """Number a block."""
        block = Block(len(self.blocks), moves, state, bits)
        self.blocks.append(block)
        return block

    def unfold_begin(self) -> list[int]:
        """What everybody takes before the first configuration."""
        *states, said = super().begin()
        heard_by = self.steps.heard_by
        return [
            move
            for place, state in enumerate(states)
            for move in self.list_settling(state, said & heard_by[place])
        ]

    def unfold(self, configuration: Configuration, number: int) -> list[int]:
        """All events of a step: those of its block, and what is welcome to everybody then."""
        block, heard_by = self.blocks[number], self.steps.heard_by
        place = self.steps.places[block.state]
        state, said, moves = configuration[place], configuration[-1], []
        for move in block.moves:
            state = self.steps.take(state, move)[0]
            moves.append(move)
            moves += self.list_settling(state, said & heard_by[place])
            state = self.settle(state, said & heard_by[place])
        said |= block.bits
        states = [*configuration[:place], state, *configuration[place + 1 : -1]]
        for other, before in enumerate(states):
            moves += self.list_settling(before, said & heard_by[other])
        return moves

    def list_settling(self, state: StateId, heard: Bits) -> list[int]:
        """The welcome messages that somebody takes."""
        moves: list[int] = []
        while (move := self.find_welcome(state, heard)) is not None:
            moves.append(move)
            heard &= ~(1 << move)
            state = self.steps.take(state, move)[0]
        return moves

    def trace_words(
        self, configuration: Configuration, place: Place, words: object
    ) -> tuple[int, ...]:
        """The silent events after which somebody has said just this."""
        said = configuration[-1]
        start, heard, spoken = self.key(configuration[place], said)
        reached: dict[StateId, tuple[StateId, int] | None] = {start: None}
        waiting = [start]
        for state in waiting:
            if self.steps.states[state].words == words:
                return trace_back(reached, state)
            for move, following, bits in self.moves(state, heard):
                if not bits & ~spoken and following not in reached:
                    reached[following] = (state, move)
                    waiting.append(following)
        raise AssertionError("these words cannot be said")

    def keep_least(
        self, ways: dict[StateId, tuple[StateId, int]], heard: Bits, spoken: Bits
    ) -> dict[StateId, tuple[StateId, int]]:
        """Without the states that silent events reach from another one that is kept."""
        left = dict(ways)
        for state in ways:
            if len(left) < 2:
                break
            if state in left:
                for other in self.list_silent(state, heard, spoken):
                    if other != state:
                        left.pop(other, None)
        return left

    def list_silent(self, start: StateId, heard: Bits, spoken: Bits) -> list[StateId]:
        """All states that silent events lead to."""
        reached, waiting = {start}, [start]
        for state in waiting:
            for _, after, bits in self.moves(state, heard):
                following = self.settle(after, heard)
                if not bits & ~spoken and following not in reached:
                    reached.add(following)
                    waiting.append(following)
        return waiting

    def words(self, configuration: Configuration) -> tuple[Words, ...]:
        """What each participant may have decided."""
        said = configuration[-1]
        return tuple(self.find_words(state, said) for state in configuration[:-1])

    def find_words(self, state: StateId, said: Bits) -> Words:
        """What one participant may have decided."""
        key = self.key(state, said)
        if key not in self._words:
            self.look_ahead(key)
        return self._words[key]


def trace_back(
    reached: dict[StateId, tuple[StateId, int] | None], state: StateId
) -> tuple[int, ...]:
    """The silent moves that lead to a state."""
    moves: list[int] = []
    while (step := reached[state]) is not None:
        state, move = step
        moves.append(move)
    return tuple(reversed(moves))
