"""Which ports a network takes, and whether they are free."""

import errno
import socket
from collections.abc import Iterable

from node.testnet.errors import ClusterError

BASE_PORT = 27_000
"""Below the range from which the system takes ports for outgoing connections."""
PORTS_PER_NODE = 10
PORT_MIN, PORT_MAX = 1_024, 65_535


def compute_ports(base_port: int, index: int) -> tuple[int, int]:
    """Ports of node `index`: for peers, and for HTTP."""
    first = base_port + PORTS_PER_NODE * index
    return first, first + 1


def check_range(base_port: int, nodes: int) -> None:
    """Refuse ports that do not exist or need privileges."""
    last = compute_ports(base_port, nodes - 1)[1]
    if base_port < PORT_MIN or last > PORT_MAX:
        raise ClusterError(
            f"{nodes} nodes from port {base_port} would take ports up to {last}",
            reason="bad-base-port",
            advice=f"choose --base-port between {PORT_MIN} and {PORT_MAX - (last - base_port)}",
        )


def is_free(host: str, port: int) -> bool:
    """Could a server listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def check_free(host: str, ports: Iterable[int]) -> None:
    """Refuse ports on which somebody else listens, naming each."""
    taken = [port for port in ports if not is_free(host, port)]
    if taken:
        raise ClusterError(
            f"in use on {host}: port {', '.join(map(str, taken))}",
            reason="port-in-use",
            advice="stop what listens there (`quorate testnet stop`?), or choose --base-port",
        )
