"""All mining processes of a node: one search at a time, shared among them.

`mine(block)` replaces whatever was searched before; a proof that was on its way meanwhile is
dropped, by the number of its job. A process that dies is replaced, after a pause if it did not live
long, and what it held is tried again.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec
import structlog

from consensus.block import TreeBlock
from node.mining.job import LEASE, NONCES, Job
from node.mining.orders import Found, Left, Ready, Report, Rest, Spent, Tried
from node.mining.process import MiningProcess
from node.mining.rate import Rate
from node.tasks import OnFailure, end, spawn

_log = structlog.get_logger(__name__)

LIVED_S = 5.0
"""A process that lived so long did not die of the way it was started."""
PAUSE_MIN_S = 0.05
PAUSE_MAX_S = 10.0


class MiningAccount(NamedTuple):
    """What the mining has come to: processes wanted and up, hashes since the start and lately."""

    workers: int
    running: int
    hashes: int
    hashes_per_second: float
    found: int
    replaced: int


class Miner:
    """Finds proofs for one node, in `workers` processes (none: `mine` does nothing).

    `on_found(block)` is called with the block of the last `mine`, its header proved;
    `on_exhausted(block)` when every nonce was tried: mine a block with another header then. Either
    of them once for each `mine`, and the workers rest afterwards. `on_failure` hears of an error
    of ours, such as one that a callback raised, `on_report` of each word of a worker.
    """

    def __init__(
        self,
        engine: str,
        *,
        workers: int,
        nice: int,
        on_found: Callable[[TreeBlock], None],
        on_exhausted: Callable[[TreeBlock], None],
        on_failure: OnFailure,
        on_report: Callable[[Report], None] | None = None,
        nonces: int = NONCES,
        lease: int = LEASE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._workers = workers
        self._nice = nice
        self._on_found = on_found
        self._on_exhausted = on_exhausted
        self._on_failure = on_failure
        self._watch = on_report
        self._nonces = nonces
        self._lease = lease
        self._clock = clock
        self._rate = Rate(clock)
        self._job: Job | None = None
        self._jobs = 0
        self._found = 0
        self._replaced = 0
        self._processes: dict[int, MiningProcess] = {}
        self._ready: set[int] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the processes; they report when they are up, and take their share then."""
        for worker in range(self._workers):
            self._tasks.append(spawn(self._keep(worker), f"mining-{worker}", self._on_failure))

    async def close(self) -> None:
        """End all processes."""
        self._job = None
        await end(*self._tasks)
        self._tasks.clear()

    def mine(self, block: TreeBlock | None) -> None:
        """Look for a proof for this block, or for none; never waits."""
        if not self._workers:
            return
        self._jobs += 1
        self._job = None if block is None else self._make_job(block)
        for worker in sorted(self._ready):
            self._assign(worker)

    def _make_job(self, block: TreeBlock) -> Job:
        return Job(self._jobs, block, self._nonces, self._lease)

    def account(self) -> MiningAccount:
        """What it has come to."""
        return MiningAccount(
            self._workers,
            len(self._ready),
            self._rate.total,
            self._rate.per_second,
            self._found,
            self._replaced,
        )

    def pids(self) -> list[int]:
        """The processes, by their numbers in the system."""
        return [process.pid for process in self._processes.values()]

    # Processes

    async def _keep(self, worker: int) -> None:
        """One process after the other, for ever."""
        pause_s = PAUSE_MIN_S
        while True:
            started = self._clock()
            await self._live(worker)
            self._replaced += 1
            pause_s = PAUSE_MIN_S if self._clock() - started >= LIVED_S else pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    async def _live(self, worker: int) -> None:
        """One process from its start to its end."""
        try:
            process = await MiningProcess.start(
                self._engine, self._nice, lambda report: self._on_report(worker, report)
            )
        except OSError as error:
            _log.warning("a mining process cannot be started", error=str(error))
            return
        self._processes[worker] = process
        try:
            status = await process.follow()
            _log.warning("a mining process has ended", pid=process.pid, status=status)
        finally:
            self._lose(worker)
            await process.close()

    def _lose(self, worker: int) -> None:
        self._processes.pop(worker, None)
        self._ready.discard(worker)
        if self._job is not None:
            self._job.give_back(worker)

    # Work

    def _assign(self, worker: int) -> None:
        """Give a worker its share of what is searched now."""
        search = None if self._job is None else self._job.lease(worker)
        self._processes[worker].say(Rest() if search is None else search)

    def _on_report(self, worker: int, report: Report) -> None:
        if self._watch is not None:
            self._watch(report)
        match report:
            case Ready():
                self._ready.add(worker)
                self._assign(worker)
            case Tried(_, hashes) | Left(_, hashes):
                self._rate.add(hashes)
            case Spent(job, hashes):
                self._rate.add(hashes)
                self._on_spent(worker, job)
            case Found(job, header, hashes):
                self._rate.add(hashes)
                if self._job is not None and self._job.number == job:
                    self._finish(msgspec.structs.replace(self._job.block, header=header))

    def _on_spent(self, worker: int, job: int) -> None:
        if self._job is None or self._job.number != job:
            return
        self._job.spend(worker)
        self._assign(worker)
        if self._job.is_exhausted:
            block = self._job.block
            self.mine(None)
            self._on_exhausted(block)

    def _finish(self, block: TreeBlock) -> None:
        """A proof: everybody rests until there is something new."""
        self._found += 1
        self.mine(None)
        self._on_found(block)
