"""What watching costs: one network that is watched, one that is not, measured in turn in one run.

Both are made alike and stay up all the time. Of the second nothing is counted (`metrics.enabled`),
nobody scrapes it, looks at its explorer or listens to its events; of the first everything, while it
is its turn. Each is offered more than it can take, so that what becomes final in the time until all
is final is its throughput. A machine that is busy otherwise disturbs both sides of a round alike,
so the ratio within a round counts, and of all rounds the median.
"""

import asyncio
import multiprocessing
import os
import statistics
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ledger.keys import KeyPair
from node.client import Client
from node.identity import load_identity
from node.load.accounts import Drafts, open_payers
from node.load.audience import EVERY_WAY, READY, Attendance, Way
from node.load.bench import remove
from node.load.benchmark import CLIENT_TIMEOUT_S, Say
from node.load.limit import measure_verifications
from node.load.machine import describe_machine, read_commit
from node.load.measure import Finding, Range
from node.load.traffic import read_formula
from node.testnet.network import Network, create_network
from node.testnet.plan import Plan
from node.testnet.ports import PORTS_PER_NODE
from node.testnet.supervisor import Supervisor

OFFERED_SHARE = 0.9
"""Of the signature limit: more than any network of that size has come to."""
UNCOUNTED = "\n[metrics]\nenabled = false\n\n[events]\nenabled = false\n"


@dataclass(frozen=True, slots=True)
class OverheadOptions:
    """`rate` None offers `OFFERED_SHARE` of the signature limit; a turn lasts `seconds` and longer."""

    rate: float | None = None
    rounds: int = 5
    seconds: float = 8.0
    batch_size: int = 250
    accounts: int = 1_000
    ways: tuple[Way, ...] = EVERY_WAY


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one network came to in one turn, and what its nodes took for it together."""

    tx_per_second: float
    p50_ms: float | None
    cpu_seconds_per_1000: float
    final: int
    sent: int
    audience: Attendance | None = None


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides, one after the other."""

    watched: Turn
    alone: Turn

    @property
    def ratio(self) -> float:
        """Throughput, watched over alone."""
        return round(self.watched.tx_per_second / self.alone.tx_per_second, 4)

    @property
    def cpu_ratio(self) -> float:
        """Processor time per transaction, watched over alone."""
        return round(self.watched.cpu_seconds_per_1000 / self.alone.cpu_seconds_per_1000, 4)


class OverheadReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a published ratio needs beside it."""

    engine: str
    nodes: int
    ways: tuple[Way, ...]
    offered_per_second: float
    machine: dict[str, Any]
    commit: str | None
    rounds: list[Round]

    @property
    def ratio(self) -> float:
        """The median of all rounds."""
        return statistics.median(one.ratio for one in self.rounds)

    @property
    def cpu_ratio(self) -> float:
        """The median of all rounds."""
        return statistics.median(one.cpu_ratio for one in self.rounds)

    def to_plain(self) -> dict[str, Any]:
        """For JSON."""
        rounds = [
            msgspec.to_builtins(one) | {"ratio": one.ratio, "cpu_ratio": one.cpu_ratio}
            for one in self.rounds
        ]
        plain = msgspec.structs.asdict(self)
        return plain | {"rounds": rounds, "ratio": self.ratio, "cpu_ratio": self.cpu_ratio}


async def measure_overhead(
    folder: Path, plan: Plan, options: OverheadOptions, say: Say, *, keep: bool
) -> OverheadReport:
    """Make both networks in `folder`, measure them in turn, end them.

    Raises `LoadError`, `ClientError` or `ClusterError` where that cannot be done. The folders are
    removed unless they are to be kept, or something went wrong.
    """
    other = msgspec.structs.replace(plan, base_port=plan.base_port + PORTS_PER_NODE * plan.nodes)
    networks = (
        create_network(folder / "watched", plan),
        make_uncounted(create_network(folder / "alone", other)),
    )
    async with AsyncExitStack() as stack:
        for network in networks:
            supervisor = Supervisor(network)
            stack.push_async_callback(supervisor.stop)
            supervisor.start()
            await supervisor.wait_ready()
        report = await compare_networks(networks, options, say)
    if not keep:
        for network in networks:
            remove(network.home)
    return report


def make_uncounted(network: Network) -> Network:
    """Have no node of a new network count anything."""
    for member in network.members:
        with (member.home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(UNCOUNTED)
    return network


async def compare_networks(
    networks: tuple[Network, Network], options: OverheadOptions, say: Say
) -> OverheadReport:
    """Measure two networks in turn; who begins changes each round."""
    cores, plan = os.cpu_count() or 1, networks[0].plan
    async with AsyncExitStack() as stack:
        spawning = multiprocessing.get_context("spawn")
        pool = stack.enter_context(ProcessPoolExecutor(cores, mp_context=spawning))
        verifications = await asyncio.to_thread(measure_verifications, pool, cores)
        rate = options.rate or OFFERED_SHARE * verifications / plan.validators
        watched, alone = [
            await open_field(network, options, pool, stack, say) for network in networks
        ]
        urls = [member.url for member in networks[0].members]
        rounds: list[Round] = []
        for number in range(options.rounds):
            turns: dict[str, Turn] = {}
            for side in ("watched", "alone") if number % 2 == 0 else ("alone", "watched"):
                if side == "watched":
                    turns[side] = await measure_watched(watched, urls, rate, options)
                else:
                    turns[side] = make_turn(await alone.measure(rate, options.seconds))
            rounds.append(Round(**turns))
            say(describe_round(number + 1, rounds[-1]))
    return OverheadReport(
        engine=plan.engine,
        nodes=plan.validators,
        ways=options.ways,
        offered_per_second=round(rate, 1),
        machine=describe_machine(),
        commit=read_commit(),
        rounds=rounds,
    )


async def open_field(
    network: Network,
    options: OverheadOptions,
    pool: ProcessPoolExecutor,
    stack: AsyncExitStack,
    say: Say,
) -> Range:
    """A network with funded accounts, ready to be measured."""
    urls = [member.url for member in network.members]
    clients = [await stack.enter_async_context(Client(url, CLIENT_TIMEOUT_S)) for url in urls]
    say(f"funding {options.accounts} accounts in {network.home} …")
    faucet = KeyPair(load_identity(network.faucet_path).seed)
    payers = await open_payers(clients, faucet, options.accounts)
    drafts = Drafts(payers, len(clients), options.batch_size)
    formula = read_formula(network.plan.engine, network.plan.validators)
    chain_id = (await clients[0].status()).chain_id
    return Range(clients, chain_id, drafts, pool, options.batch_size, formula=formula)


async def measure_watched(
    field: Range, urls: Sequence[str], rate: float, options: OverheadOptions
) -> Turn:
    """A turn with an audience."""
    async with watching(options.ways, urls) as audience:
        finding = await field.measure(rate, options.seconds)
    seen = msgspec.json.decode(await audience, type=Attendance)
    return make_turn(finding, seen)


@asynccontextmanager
async def watching(
    ways: Sequence[Way], urls: Sequence[str]
) -> AsyncIterator["asyncio.Future[bytes]"]:
    """An audience in a process of its own; what it has seen is there once the block has ended."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "node.load.audience", ",".join(ways), *urls),
        stdin=pipe,
        stdout=pipe,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    seen: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    try:
        assert (await process.stdout.readline()).decode().strip() == READY
        yield seen
    finally:
        said, _ = await process.communicate(b"")
        seen.set_result(said)


def make_turn(finding: Finding, audience: Attendance | None = None) -> Turn:
    """What counts of a finding."""
    measurement = finding.measurement
    return Turn(
        tx_per_second=measurement.tx_per_second,
        p50_ms=measurement.latency_ms["p50"],
        cpu_seconds_per_1000=finding.profile.cpu_seconds_per_1000,
        final=measurement.final,
        sent=measurement.sent,
        audience=audience,
    )


def describe_round(number: int, one: Round) -> str:
    """A line for people."""
    watched, alone, seen = one.watched, one.alone, one.watched.audience or Attendance()
    return (
        f"round {number}: {watched.tx_per_second:,.0f} tx/s watched"
        f" ({seen.scrapes} scrapes, {seen.pages} pages, {seen.event_bytes:,} bytes of events),"
        f" {alone.tx_per_second:,.0f} alone: {one.ratio:.3f};"
        f" processor time {one.cpu_ratio:.3f}"
    )
