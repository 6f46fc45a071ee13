"""A benchmark of a running network: signature limit, highest sustained rate, half of it, profile."""

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import msgspec

from ledger.keys import KeyPair
from node.client import Client
from node.load.accounts import Drafts, open_payers
from node.load.limit import measure_verifications
from node.load.machine import describe_machine, read_commit
from node.load.measure import Finding, Measurement, Range
from node.load.profile import Profile
from node.load.ramp import confirm, find_ceiling
from node.load.traffic import TrafficShare, read_formula

CLIENT_TIMEOUT_S = 20.0
FIRST_SHARE = 0.2
"""The search begins at this share of the signature limit."""
STEP_S = 8.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BenchmarkOptions:
    """What to measure. `rate` None searches for the highest that is sustained."""

    rate: float | None = None
    seconds: float = 60.0
    batch_size: int = 250
    accounts: int = 1_000
    with_half: bool = True


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a published number needs beside it."""

    engine: str
    nodes: int
    batch_size: int
    accounts: int
    durability: str
    event_loop: str
    machine: dict[str, Any]
    commit: str | None
    verifications_per_second: float
    signature_limit: float
    ratio: float
    full: Measurement
    half: Measurement | None
    profile: Profile
    traffic: TrafficShare

    def to_plain(self) -> dict[str, Any]:
        """For JSON."""
        return msgspec.structs.asdict(self) | {
            "full": self.full.to_plain(),
            "half": None if self.half is None else self.half.to_plain(),
            "profile": self.profile.to_plain(),
            "traffic": self.traffic.to_plain(),
            "cpu_seconds_per_1000": self.profile.cpu_seconds_per_1000,
        }


DURABILITY = "mempool log and journal synced before an acknowledgement or a vote leaves"


async def run_benchmark(
    urls: Sequence[str], faucet: KeyPair, options: BenchmarkOptions, say: Say
) -> Report:
    """Measure the network at `urls`, all of whose nodes must answer.

    Raises `LoadError` or `ClientError` where that is not so.
    """
    cores = os.cpu_count() or 1
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(url, CLIENT_TIMEOUT_S)) for url in urls]
        spawning = multiprocessing.get_context("spawn")
        pool = stack.enter_context(ProcessPoolExecutor(cores, mp_context=spawning))
        status = await clients[0].status()
        validators = len((await clients[0].validators()).validators)
        say(f"funding {options.accounts} accounts …")
        payers = await open_payers(clients, faucet, options.accounts)
        drafts = Drafts(payers, len(clients), options.batch_size)
        formula = read_formula(status.engine, validators)
        field = Range(clients, status.chain_id, drafts, pool, options.batch_size, formula=formula)
        before = await asyncio.to_thread(measure_verifications, pool, cores)
        say(f"{before:,.0f} verifications a second on {cores} cores")
        trial = Trial(field, say)
        full = await trial.find(before / validators, options)
        finding = trial.finding
        half = None
        if options.with_half:
            half = await trial.attempt(full.offered_per_second / 2, options.seconds)
        after = await asyncio.to_thread(measure_verifications, pool, cores)
    limit = max(before, after) / validators
    return Report(
        engine=status.engine,
        nodes=len(urls),
        batch_size=options.batch_size,
        accounts=options.accounts,
        durability=DURABILITY,
        event_loop=status.event_loop,
        machine=describe_machine(),
        commit=read_commit(),
        verifications_per_second=round(max(before, after), 1),
        signature_limit=round(limit, 1),
        ratio=round(full.tx_per_second / limit, 4),
        full=full,
        half=half,
        profile=finding.profile,
        traffic=finding.traffic,
    )


class Trial:
    """Attempts at rates, told as they go; keeps the last one's costs too."""

    def __init__(self, field: Range, say: Say) -> None:
        self._field = field
        self._say = say
        self.finding: Finding

    async def attempt(self, rate: float, seconds: float) -> Measurement:
        """One measurement."""
        self._say(f"{rate:,.0f} tx/s for {seconds:g} s: signing …")
        self.finding = await self._field.measure(rate, seconds)
        measurement = self.finding.measurement
        latency = measurement.latency_ms
        self._say(
            f"  {measurement.tx_per_second:,.0f} tx/s final on all nodes,"
            f" p50 {latency['p50']} p95 {latency['p95']} p99 {latency['p99']} ms,"
            f" {measurement.final} of {measurement.sent} final,"
            f" drained after {measurement.drain_seconds:g} s"
            + ("" if measurement.is_sustained else " (not sustained)")
        )
        return measurement

    async def find(self, limit: float, options: BenchmarkOptions) -> Measurement:
        """The given rate, or the highest that is sustained for the whole time."""
        if options.rate is not None:
            return await self.attempt(options.rate, options.seconds)
        step_s = min(STEP_S, options.seconds)
        ceiling = await find_ceiling(self.attempt, limit * FIRST_SHARE, step_s)
        return await confirm(self.attempt, ceiling, options.seconds)
