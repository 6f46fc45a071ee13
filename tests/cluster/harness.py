"""A network of real processes for one test, and what tests want to know of it."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from node.client import Client, ClientError
from node.testnet.demo import DemoLoad, start_demo
from node.testnet.monitor_process import MonitorOptions
from node.testnet.network import Network, create_network, open_network
from node.testnet.plan import Plan
from node.testnet.ports import compute_ports, is_free
from node.testnet.supervisor import Supervisor
from node.testnet.verdict import Agreement, judge_agreement

HOST = "127.0.0.1"
POLL_S = 0.05
TIMEOUT_S = 30.0


def find_base_port(nodes: int) -> int:
    """A base port from which all ports of so many nodes are free just now."""
    while True:
        base = random.randrange(20_000, 31_000, 10)
        ports = [port for index in range(nodes) for port in compute_ports(base, index)]
        if all(is_free(HOST, port) for port in ports):
            return base


async def eventually(
    condition: Callable[[], Awaitable[bool]], what: str, timeout_s: float = TIMEOUT_S
) -> float:
    """Wait until `condition` holds; returns the seconds it took."""
    started = time.monotonic()
    while not await condition():
        waited_s = time.monotonic() - started
        assert waited_s < timeout_s, f"not within {timeout_s:g} s: {what}"
        await asyncio.sleep(POLL_S)
    return time.monotonic() - started


class Cluster:
    """Processes, clients to all of them, and a demo load where one was started."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.supervisor = Supervisor(network)
        self.clients = [Client(member.url, timeout_s=5) for member in network.members]
        self.load: DemoLoad | None = None
        self._stack = AsyncExitStack()

    @property
    def urls(self) -> list[str]:
        """The nodes' HTTP APIs."""
        return [member.url for member in self.network.members]

    async def open(self, monitor: MonitorOptions | None = None) -> None:
        """Start everything, a Prometheus too if wanted, and wait until the nodes are ready."""
        for client in self.clients:
            await self._stack.enter_async_context(client)
        self.supervisor.start()
        if monitor is not None:
            self.supervisor.monitor.start(monitor)
        await self.supervisor.wait_ready()

    async def close(self) -> None:
        """End everything at once."""
        if self.load is not None:
            await self.load.close()
        await Supervisor(open_network(self.network.home)).kill()  # also nodes that came later
        await self.supervisor.kill()
        await self._stack.aclose()

    async def start_load(self, rate: float) -> DemoLoad:
        """Payments between the demo accounts, through all nodes."""
        self.load = await start_demo(self.clients, self.network.demo_keys(), rate)
        return self.load

    async def height(self, index: int) -> int:
        """The final height of a node; -1 where it does not answer."""
        try:
            return (await self.clients[index].status()).final_height
        except ClientError:
            return -1

    async def grows(self, indices: Sequence[int], blocks: int = 3) -> float:
        """Wait until each of these nodes has so many more final blocks; returns the seconds."""
        targets = {index: await self.height(index) + blocks for index in indices}

        async def has_grown() -> bool:
            heights = [await self.height(index) for index in targets]
            return all(h >= t for h, t in zip(heights, targets.values(), strict=True))

        return await eventually(has_grown, f"nodes {list(indices)} decide {blocks} more blocks")

    async def settle(self) -> Agreement:
        """Stop the load; all that was accepted is final on nodes that agree."""
        assert self.load is not None
        load, self.load = self.load, None
        pending, lost = await load.finish(TIMEOUT_S)
        assert (pending, lost) == (0, 0)
        tracker = load.tracker
        assert (dict(tracker.failed), dict(tracker.dropped), dict(tracker.refused)) == ({}, {}, {})
        assert tracker.final == tracker.accepted > 0
        agreement = await judge_agreement(self.clients, TIMEOUT_S)
        assert agreement.agree
        return agreement


MakeCluster = Callable[..., Awaitable[Cluster]]


def make_plan(
    validators: int = 4,
    followers: int = 0,
    *,
    relayed: bool = False,
    engine: str = Plan().engine,
    **parameters: int,
) -> Plan:
    """A plan on free ports."""
    return Plan(
        engine=engine,
        mining_workers=1,
        validators=validators,
        followers=followers,
        base_port=find_base_port(validators + followers),
        parameters=parameters,
        relayed=relayed,
    )


def make_network(
    home: Path, *, relayed: bool = False, engine: str = Plan().engine, **options: int
) -> Network:
    """A network on free ports that is not started."""
    return create_network(home, make_plan(relayed=relayed, engine=engine, **options))


def quorate_command(*words: str | Path) -> list[str]:
    """The command line of `quorate`."""
    return [sys.executable, "-P", "-m", "node.cli", *map(str, words)]


def quorate(
    *words: str | Path, timeout_s: float = 60, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; its answer is for the test to judge."""
    return subprocess.run(
        quorate_command(*words),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=os.environ | environment,
        check=False,
    )


async def start_quorate(*words: str | Path) -> asyncio.subprocess.Process:
    """The command, running, its standard output in a pipe."""
    return await asyncio.create_subprocess_exec(
        *quorate_command(*words), stdout=asyncio.subprocess.PIPE
    )


async def finish(process: asyncio.subprocess.Process, timeout_s: float = 60) -> str:
    """Wait until it ends; returns what it wrote on standard output."""
    async with asyncio.timeout(timeout_s):
        output, _ = await process.communicate()
    return output.decode()
