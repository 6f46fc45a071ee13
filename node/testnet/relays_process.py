"""The process that relays a network's links: started before its nodes, ended after them."""

import sys
from pathlib import Path

from node.testnet.links import list_links, locate_control
from node.testnet.network import Network
from node.testnet.ports import check_free
from node.testnet.processes import ProcessId, kill_all, reap, spawn, stop_all
from node.testnet.registry import Registry

RELAYS = -2
"""Under this number the registry keeps the process."""


class RelaysProcess:
    """The relays of one network, also those that another command started."""

    def __init__(self, network: Network, registry: Registry) -> None:
        self._network = network
        self._registry = registry
        self._child: ProcessId | None = None

    @property
    def log_path(self) -> Path:
        """What the process wrote."""
        return self._network.home / "links.log"

    @property
    def is_running(self) -> bool:
        """Is there such a process."""
        return self._registry.get(RELAYS) is not None

    def start(self) -> None:
        """Start it where the network wants it and it does not run yet.

        Raises `ClusterError` (port-in-use).
        """
        network = self._network
        if not network.plan.relayed or self.is_running:
            return
        for host, port in (locate_control(network.plan), *self._list_addresses()):
            check_free(host, [port])
        command = [sys.executable, "-P", "-m", "node.cli", "testnet", "links"]
        self._child = spawn([*command, "--home", str(network.home)], self.log_path)
        self._registry.set(RELAYS, self._child)

    def _list_addresses(self) -> list[tuple[str, int]]:
        return [link.listen for link in list_links(self._network.members)]

    async def stop(self, timeout_s: float) -> None:
        """SIGTERM, a bounded wait, then SIGKILL."""
        await stop_all(self._processes(), timeout_s)
        self._reap()

    async def kill(self) -> None:
        """SIGKILL."""
        await kill_all(self._processes())
        self._reap()

    def _processes(self) -> list[ProcessId]:
        process = self._registry.get(RELAYS)
        return [] if process is None else [process]

    def _reap(self) -> None:
        if self._child is not None:
            reap(self._child)
