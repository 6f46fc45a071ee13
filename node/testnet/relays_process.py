"""The process that relays a network's links: started before its nodes, ended after them."""

import sys

from node.testnet.companion import Companion
from node.testnet.links import list_links, locate_control
from node.testnet.network import Network
from node.testnet.ports import check_free
from node.testnet.registry import Registry

RELAYS = -2
"""Under this number the registry keeps the process."""


class RelaysProcess(Companion):
    """The relays of one network, also those that another command started."""

    def __init__(self, network: Network, registry: Registry) -> None:
        super().__init__(registry, RELAYS, network.home / "links.log")
        self._network = network

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
        self.launch([*command, "--home", str(network.home)])

    def _list_addresses(self) -> list[tuple[str, int]]:
        return [link.listen for link in list_links(self._network.members)]
