"""A network in the foreground: start, load, live table, clean stop, verdict."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from node.client import Client
from node.diagnosis.finding import Severity
from node.diagnosis.network import Told, conclude
from node.load.latency import summarise_latencies
from node.testnet.demo import start_demo
from node.testnet.link_control import ask_links, describe_links
from node.testnet.meters import Meters
from node.testnet.monitor_process import MonitorOptions
from node.testnet.network import Network
from node.testnet.reports import Reporter
from node.testnet.supervisor import Supervisor
from node.testnet.table import make_table, show
from node.testnet.verdict import RunningLoad, Verdict, reach_verdict
from node.testnet.waiting import finish_unless

REFRESH_S = 1.0
SETTLE_TIMEOUT_S = 30.0
SETTLE_AFTER_CTRL_C_S = 5.0
RECENT = 2_000
"""Latencies in the live table are of so many last payments."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to run: payments a second (0 for none), and for how long (None: until Ctrl-C).

    `log_level` is the nodes'; None leaves it to their configuration. With `monitor` a Prometheus
    watches.
    """

    rate: float
    seconds: float | None
    log_level: str | None = None
    monitor: MonitorOptions | None = None


class Companion(Protocol):
    """What goes along with a run: its load, and whatever happens to the network meanwhile."""

    async def start_load(self, clients: Sequence[Client]) -> RunningLoad | None:
        """Start the load; None where there is none."""
        ...

    async def begin(self, supervisor: Supervisor) -> None:
        """The load is on: time begins."""

    def check(self) -> None:
        """Raise what must end the run, if something must."""

    def describe(self) -> list[str]:
        """What is told beneath the live table."""
        ...

    async def mend(self) -> Sequence[Client]:
        """Let all nodes take part again; returns the clients of those that came later."""
        ...

    async def close(self) -> None:
        """Let everything go, whatever happened before."""


class Run:
    """One run of one network; `stop` may be called from a signal handler, more than once."""

    def __init__(
        self,
        network: Network,
        options: RunOptions,
        console: Console,
        companion: Companion | None = None,
    ) -> None:
        self._network = network
        self._companion = companion
        self._options = options
        self._console = console
        self._supervisor = Supervisor(network, options.log_level)
        self._stopping = asyncio.Event()
        self._hurrying = asyncio.Event()

    def stop(self) -> None:
        """Ctrl-C: the first time end in order, the second time at once."""
        if self._stopping.is_set():
            self._hurrying.set()
        self._stopping.set()

    async def run(self) -> Verdict | None:
        """Run to the end; None where the second Ctrl-C came before a verdict.

        Raises `ClusterError` where the network does not start; the processes are always ended.
        """
        try:
            self._supervisor.start()
            self._say(f"starting {self._network.plan.nodes} nodes in {self._network.home}")
            await finish_unless(self._stopping, self._wait_ready())
            if self._stopping.is_set():
                return None
            async with AsyncExitStack() as stack:
                clients = [
                    await stack.enter_async_context(Client(member.url, timeout_s=5))
                    for member in self._network.members
                ]
                return await self._watch(clients)
        finally:
            await self._end()

    async def _wait_ready(self) -> None:
        monitor = self._supervisor.monitor
        if self._options.monitor is not None:
            monitor.start(self._options.monitor)
        await self._supervisor.wait_ready()
        if self._options.monitor is not None:
            self._say(f"Prometheus watches: {await monitor.wait_ready()}")

    async def _end(self) -> None:
        self._say("stopping the nodes …")
        stubborn = await finish_unless(self._hurrying, self._supervisor.stop())
        if stubborn is None:
            await self._supervisor.kill()
        elif stubborn:
            self._say(f"{stubborn} nodes did not stop in time and were killed")

    async def _watch(self, clients: Sequence[Client]) -> Verdict | None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        load = await self._start_load(clients)
        try:
            if self._companion is not None:
                await self._companion.begin(self._supervisor)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.seconds):
                    await self._show_until_stopped(load)
            return await self._judge(clients, load, loop.time() - started)
        finally:
            if self._companion is not None:
                await self._companion.close()
            if load is not None:
                await load.close()

    async def _start_load(self, clients: Sequence[Client]) -> RunningLoad | None:
        if self._companion is not None:
            return await self._companion.start_load(clients)
        rate, keys = self._options.rate, self._network.demo_keys()
        return await start_demo(clients, keys, rate) if rate else None

    async def _judge(
        self, clients: Sequence[Client], load: RunningLoad | None, seconds: float
    ) -> Verdict | None:
        settling_s = SETTLE_AFTER_CTRL_C_S if self._stopping.is_set() else SETTLE_TIMEOUT_S
        self._say("the load has stopped; waiting for what was accepted to become final …")
        self._stopping.set()  # from here on a Ctrl-C hurries
        if self._companion is not None:
            late = await finish_unless(self._hurrying, self._companion.mend())
            clients = [*clients, *(late or ())]
        engine = self._network.plan.engine
        judging = reach_verdict(engine, clients, load, settling_s, seconds)
        return await finish_unless(self._hurrying, judging)

    async def _show_until_stopped(self, load: RunningLoad | None) -> None:
        async with AsyncExitStack() as stack:
            reporter = await stack.enter_async_context(Reporter(self._supervisor))
            board = Board(self._network, load, reporter.clients)
            live = None
            if self._console.is_terminal:
                live = stack.enter_context(Live(console=self._console, auto_refresh=False))
            else:
                self._say_urls()
            while not self._stopping.is_set():
                if load is not None:
                    load.check()
                if self._companion is not None:
                    self._companion.check()
                if live is not None:
                    said = self._companion.describe() if self._companion is not None else []
                    live.update(await board.draw(reporter, said), refresh=True)
                await finish_unless(self._stopping, asyncio.sleep(REFRESH_S))

    def _say_urls(self) -> None:
        for member in self._network.members:
            self._say(f"{member.name}  {member.url}  log {member.log_path}")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)


def describe_trouble(told: Sequence[Told]) -> list[Text]:
    """Why the network stands still, and what to do; nothing while it moves."""
    headline = conclude(told)[0]
    if headline.severity is not Severity.FAULT:
        return []
    return [Text(headline.text, style="bold red"), Text(f"→ {headline.advice}")]


class Board:
    """What the live display shows."""

    def __init__(
        self, network: Network, load: RunningLoad | None, clients: Sequence[Client]
    ) -> None:
        self._network = network
        self._load = load
        self._meters = Meters(clients)
        self._seen: tuple[float, int] = (0.0, 0)

    async def draw(self, reporter: Reporter, said: Sequence[str] = ()) -> Group:
        """The table of nodes, the load beneath, what else is told, and how to go on."""
        reports, paces, links = await asyncio.gather(
            reporter.ask(), self._meters.read(), ask_links(self._network)
        )
        plan = self._network.plan
        table = make_table(reports, paces, title=f"{plan.engine}, {plan.nodes} nodes")
        hint = f"Ctrl-C stops. Try: {sys.argv[0]} testnet kill 2 --home {self._network.home}"
        lines = [self._describe_load(), describe_links(self._network, links), *said]
        why = describe_trouble(reporter.told)
        return Group(table, *why, *map(Text, filter(None, lines)), Text(hint, style="dim"))

    def _describe_load(self) -> str:
        if self._load is None:
            return "no load"
        tracker, (before_s, before) = self._load.tracker, self._seen
        self._seen = (self._load.seconds, tracker.final)
        rate = (tracker.final - before) / max(self._load.seconds - before_s, 0.001)
        latency = summarise_latencies(tracker.latencies_s[-RECENT:])
        return (
            f"load: {rate:.1f} tx/s final, {tracker.final:,} in all,"
            f" {len(tracker.waiting):,} on their way;"
            f" latency ms p50 {show(latency['p50'])} p95 {show(latency['p95'])}"
            f" p99 {show(latency['p99'])}"
        )
