"""Symmetry reduction: of configurations that differ in who is who, one is looked at.

A permutation of the places is learned, not told: the start of p goes to the start of its image, and
where a move leads goes to where the image of the move leads from the image of the state. A message
goes to what the image of its sender said at the same point to the image of its receiver. Whatever else
there is in a state, values and names included, follows.

This is a symmetry if it is true of every step, whichever way it was first reached. `check` goes through
all steps that were taken and holds both sides against each other, words included; a permutation that
fails is an error, never a smaller space.
"""

from collections.abc import Iterator

from consensus.errors import ConsensusError
from consensus.exploration.cast import Place
from consensus.exploration.judging import Word
from consensus.exploration.lasting import Configuration, Lasting, Words
from consensus.exploration.steps import Bits, Move, Restart, StateId, Steps, Tell
from consensus.exploration.table import Deliver, Fire, Show


class SymmetryError(ConsensusError):
    """Participants that were taken for alike are not."""

    reason = "no-symmetry"


class Image:
    """What one permutation makes of states, moves and messages."""

    def __init__(self, steps: Steps, start: Configuration, places: tuple[Place, ...]) -> None:
        self.steps = steps
        self.places = places
        self.starts = dict(zip(start, (start[at] for at in places), strict=False))
        self._names = {
            steps.cast.seats[at].name: steps.cast.seats[to].name for at, to in enumerate(places)
        }
        self._states: dict[StateId, StateId] = {}
        self._moves: dict[int, int] = {}
        self._bits: dict[Bits, Bits] = {0: 0}
        self.words: dict[Word, Word] = {}
        """What becomes of what is decided; known once it was checked."""

    def of(self, configuration: Configuration) -> Configuration:
        """The image of a configuration."""
        image = list(configuration)
        for at, to in enumerate(self.places):
            image[to] = self.of_state(configuration[at])
        image[-1] = self.of_bits(configuration[-1])
        return tuple(image)

    def of_state(self, state: StateId) -> StateId:
        """The image of a state."""
        found = self._states.get(state)
        if found is None:
            origin = self.steps.origins[state]
            if origin is None:
                found = self.starts[state]
            else:
                before, move = origin
                found = self.steps.take(self.of_state(before), self.of_move(move))[0]
            self._states[state] = found
        return found

    def of_bits(self, bits: Bits) -> Bits:
        """The image of a set of messages; it differs from one that is known by a few."""
        found = self._bits.get(bits)
        if found is None:
            low = bits & -bits
            high = 1 << (bits.bit_length() - 1)
            rest = bits ^ high if high != low else 0
            found = self.of_bits(rest) | 1 << self.of_move(high.bit_length() - 1)
            self._bits[bits] = found
        return found

    def of_move(self, move: int) -> int:
        """The image of a move."""
        found = self._moves.get(move)
        if found is None:
            found = self._moves[move] = self._of_mail(move) if move >= 0 else self._of_own(move)
        return found

    def _of_own(self, move: int) -> int:
        steps = self.steps
        image: Move
        match steps.move(move):
            case Fire(to, timer):
                image = Fire(self.places[to], timer)
            case Show(to, tag, face):
                image = Show(self.places[to], tag, face)
            case Tell(to, replica):
                image = Tell(self.places[to], self._names[replica])
            case Restart(to):
                image = Restart(self.places[to])
            case Deliver():
                raise AssertionError("mail has a number of its own")
        return steps.number_own(image)

    def _of_mail(self, move: int) -> int:
        state, source = self.steps.sources[move]
        said = self.find_said(state, source)
        image = self.of_state(state)
        if source == 0:
            answer = self.steps.said[image]
        else:
            moved = self.of_move(source - 1 if source > 0 else source)
            answer = self.steps.take(image, moved)[1]
        return self.match(said, answer)[move]

    def find_said(self, state: StateId, source: int) -> tuple[int, ...]:
        """All that was said when a message was said first."""
        if source == 0:
            return self.steps.said[state]
        return self.steps.take(state, source - 1 if source > 0 else source)[1]

    def match(self, said: tuple[int, ...], answer: tuple[int, ...]) -> dict[int, int]:
        """Which message of one step is which of its image: the first to each, the second, and so on."""
        mail = self.steps.mail
        waiting: dict[Place, list[int]] = {}
        for number in answer:
            waiting.setdefault(mail[number].to, []).append(number)
        found: dict[int, int] = {}
        for number in said:
            queue = waiting.get(self.places[mail[number].to])
            if not queue:
                raise SymmetryError(f"{mail[number]} has no image")
            found[number] = queue.pop(0)
        if any(waiting.values()):
            raise SymmetryError("an image says more")
        return found

    def check(self) -> int:
        """Hold every step that was taken against its image; returns how many there were."""
        steps, count = self.steps, 0
        values = self.words
        for state in range(len(steps.taken)):
            image = self.of_state(state)
            words = zip(steps.states[state].words, steps.states[image].words, strict=True)
            for word, other in words:
                if values.setdefault(word, other) != other:
                    raise SymmetryError(f"{word} goes to {other} and to {values[word]}")
            for move, (following, said, _) in list(steps.taken[state].items()):
                count += 1
                reached, answer, _ = steps.take(image, self.of_move(move))
                if self.of_state(following) != reached:
                    raise SymmetryError(f"{steps.move(move)} leads elsewhere")
                for number, counterpart in self.match(said, answer).items():
                    if self.of_move(number) != counterpart:
                        raise SymmetryError(f"{steps.mail[number]} goes to two messages")
        if len(set(values.values())) != len(values):
            raise SymmetryError("two words go to one")
        return count


class Symmetric:
    """A space of which one configuration stands for all its images."""

    def __init__(self, space: Lasting, permutations: tuple[tuple[Place, ...], ...]) -> None:
        self.space = space
        self.steps = space.steps
        self._start = space.steps.begin()
        identity = tuple(range(space.size))
        group = close(identity, permutations)
        self.images = [Image(space.steps, self._start, one) for one in group if one != identity]
        self._least: dict[Configuration, Configuration] = {}

    def begin(self) -> Configuration:
        """The configuration before any mail."""
        return self.find_least(self.space.begin())

    def find_least(self, configuration: Configuration) -> Configuration:
        """The image that stands for all."""
        return min([configuration, *(image.of(configuration) for image in self.images)])

    def successors(self, configuration: Configuration) -> Iterator[tuple[int, Configuration]]:
        """Every move, and what stands for where it leads."""
        for move, following in self.space.successors(configuration):
            yield move, self.find_least(following)

    def words(self, configuration: Configuration) -> tuple[Words, ...]:
        """What each participant may have decided."""
        return self.space.words(configuration)

    def check(self) -> int:
        """Are these symmetries; raises `SymmetryError`, returns how many steps were compared."""
        return sum(image.check() for image in self.images)


def close(
    identity: tuple[Place, ...], generators: tuple[tuple[Place, ...], ...]
) -> list[tuple[Place, ...]]:
    """All that can be composed."""
    group = [identity]
    for one in group:
        for generator in generators:
            composed = tuple(generator[at] for at in one)
            if composed not in group:
                group.append(composed)
    return group
