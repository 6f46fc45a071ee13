"""What can still be decided from a configuration, asked of whoever knows.

`Surveyed` has seen the whole space, so what it says holds within it. `Probing` looks around as far as
it must: it lets one participant after the other be silent, which leaves a space small enough to be
gone through. Two words found are two words that can be decided, whatever was not looked at.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from consensus.committee import ReplicaId
from consensus.exploration.asynchronous import Configuration
from consensus.exploration.shifted import Shifted, Step
from consensus.exploration.table import MoveId
from consensus.exploration.valence import Survey

Way: TypeAlias = tuple[tuple[MoveId, int], ...]
"""Moves, each with by how much all rounds were lowered after it."""
CONFIGURATIONS_MAX = 1_200
"""A probe goes no further: fewer would miss words that take all of a proposer's attempt."""
WORDS = (b"\x00", b"\x01")


class Oracle(Protocol):
    """Knows a space."""

    @property
    def space(self) -> Shifted:
        """Which one."""

    @property
    def known(self) -> Sequence[Configuration]:
        """Those that were looked at."""

    def steps(self, configuration: Configuration) -> Sequence[Step]:
        """Every move that is possible, and where it leads; none after a decision."""

    def find_ways(self, configuration: Configuration) -> dict[bytes, Way]:
        """For each word that can be decided, a schedule that decides it."""

    def is_bivalent(self, configuration: Configuration) -> bool:
        """Can two words still be decided."""


@dataclass(slots=True)
class Surveyed:
    """Asks a survey of the whole space."""

    seen: Survey

    @property
    def space(self) -> Shifted:
        """That was surveyed."""
        return self.seen.space

    @property
    def known(self) -> list[Configuration]:
        """All of them."""
        return self.seen.configurations

    def steps(self, configuration: Configuration) -> list[Step]:
        """See `Oracle.steps`."""
        edges = self.seen.edges[self.seen.index[configuration]]
        return [(move, self.seen.configurations[target], by) for move, target, by in edges]

    def find_ways(self, configuration: Configuration) -> dict[bytes, Way]:
        """See `Oracle.find_ways`; the schedules are shortest ones."""
        number = self.seen.index[configuration]
        words = sorted(self.seen.find_valence(number))
        return {word: tuple(self.seen.witness(number, word)) for word in words}

    def is_bivalent(self, configuration: Configuration) -> bool:
        """See `Oracle.is_bivalent`."""
        return self.seen.is_bivalent(self.seen.index[configuration])


@dataclass(slots=True)
class Probing:
    """Looks around, and remembers what it found."""

    space: Shifted
    looked_at: int = 0
    """Configurations that probes went through, with repetitions."""
    _steps: dict[Configuration, list[Step]] = field(default_factory=dict)
    _ways: dict[Configuration, dict[bytes, Way]] = field(default_factory=dict)

    @property
    def known(self) -> list[Configuration]:
        """The configurations that it was asked about."""
        return list(self._ways)

    def steps(self, configuration: Configuration) -> list[Step]:
        """See `Oracle.steps`."""
        found = self._steps.get(configuration)
        if found is None:
            has_ended = any(self.space.world.words(configuration))
            found = [] if has_ended else list(self.space.steps(configuration))
            self._steps[configuration] = found
        return found

    def find_ways(self, configuration: Configuration) -> dict[bytes, Way]:
        """See `Oracle.find_ways`; each schedule leaves one participant out."""
        found = self._ways.get(configuration)
        if found is None:
            found = self._ways[configuration] = self.probe(configuration)
        return found

    def is_bivalent(self, configuration: Configuration) -> bool:
        """See `Oracle.is_bivalent`."""
        return len(self.find_ways(configuration)) > 1

    def probe(self, configuration: Configuration) -> dict[bytes, Way]:
        """The words that are decided while one participant takes no step; two are enough."""
        world = self.space.world
        members = world.table.committee.members
        found: dict[bytes, Way] = {}
        waiting: deque[tuple[ReplicaId, Configuration, Way]] = deque(
            (silent, configuration, ()) for silent in members
        )
        known = {(silent, configuration) for silent in members}
        while waiting and len(found) < len(WORDS) and len(known) < CONFIGURATIONS_MAX:
            silent, at, way = waiting.popleft()
            self.looked_at += 1
            if said := list_words(world.words(at)):
                found.setdefault(said[0], way)
                continue
            for move, following in self.list_moves(at, silent):
                if (silent, following) not in known:
                    known.add((silent, following))
                    waiting.append((silent, following, (*way, (move, 0))))
        return dict(sorted(found.items()))

    def list_moves(
        self, configuration: Configuration, silent: ReplicaId
    ) -> Iterator[tuple[MoveId, Configuration]]:
        """Everything that does not go to the silent one, and where it leads."""
        world = self.space.world
        mail = configuration[world.size :]
        for move in dict.fromkeys(mail):
            if world.table.moves[move].to != silent:
                yield move, world.apply(configuration, move, world.size + mail.index(move))


def list_words(told: Iterable[Sequence[tuple[int, tuple[bytes, ...]]]]) -> list[bytes]:
    """The words that somebody has said."""
    return [value for words in told for _, values in words for value in values]


@dataclass(frozen=True, slots=True)
class Delay:
    """A schedule as lemma 3 promises it."""

    before: Way
    event: Way
    """One move; none if the event came to be stale on the way, so that it changes nothing."""

    @property
    def way(self) -> Way:
        """All of it."""
        return self.before + self.event


def find_delay(
    oracle: Oracle, configuration: Configuration, event: MoveId, pairs_max: int = 20_000
) -> Delay | None:
    """Lemma 3: a shortest schedule that ends with `event` and leaves both words open, if any is found."""
    waiting: deque[tuple[Configuration, MoveId, Way]] = deque([(configuration, event, ())])
    known = {(configuration, event)}
    size = oracle.space.world.size
    while waiting and len(known) < pairs_max:
        at, late, way = waiting.popleft()
        if late not in at[size:]:
            return Delay(way, ())
        steps = oracle.steps(at)
        for move, target, by in steps:
            if move == late and oracle.is_bivalent(target):
                return Delay(way, ((move, by),))
        for move, target, by in steps:
            following = (target, oracle.space.lower_move(late, by) if by else late)
            if move != late and following not in known and oracle.is_bivalent(target):
                known.add(following)
                waiting.append((*following, (*way, (move, by))))
    return None
