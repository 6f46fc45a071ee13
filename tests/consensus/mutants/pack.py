"""Many mutants hunted at once, in processes; each mutant meets its seeds in order."""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

from tests.consensus.mutants.hunting import Hunt, hunt
from tests.consensus.mutants.registry import MUTANTS

PACE = 10
"""Seeds between two signs of life."""


def hunt_some(name: str, first: int, last: int) -> Hunt:
    """A few seeds of one mutant, in a worker."""
    return hunt(MUTANTS[name], range(first, last))


def hunt_all(names: Sequence[str], seeds: range, workers: int) -> Iterator[tuple[Hunt, bool]]:
    """The state of each hunt after a few more seeds, and whether it has ended."""
    states = {name: Hunt(name) for name in names}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {chase(pool, name, seeds, 0): name for name in names}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                name = running.pop(future)
                state = states[name] = add(states[name], future.result())
                is_over = state.kill is not None or state.storms >= len(seeds)
                if not is_over:
                    running[chase(pool, name, seeds, state.storms)] = name
                yield state, is_over


def chase(pool: ProcessPoolExecutor, name: str, seeds: range, tried: int) -> "Future[Hunt]":
    """Hand the next seeds to a worker."""
    part = seeds[tried : tried + PACE]
    return pool.submit(hunt_some, name, part.start, part.stop)


def add(state: Hunt, more: Hunt) -> Hunt:
    """Both parts of a hunt as one."""
    storms, seconds = state.storms + more.storms, state.seconds + more.seconds
    return Hunt(state.name, more.kill, more.at_ms, storms, seconds)
