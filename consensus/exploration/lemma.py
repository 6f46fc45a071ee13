"""Lemma 3 of Fischer, Lynch and Paterson, checked, and the run without a decision that follows.

For every bivalent configuration C and every event e that is applicable to it, some schedule without e
leads to a configuration after which e leaves both words open: so the adversary can serve everybody
and still prevent a decision.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from consensus.exploration.asynchronous import Configuration
from consensus.exploration.oracle import Oracle, find_delay
from consensus.exploration.table import MoveId
from consensus.exploration.valence import Survey


@dataclass(frozen=True, slots=True)
class LemmaCount:
    """How many pairs there were, for how many no schedule was found, and how long the others are."""

    pairs: int
    exceptions: tuple[tuple[Configuration, MoveId], ...]
    lengths: tuple[tuple[int, int], ...]
    """Events before e, and for how many pairs; in order."""


@dataclass(frozen=True, slots=True)
class Lasso:
    """A schedule that can go on for ever: moves, each with by how much the rounds were lowered."""

    prefix: tuple[tuple[MoveId, int], ...]
    loop: tuple[tuple[MoveId, int], ...]

    @property
    def gain(self) -> int:
        """By how many rounds every participant is further after one loop."""
        return sum(by for _, by in self.loop)


def check_lemma(oracle: Oracle, configurations: Iterable[Configuration]) -> LemmaCount:
    """Some bivalent configurations, with every event that is applicable to them."""
    size = oracle.space.world.size
    exceptions: list[tuple[Configuration, MoveId]] = []
    lengths: dict[int, int] = {}
    pairs = 0
    for configuration in configurations:
        for event in dict.fromkeys(configuration[size:]):
            pairs += 1
            delay = find_delay(oracle, configuration, event)
            if delay is None:
                exceptions.append((configuration, event))
            else:
                length = len(delay.before)
                lengths[length] = lengths.get(length, 0) + 1
    return LemmaCount(pairs, tuple(exceptions), tuple(sorted(lengths.items())))


def find_lasso(seen: Survey, start: int, tries: int = 64) -> Lasso | None:
    """A short loop through bivalent configurations in which the rounds of all participants grow.

    Growth is what makes it fair: everybody steps, and whatever is not delivered belongs to a phase
    that its receiver has left. `tries` loops are looked for, at the configurations nearest to `start`.
    """
    found: list[Lasso] = []
    for source, edge in list_growing(seen, start)[:tries]:
        _, target, _ = seen.edges[source][edge]
        back = find_path(seen, target, source)
        first = find_path(seen, start, source)
        if back is None or first is None:
            continue
        loop = (follow(seen, source, edge), *follow_all(seen, target, back))
        found.append(Lasso(tuple(follow_all(seen, start, first)), loop))
    return min(found, key=lambda lasso: (len(lasso.loop), len(lasso.prefix)), default=None)


def list_growing(seen: Survey, start: int) -> list[tuple[int, int]]:
    """Configurations and edges by which the lowest round grows, between bivalent ones."""
    return [
        (source, place)
        for source in range(start, len(seen.configurations))
        if seen.is_bivalent(source)
        for place, (_, target, by) in enumerate(seen.edges[source])
        if by and seen.is_bivalent(target)
    ]


def find_path(seen: Survey, start: int, goal: int) -> list[int] | None:
    """The edges of a shortest way through bivalent configurations."""
    parents: dict[int, tuple[int, int]] = {start: (start, -1)}
    waiting = deque([start])
    while waiting and goal not in parents:
        at = waiting.popleft()
        for place, (_, target, _) in enumerate(seen.edges[at]):
            if target not in parents and seen.is_bivalent(target):
                parents[target] = (at, place)
                waiting.append(target)
    if goal not in parents:
        return None
    path: list[int] = []
    while goal != start:
        goal, place = parents[goal]
        path.append(place)
    return path[::-1]


def follow(seen: Survey, number: int, edge: int) -> tuple[MoveId, int]:
    """The move of an edge, and its shift."""
    move, _, by = seen.edges[number][edge]
    return move, by


def follow_all(seen: Survey, number: int, path: list[int]) -> list[tuple[MoveId, int]]:
    """The moves along a path."""
    moves = []
    for edge in path:
        moves.append(follow(seen, number, edge))
        number = seen.edges[number][edge][1]
    return moves
