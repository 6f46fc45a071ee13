"""The similarity chain: why f rounds are too few, for any algorithm (the chapter's 4.3).

Two executions are *similar* if somebody who is correct in both has the same view in both: by any
deterministic algorithm it decides the same in both, and so does everybody else that is correct in
either. A chain of similar executions from the failure-free one in which all propose 0 to that in which
all propose 1 therefore breaks every algorithm of so many rounds: its ends decide differently, or
validity fails there; or somewhere between, agreement does.

Here the whole space is searched, so where there is no chain there is none at all (which does not say
by itself that an algorithm exists; for f + 1 rounds FloodSet is one). Sources: Fischer and Lynch 1982;
Dolev and Strong 1983; the form with views is Aguilera and Toueg's 1999 and Lynch's (1996, 6.7).
"""

from collections import deque
from dataclasses import dataclass

from consensus.bounds.views import Book, Execution, View, list_executions
from consensus.committee import ReplicaId

Shared = tuple[ReplicaId, View]


@dataclass(frozen=True, slots=True)
class Chain:
    """Executions, each similar to the next; `links[i]` cannot tell number i from number i + 1."""

    executions: tuple[Execution, ...]
    links: tuple[ReplicaId, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """What the search for a chain saw; `reached` counts the executions similar, over others, to all-0."""

    size: int
    faults: int
    rounds: int
    executions: int
    views: int
    reached: int
    chain: Chain | None


def search(size: int, faults: int, rounds: int) -> Search:
    """The shortest chain of executions of so many rounds, if there is one."""
    book, executions, views = Book(), [], []
    sharing: dict[Shared, list[int]] = {}
    for number, execution in enumerate(list_executions(size, faults, rounds)):
        correct = set(execution.correct)
        shared = [s for s in book.compute_views(execution, rounds).items() if s[0] in correct]
        executions.append(execution)
        views.append(shared)
        for one in shared:
            sharing.setdefault(one, []).append(number)
    start = executions.index(Execution((0,) * size))
    goal = executions.index(Execution((1,) * size))
    came_from = walk(start, views, sharing)
    chain = trace_back(goal, came_from, executions) if goal in came_from else None
    return Search(size, faults, rounds, len(executions), len(sharing), len(came_from), chain)


def walk(
    start: int, views: list[list[Shared]], sharing: dict[Shared, list[int]]
) -> dict[int, tuple[int, ReplicaId]]:
    """Everything that a chain from `start` comes to, with the step before and who shares it."""
    came_from = {start: (start, -1)}
    waiting = deque([start])
    done: set[Shared] = set()
    while waiting:
        number = waiting.popleft()
        for shared in views[number]:
            if shared in done:
                continue
            done.add(shared)
            for other in sharing[shared]:
                if other not in came_from:
                    came_from[other] = (number, shared[0])
                    waiting.append(other)
    return came_from


def trace_back(
    goal: int, came_from: dict[int, tuple[int, ReplicaId]], executions: list[Execution]
) -> Chain:
    """The chain that led to `goal`."""
    path, links = [executions[goal]], []
    while came_from[goal][0] != goal:
        goal, link = came_from[goal]
        path.append(executions[goal])
        links.append(link)
    return Chain(tuple(reversed(path)), tuple(reversed(links)))
