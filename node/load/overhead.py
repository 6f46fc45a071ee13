"""What watching costs: one network that is watched, one that is not, measured in turn in one run.

Both stand side by side. Of the second nothing is counted (`metrics.enabled`) nor written down
(`events.enabled`), nobody scrapes it, looks at its explorer or listens to its events; of the first
everything, while it is its turn. Each is offered more than it can take, so that what becomes final
in the time until all is final is its throughput.

Two networks made alike differ by some per cent for as long as they live, and a machine that is busy
otherwise disturbs whoever has the turn. So a round has two halves: in the second the networks change
roles, after a restart. The ratio of a round is the geometric mean of its halves, in which a network
that is quicker, and a turn that comes first, count on both sides; and of all rounds the median.
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


class Half(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides, one after the other."""

    watched: Turn
    alone: Turn

    @property
    def ratio(self) -> float:
        """Throughput, watched over alone."""
        return self.watched.tx_per_second / self.alone.tx_per_second

    @property
    def cpu_ratio(self) -> float:
        """Processor time per transaction, watched over alone."""
        return self.watched.cpu_seconds_per_1000 / self.alone.cpu_seconds_per_1000


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """Each network in each role."""

    halves: tuple[Half, Half]

    @property
    def ratio(self) -> float:
        """Throughput, watched over alone."""
        return round(statistics.geometric_mean(half.ratio for half in self.halves), 4)

    @property
    def cpu_ratio(self) -> float:
        """Processor time per transaction, watched over alone."""
        return round(statistics.geometric_mean(half.cpu_ratio for half in self.halves), 4)


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
    contest = Contest(
        Contestant(create_network(folder / "one", plan)),
        Contestant(create_network(folder / "other", other)),
        options,
        say,
    )
    report = await contest.run()
    if not keep:
        for network in (contest.first.network, contest.second.network):
            remove(network.home)
    return report


class Contestant:
    """A network that can be dressed for either role, while it does not run."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._configs = {
            member.home / "config.toml": (member.home / "config.toml").read_text("utf-8")
            for member in network.members
        }

    def dress(self, *, is_counting: bool) -> None:
        """Have its nodes count and write down everything from their next start on, or nothing."""
        for path, config in self._configs.items():
            path.write_text(config if is_counting else config + UNCOUNTED, "utf-8")


class Contest:
    """Measures two networks in turn; `first` always begins, in either role."""

    def __init__(
        self, first: Contestant, second: Contestant, options: OverheadOptions, say: Say
    ) -> None:
        self.first = first
        self.second = second
        self._options = options
        self._say = say

    async def run(self) -> OverheadReport:
        """All rounds."""
        cores, plan = os.cpu_count() or 1, self.first.network.plan
        spawning = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(cores, mp_context=spawning) as pool:
            verifications = await asyncio.to_thread(measure_verifications, pool, cores)
            rate = self._options.rate or OFFERED_SHARE * verifications / plan.validators
            rounds: list[Round] = []
            for number in range(self._options.rounds):
                halves = await self._hold(rate, pool, 1), await self._hold(rate, pool, 2)
                rounds.append(Round(halves=halves))
                self._say(
                    f"round {number + 1}: {rounds[-1].ratio:.3f},"
                    f" processor time {rounds[-1].cpu_ratio:.3f}"
                )
        return OverheadReport(
            engine=plan.engine,
            nodes=plan.validators,
            ways=self._options.ways,
            offered_per_second=round(rate, 1),
            machine=describe_machine(),
            commit=read_commit(),
            rounds=rounds,
        )

    async def _hold(self, rate: float, pool: ProcessPoolExecutor, number: int) -> Half:
        """Half a round: the first network is watched in the first, the second in the second."""
        options, both = self._options, (self.first, self.second)
        watched = both[number - 1]
        turns: dict[bool, Turn] = {}
        self._say(f"starting both networks; {watched.network.home} is watched …")
        async with AsyncExitStack() as stack:
            for one in both:
                one.dress(is_counting=one is watched)
                await run_network(one.network, stack)
            fields = [await open_field(one.network, options, pool, stack) for one in both]
            for one, field in zip(both, fields, strict=True):
                if one is watched:
                    urls = [member.url for member in one.network.members]
                    turns[True] = await measure_watched(field, urls, rate, options)
                else:
                    turns[False] = make_turn(await field.measure(rate, options.seconds))
        half = Half(watched=turns[True], alone=turns[False])
        self._say(describe_half(half))
        return half


async def run_network(network: Network, stack: AsyncExitStack) -> None:
    """Have a network run until the stack ends."""
    supervisor = Supervisor(network)
    stack.push_async_callback(supervisor.stop)
    supervisor.start()
    await supervisor.wait_ready()


async def open_field(
    network: Network,
    options: OverheadOptions,
    pool: ProcessPoolExecutor,
    stack: AsyncExitStack,
) -> Range:
    """A network with funded accounts, ready to be measured."""
    urls = [member.url for member in network.members]
    clients = [await stack.enter_async_context(Client(url, CLIENT_TIMEOUT_S)) for url in urls]
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


def describe_half(one: Half) -> str:
    """A line for people."""
    watched, alone, seen = one.watched, one.alone, one.watched.audience or Attendance()
    return (
        f"{watched.tx_per_second:,.0f} tx/s watched"
        f" ({seen.scrapes} scrapes, {seen.pages} pages, {seen.event_bytes:,} bytes of events),"
        f" {alone.tx_per_second:,.0f} alone: {one.ratio:.3f};"
        f" processor time {one.cpu_ratio:.3f}"
    )
