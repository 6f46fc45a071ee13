"""A pool on a Dask cluster, for campaigns that outgrow one machine.

The optional extra `dask` brings the library. Scheduler and workers are the user's own
(`dask scheduler`, `dask worker tcp://…`). Each worker needs this project in the same version, for
what travels is the name of a function and its arguments.
"""

import importlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from itertools import islice
from typing import Any

from node.simulation.errors import PoolError, WorkerError
from node.simulation.pool import Job, T, run_chunk
from node.simulation.seeds import chunk_seeds, name_seeds

CONNECT_TIMEOUT_S = 10
POLL_S = 2
"""How often the cluster is asked whether anybody is still there."""
POLLS_ALONE_MAX = 15
"""So often nobody: workers that start again need a while."""
CHUNKS_PER_WORKER = 4
"""More than for a process, since the way is longer."""

LOGGERS = ("distributed", "distributed.client")
"""Those to which the library gives a level and a handler of their own."""
WORKER_MODULE = "node.simulation.worker"

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")


class DaskPool:
    """The workers of the cluster whose scheduler listens at `address`, as `tcp://host:port`.

    Raises `PoolError` without the library, without an answer in time, and without workers.
    """

    def __init__(self, address: str, timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        check_address(address)
        self._dask = import_dask()
        self._client = connect(self._dask, address, timeout_s)
        try:
            check_workers(self._client, address, timeout_s)
        except PoolError:
            self.close()
            raise
        self.workers = self._count_workers()

    def map(self, job: Job[T], seeds: Iterable[int]) -> Iterator[T]:
        """The result for each seed, as they finish; raises `WorkerError`."""
        chunks = chunk_seeds(seeds)
        running: dict[Any, tuple[int, ...]] = {}
        while True:
            for chunk in islice(chunks, CHUNKS_PER_WORKER * self.workers - len(running)):
                running[self._client.submit(run_chunk, job, chunk, pure=False)] = chunk
            if not running:
                return
            for future in self._wait(running):
                results = take(future, running[future])
                del running[future]
                yield from results

    def _wait(self, running: Mapping[Any, tuple[int, ...]]) -> list[Any]:
        """What has finished; raises `WorkerError` when nobody is left to finish anything."""
        for _ in range(POLLS_ALONE_MAX):
            try:
                if done := self._poll(list(running)):
                    return done
            except (CancelledError, OSError) as error:
                raise lost("the connection to the scheduler", running.values()) from error
        raise lost("every worker of the cluster", running.values())

    def _poll(self, futures: list[Any]) -> list[Any]:
        """What has finished; nothing if meanwhile the cluster has lost all of its workers."""
        while True:
            try:
                with self._client.as_current():
                    done = self._dask.wait(futures, timeout=POLL_S, return_when="FIRST_COMPLETED")
                return list(done.done)
            except TimeoutError:
                if not self._count_workers():
                    return []

    def _count_workers(self) -> int:
        """Threads of all workers, at this moment."""
        return sum(self._client.nthreads().values())

    def close(self) -> None:
        """Give back what has not begun; a worker ends the few seeds that it is at."""
        self._client.close(timeout=POLL_S)


def check_address(address: str) -> None:
    """Raise `PoolError` for what cannot be a scheduler's address."""
    if not _ADDRESS.fullmatch(address):
        raise PoolError(
            f"{address[:80]!r} is not the address of a Dask scheduler",
            reason="bad-address",
            advice="write tcp://HOST:PORT, as `dask scheduler` prints it",
        )


def import_dask() -> Any:
    """The library `distributed`, which only campaigns on a cluster need."""
    try:
        dask = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        raise PoolError(
            "campaigns on a Dask cluster need the library `distributed`",
            reason="dask-missing",
            advice="install it: pip install 'quorate[dask]'",
        ) from error
    # What happens to the cluster becomes one of our errors; it is not told twice.
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return dask


def connect(dask: Any, address: str, timeout_s: float) -> Any:
    """A client of the cluster; raises `PoolError` without an answer in time."""
    try:
        return dask.Client(address, timeout=timeout_s, set_as_default=False)
    except (OSError, ValueError) as error:
        raise PoolError(
            f"no Dask scheduler answers at {address}: {error}",
            reason="dask-unreachable",
            advice="start one: dask scheduler",
        ) from error


def check_workers(client: Any, address: str, timeout_s: float) -> None:
    """Raise `PoolError` if no worker comes in time, or one cannot import what it is to run."""
    try:
        client.wait_for_workers(1, timeout=timeout_s)
        client.run(exec, f"import {run_chunk.__module__}, {WORKER_MODULE}")
    except TimeoutError as error:
        raise PoolError(
            f"the cluster at {address} has no workers",
            advice=f"start some: dask worker {address}",
        ) from error
    except ImportError as error:
        raise PoolError(
            f"a worker of the cluster cannot run this: {error}",
            reason="dask-worker-unfit",
            advice="install this version of quorate where the workers run",
        ) from error


def take(future: Any, chunk: tuple[int, ...]) -> Any:
    """The results of a chunk; raises `WorkerError`, whatever has become of it."""
    try:
        return future.result()
    except WorkerError:
        raise
    except Exception as error:
        raise WorkerError(
            f"a worker of the cluster failed at the seeds {name_seeds([chunk])}: {error}",
            advice="each worker needs this version of quorate; --workers 1 runs the seeds here",
        ) from error


def lost(what: str, chunks: Iterable[tuple[int, ...]]) -> WorkerError:
    """The error when a cluster goes away under way."""
    return WorkerError(f"{what} was lost; in flight were the seeds {name_seeds(chunks)}")
