"""Who runs the seeds of a campaign: this process, or whatever else keeps the same promise."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeAlias, TypeVar

from node.simulation.errors import WorkerError

T = TypeVar("T")
Job: TypeAlias = Callable[[int], T]
"""Takes a seed. Other processes get it pickled: a function of a module, or a `partial` of one."""


class Pool(Protocol):
    """Workers. Whoever opened a pool closes it."""

    workers: int

    def map(self, job: Job[T], seeds: Iterable[int]) -> Iterator[T]:
        """The result for each seed, as they finish, in any order; raises `WorkerError`."""

    def close(self) -> None:
        """End the workers promptly, also in the middle of a seed."""


class LocalPool:
    """One seed after the other, in this process."""

    workers = 1

    def map(self, job: Job[T], seeds: Iterable[int]) -> Iterator[T]:
        """The result for each seed, in order; raises `WorkerError`."""
        for seed in seeds:
            yield run_one(job, seed)

    def close(self) -> None:
        """There is nothing to end."""


def run_one(job: Job[T], seed: int) -> T:
    """One result. What the job raises becomes a `WorkerError` that names the seed."""
    try:
        return job(seed)
    except Exception as error:
        raise WorkerError(
            f"seed {seed} ended with {type(error).__name__}: {error}", reason="seed-raised"
        ) from error


def run_chunk(job: Job[T], seeds: tuple[int, ...]) -> list[T]:
    """What a worker does at a time."""
    return [run_one(job, seed) for seed in seeds]
