"""Which words can still be said: configurations by valence, with a witness schedule for each word.

A configuration is bivalent if two words can still be decided (Fischer, Lynch and Paterson 1985). That
needs two schedules and no more, so it holds whatever was left out of the space; that a configuration
has one valence only is said *within the space*. Nothing is asked beyond a first decision.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from consensus.exploration.asynchronous import Configuration
from consensus.exploration.shifted import Shifted, Step
from consensus.exploration.table import MoveId

NOT_FOUND = -1


@dataclass(slots=True)
class Survey:
    """All configurations that can be reached, and every step between them, by number."""

    space: Shifted
    configurations: list[Configuration] = field(default_factory=list)
    index: dict[Configuration, int] = field(default_factory=dict)
    edges: list[list[tuple[MoveId, int, int]]] = field(default_factory=list)
    """For each configuration: move, where it leads, by how much the rounds were lowered."""
    is_closed: bool = False
    towards: dict[bytes, list[int]] = field(default_factory=dict)
    """For each word and configuration: the edge to follow; `NOT_FOUND` if the word cannot be said."""

    def add(self, configuration: Configuration) -> int:
        """Its number."""
        found = self.index.get(configuration)
        if found is None:
            found = self.index[configuration] = len(self.configurations)
            self.configurations.append(configuration)
            self.edges.append([])
        return found

    def find_words(self, number: int) -> frozenset[bytes]:
        """What has been decided."""
        told = self.space.world.words(self.configurations[number])
        return frozenset(value for words in told for _, values in words for value in values)

    def find_valence(self, number: int) -> frozenset[bytes]:
        """The words that can still be said."""
        words = (word for word, edges in self.towards.items() if edges[number] != NOT_FOUND)
        return frozenset(words) | self.find_words(number)

    def is_bivalent(self, number: int) -> bool:
        """Can two different words still be said."""
        return all(edges[number] != NOT_FOUND for edges in self.towards.values())

    def witness(self, number: int, word: bytes) -> list[tuple[MoveId, int]]:
        """A shortest schedule to a configuration where `word` is said: moves and shifts."""
        moves = []
        while word not in self.find_words(number):
            move, number, by = self.edges[number][self.towards[word][number]]
            moves.append((move, by))
        return moves


def survey(space: Shifted, starts: Iterable[Configuration], configurations_max: int) -> Survey:
    """Everything that can be reached before the first decision, and where each word can be said."""
    seen = Survey(space)
    for start in starts:
        seen.add(start)
    at = 0
    while at < len(seen.configurations) <= configurations_max:
        seen.edges[at] = [
            (move, seen.add(following), by) for move, following, by in list_steps(seen, at)
        ]
        at += 1
    seen.is_closed = at == len(seen.configurations)
    for word in (b"\x00", b"\x01"):
        seen.towards[word] = find_ways(seen, word)
    return seen


def list_steps(seen: Survey, number: int) -> Iterator[Step]:
    """None where something has been decided."""
    if not seen.find_words(number):
        yield from seen.space.steps(seen.configurations[number])


def find_ways(seen: Survey, word: bytes) -> list[int]:
    """For each configuration the edge that begins a shortest schedule to `word`; 0 where it is said."""
    before: list[list[tuple[int, int]]] = [[] for _ in seen.configurations]
    for source, edges in enumerate(seen.edges):
        for place, (_, target, _) in enumerate(edges):
            before[target].append((source, place))
    ways = [NOT_FOUND] * len(seen.configurations)
    waiting = deque(at for at in range(len(ways)) if word in seen.find_words(at))
    for at in waiting:
        ways[at] = 0
    while waiting:
        for source, place in before[waiting.popleft()]:
            if ways[source] == NOT_FOUND:
                ways[source] = place
                waiting.append(source)
    return ways
