"""Starting, watching and ending the processes of a network."""

import asyncio
import signal
import sys
import time
from collections.abc import Sequence

from node.client import Client, ClientError
from node.testnet.errors import ClusterError
from node.testnet.monitor_process import MonitorProcess
from node.testnet.network import Network
from node.testnet.plan import Member
from node.testnet.ports import check_free
from node.testnet.processes import (
    Condition,
    ProcessId,
    kill_all,
    observe,
    reap,
    send_signal,
    spawn,
    stop_all,
)
from node.testnet.registry import Registry
from node.testnet.relays_process import RelaysProcess

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
POLL_S = 0.1
FEEDER = -1
"""Under this number the registry keeps the process that sends the demo load."""
LOG_TAIL_LINES = 12
LOG_TAIL_BYTES = 64 * 1024


class Supervisor:
    """The processes of one network, also those that another command started.

    `log_level` is of the nodes that it starts; None leaves it to their configuration.
    """

    def __init__(self, network: Network, log_level: str | None = None) -> None:
        self.network = network
        self._log_level = log_level
        self.registry = Registry(network.home)
        self.relays = RelaysProcess(network, self.registry)
        self.monitor = MonitorProcess(network, self.registry)
        self._children: dict[int, ProcessId] = {}

    def members(self, indices: Sequence[int] | None = None) -> list[Member]:
        """The named nodes, or all; raises `ClusterError` (no-such-node)."""
        wanted = range(self.network.plan.nodes) if indices is None else sorted(set(indices))
        return [self.network.member(index) for index in wanted]

    def condition(self, index: int) -> Condition:
        """What the process of node `index` does; reaps it if it ended."""
        if child := self._children.get(index):
            reap(child)
        process = self.registry.get(index)
        return Condition.GONE if process is None else observe(process)

    def start(self, indices: Sequence[int] | None = None) -> list[Member]:
        """Start the named nodes that do not run, and the relays; returns the started nodes.

        Raises `ClusterError` (port-in-use) before anything was started.
        """
        missing = [m for m in self.members(indices) if self.condition(m.index) is Condition.GONE]
        ports = [port for member in missing for port in (member.p2p_port, member.api_port)]
        check_free(self.network.plan.host, ports)
        self.relays.start()
        for member in missing:
            self._start_one(member)
        return missing

    def _start_one(self, member: Member) -> None:
        command = [sys.executable, "-P", "-m", "node.cli", "node", "run"]
        command += ["--home", str(member.home), "--log-file", str(member.log_path)]
        command += [] if self._log_level is None else ["--log-level", self._log_level]
        process = spawn(command, member.log_path)
        self._children[member.index] = process
        self.registry.set(member.index, process)

    def start_feeder(self, rate: float, seconds: float | None) -> None:
        """Leave a process behind that sends demo transactions; an older one must be stopped."""
        if self.registry.get(FEEDER) is not None:
            raise ClusterError(
                "a demo load runs already",
                reason="feeder-running",
                advice="stop the network first, or leave --load out",
            )
        command = [sys.executable, "-P", "-m", "node.cli", "testnet", "feed"]
        command += ["--home", str(self.network.home), "--load", str(rate)]
        command += [] if seconds is None else ["--for", str(seconds)]
        process = spawn(command, self.network.home / "feed.log")
        self.registry.set(FEEDER, process)

    async def stop_feeder(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """End the demo load in the background, if there is one."""
        if process := self.registry.get(FEEDER):
            await stop_all([process], timeout_s)

    async def wait_ready(
        self, indices: Sequence[int] | None = None, timeout_s: float = READY_TIMEOUT_S
    ) -> None:
        """Wait until the named nodes say that they are ready.

        Raises `ClusterError` (node-died, not-ready) with the end of the log.
        """
        deadline = time.monotonic() + timeout_s
        await asyncio.gather(
            *(self._wait_one(member, deadline) for member in self.members(indices))
        )

    async def _wait_one(self, member: Member, deadline: float) -> None:
        async with Client(member.url, timeout_s=5) as client:
            while not await is_ready(client):
                if self.condition(member.index) is Condition.GONE:
                    raise ClusterError(
                        f"{member.name} ended:\n{read_log_tail(member)}",
                        reason="node-died",
                        advice=f"the whole log is {member.log_path}",
                    )
                if time.monotonic() > deadline:
                    raise ClusterError(
                        f"{member.name} is not ready after all this time",
                        reason="not-ready",
                        advice=f"its log is {member.log_path}",
                    )
                await asyncio.sleep(POLL_S)

    def processes(self, indices: Sequence[int] | None = None) -> list[ProcessId]:
        """The living processes of the named nodes."""
        found = (self.registry.get(member.index) for member in self.members(indices))
        return [process for process in found if process is not None]

    async def stop(
        self, indices: Sequence[int] | None = None, timeout_s: float = STOP_TIMEOUT_S
    ) -> int:
        """SIGTERM, a bounded wait, then SIGKILL; returns how many nodes had to be killed.

        With all nodes end the relays of their links and the Prometheus that watched them.
        """
        stubborn = await stop_all(self.processes(indices), timeout_s)
        if indices is None:
            await self.relays.stop(timeout_s)
            await self.monitor.stop(timeout_s)
        self.reap(indices)
        return len(stubborn)

    async def kill(self, indices: Sequence[int] | None = None) -> None:
        """SIGKILL, to all of them as close together as can be; all nodes with what stands beside them."""
        await kill_all(self.processes(indices))
        if indices is None:
            await self.relays.kill()
            await self.monitor.kill()
        self.reap(indices)

    def signal(self, indices: Sequence[int] | None, number: signal.Signals) -> None:
        """Send a signal to each of the named nodes; raises `ClusterError` (node-not-running)."""
        for member in self.members(indices):
            process = self.registry.get(member.index)
            if process is None or not send_signal(process, number):
                raise ClusterError(
                    f"{member.name} does not run",
                    reason="node-not-running",
                    advice=f"start it with `quorate testnet restart {member.index}`",
                )

    async def restart(self, indices: Sequence[int] | None = None) -> None:
        """End the named nodes if they run, and start them again; returns when they are ready."""
        await self.stop(indices)
        self.start(indices)
        await self.wait_ready(indices)

    def reap(self, indices: Sequence[int] | None = None) -> None:
        """Take note of children that have ended; a zombie already counts as gone."""
        for member in self.members(indices):
            if child := self._children.get(member.index):
                reap(child)


async def is_ready(client: Client) -> bool:
    """Does the node answer, and say that it is ready."""
    try:
        return (await client.status()).ready
    except ClientError:
        return False


def read_log_tail(member: Member, lines: int = LOG_TAIL_LINES) -> str:
    """The last lines that a node wrote."""
    try:
        with member.log_path.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - LOG_TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])
