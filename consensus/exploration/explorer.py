"""Go through every configuration that can be reached, and stop at the first that breaks a property."""

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

PROGRESS_EVERY = 4_096


class Space(Protocol):
    """What can be explored: hashable configurations, and numbered moves between them."""

    def successors(self, configuration: Any) -> Iterator[tuple[int, Any]]:
        """Every possible move, and where it leads."""


@dataclass(slots=True)
class Exploration:
    """What was seen; configurations by number, the first ones are the starts."""

    configurations: list[Any] = field(default_factory=list)
    index: dict[Any, int] = field(default_factory=dict)
    parents: "array[int]" = field(default_factory=lambda: array("q"))
    moves: "array[int]" = field(default_factory=lambda: array("q"))
    """By which move each was reached first."""
    transitions: int = 0
    depths: "array[int]" = field(default_factory=lambda: array("l"))
    """How many moves each is from a start, on the way by which it was reached first."""
    cut_by: str = ""
    """Which limit left something out: `depth`, `configurations` or `memory`; empty if none did."""
    is_closed: bool = False
    """Was everything that can be reached seen."""
    violation: tuple[int, str] | None = None
    """The first configuration that broke a property, and which."""

    def path(self, number: int) -> list[int]:
        """The moves that lead from a start to a configuration."""
        moves: list[int] = []
        while self.parents[number] >= 0:
            moves.append(self.moves[number])
            number = self.parents[number]
        return moves[::-1]

    def list_ancestors(self, number: int) -> list[int]:
        """The configurations from a start to one, both included."""
        ancestors = [number]
        while self.parents[ancestors[-1]] >= 0:
            ancestors.append(self.parents[ancestors[-1]])
        return ancestors[::-1]

    def add(self, configuration: Any, parent: int, move: int) -> int:
        """Number a configuration that is new."""
        number = len(self.configurations)
        self.index[configuration] = number
        self.configurations.append(configuration)
        self.parents.append(parent)
        self.depths.append(self.depths[parent] + 1 if parent >= 0 else 0)
        self.moves.append(move)
        return number


def explore(
    space: Space,
    starts: Iterable[Any],
    judge: Callable[[Any], str | None],
    *,
    configurations_max: int = 1_000_000,
    depth_max: int | None = None,
    depth_first: bool = False,
    on_progress: Callable[[Exploration], None] | None = None,
    may_go_on: Callable[[Exploration], bool] | None = None,
) -> Exploration:
    """Breadth first, so that the first violation is a shortest one, unless `depth_first` is asked for.

    With `depth_max` moves beyond so many are left out, and the space is closed only if there were none.
    `may_go_on` is asked before each configuration more: is there memory left.
    """
    seen = Exploration()
    waiting: list[int] = []
    for start in starts:
        if start not in seen.index:
            waiting.append(seen.add(start, -1, -1))
            if (broken := judge(start)) is not None:
                seen.violation = (waiting[-1], broken)
                return seen
    at = 0
    while at < len(waiting):
        number = waiting.pop() if depth_first else waiting[at]
        at += not depth_first
        moves = space.successors(seen.configurations[number])
        if depth_max is not None and seen.depths[number] >= depth_max:
            seen.cut_by = seen.cut_by or ("depth" if any(True for _ in moves) else "")
            continue
        for move, following in moves:
            seen.transitions += 1
            if following in seen.index:
                continue
            waiting.append(reached := seen.add(following, number, move))
            if (broken := judge(following)) is not None:
                seen.violation = (reached, broken)
                return seen
            if on_progress is not None and reached % PROGRESS_EVERY == 0:
                on_progress(seen)
            if reached + 1 >= configurations_max or (may_go_on is not None and not may_go_on(seen)):
                seen.cut_by = "configurations" if reached + 1 >= configurations_max else "memory"
                return seen
    seen.is_closed = not seen.cut_by
    return seen
