"""A pool of processes on this machine.

The workers are spawned, not forked: they share no state with the parent, so a result that depends
on anything but its seed shows. They never see Ctrl-C, and never outlive the parent.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice

from node.simulation.errors import WorkerError
from node.simulation.pool import Job, T, run_chunk
from node.simulation.seeds import chunk_seeds, name_seeds

CHUNKS_PER_WORKER = 2
"""One at work and one waiting, so that nobody is idle and few seeds are in flight."""
ENDINGS = frozenset({signal.SIGTERM, signal.SIGHUP})


class ProcessPool:
    """`workers` processes, started as they are needed."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._others = set(multiprocessing.active_children())
        self._executor = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=follow_parent
        )

    def map(self, job: Job[T], seeds: Iterable[int]) -> Iterator[T]:
        """The result for each seed, as they finish; raises `WorkerError`."""
        chunks = chunk_seeds(seeds)
        running: dict[Future[list[T]], tuple[int, ...]] = {}
        try:
            while True:
                for chunk in islice(chunks, CHUNKS_PER_WORKER * self.workers - len(running)):
                    running[self._submit(job, chunk)] = chunk
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    results = future.result()
                    del running[future]
                    yield from results
        except BrokenProcessPool as error:
            raise WorkerError(
                f"a worker process died; in flight were the seeds {name_seeds(running.values())}",
                advice="with --workers 1 and one --seed at a time it shows which one it is",
            ) from error

    def _submit(self, job: Job[T], chunk: tuple[int, ...]) -> "Future[list[T]]":
        with postponed_signals():
            return self._executor.submit(run_chunk, job, chunk)

    def close(self) -> None:
        """End the processes, in the middle of a seed if need be."""
        for process in set(multiprocessing.active_children()) - self._others:
            process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def postponed_signals() -> Iterator[None]:
    """A process that starts meanwhile starts whole; the signals come a little later.

    It inherits what is blocked here, and so never sees the Ctrl-C that is meant for its parent.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, *ENDINGS})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def follow_parent() -> None:
    """In a worker: end when told to, and when the parent has ended, however that came about."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
    threading.Thread(target=wait_for_parent, daemon=True).start()


def wait_for_parent() -> None:
    """Block until the parent is gone, then end this process at once."""
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(1)
