"""Which nodes a network has and where each is called: kept in its home as `hosts.json`.

{"format": "quorate-hosts/1", "name": "quorate", "engine": "pbft", "parameters": {},
 "faults": null, "mining_workers": 0, "listen": "0.0.0.0", "api_listen": "127.0.0.1",
 "api_port": 26657, "nodes": [{"name": "quorate-0", "host": "quorate-0.quorate", "port": 26656,
 "role": "validator", "public_key": "<64 hex digits>"}, …]}
"""

import ipaddress
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from consensus import catalog
from node.hosting.errors import HostingError
from node.peers.records import AddressError, PeerAddress
from node.plan_file import read_plan, write_plan
from node.testnet.homes import SeedPeer
from node.testnet.plan import MINING_WORKERS_MAX, NODES_MAX, Plan, Port

PLAN_FILE = "hosts.json"
P2P_PORT = 26_656
API_PORT = 26_657
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""What a node, an entry of a Kubernetes Secret and a file may all be called."""


class HostedNode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node: its name, and where the others call it. The key is empty until it is made."""

    name: str
    host: str
    port: Port
    role: Literal["validator", "follower"] = "validator"
    public_key: str = ""

    @property
    def seed(self) -> SeedPeer:
        """How others are told to call it."""
        return SeedPeer(self.public_key, str(PeerAddress(self.host, self.port)))


class HostPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network on several hosts; validators come first, in the order in which they lead.

    Every node listens for peers on `listen` and its own port, for HTTP on `api_listen` and
    `api_port`; a node's environment may say otherwise. `faults` None takes the most that the
    engine's theorem allows.
    """

    format: Literal["quorate-hosts/1"] = "quorate-hosts/1"
    name: str = "quorate"
    engine: str = catalog.DEFAULT
    parameters: dict[str, int] = {}
    faults: Annotated[int, Meta(ge=0)] | None = None
    mining_workers: Annotated[int, Meta(ge=0, le=MINING_WORKERS_MAX)] = 0
    listen: str = "0.0.0.0"  # noqa: S104 - peers come from elsewhere, and prove who they are
    api_listen: str = "127.0.0.1"
    api_port: Port = API_PORT
    nodes: Annotated[tuple[HostedNode, ...], Meta(min_length=1, max_length=2 * NODES_MAX)]

    @property
    def validators(self) -> tuple[HostedNode, ...]:
        """The nodes that the genesis names."""
        return tuple(node for node in self.nodes if node.role == "validator")

    @property
    def beginning(self) -> Plan:
        """What the genesis is made from."""
        return Plan(
            name=self.name,
            engine=self.engine,
            validators=len(self.validators),
            faults=self.faults,
            parameters=self.parameters,
        )

    def is_made_from(self, asked: "HostPlan") -> bool:
        """Is this network what was asked for; nodes that were added later count for nothing."""
        first = tuple(msgspec.structs.replace(node, public_key="") for node in self.validators)
        return msgspec.structs.replace(self, nodes=first) == asked


def parse_node(text: str) -> HostedNode:
    """`[NAME=]HOST[:PORT]`, named after the first part of its host; raises `HostingError`."""
    name, equals, rest = text.rpartition("=")
    given = rest if re.search(r":[0-9]*$", rest) else f"{rest}:{P2P_PORT}"
    try:
        address = PeerAddress.parse(given)
    except AddressError as error:
        raise refuse(text, "it has no host, or a port that is none") from error
    if ":" in address.host and not is_ip(address.host):
        raise refuse(text, "an IPv6 address stands in brackets")
    if not equals:
        if is_ip(address.host):
            raise refuse(text, "an IP address gives it no name")
        name = address.host.partition(".")[0]
    if not NAME.fullmatch(name):
        raise refuse(text, "its name must be 1 to 64 letters, digits, dots, dashes or underscores")
    return HostedNode(name, address.host, address.port)


def is_ip(host: str) -> bool:
    """Is it an address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def refuse(text: str, why: str) -> HostingError:
    """The error about a node that was named badly."""
    return HostingError(
        f"{text!r} is not a node: {why}",
        reason="bad-node",
        advice="write NAME=HOST:PORT; the name may be left out before a host's name, the port if"
        f" it is {P2P_PORT}",
    )


def check_nodes(nodes: Sequence[HostedNode]) -> None:
    """Refuse names and addresses that occur twice, and too many nodes."""
    for what, values in (
        ("name", [node.name for node in nodes]),
        ("address", [f"{node.host}:{node.port}" for node in nodes]),
    ):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise HostingError(
                f"two nodes have the {what} {', '.join(twice)}",
                reason="bad-node",
                advice="give each a name and an address of its own: NAME=HOST:PORT",
            )
    validators = sum(node.role == "validator" for node in nodes)
    if not 1 <= validators <= NODES_MAX or len(nodes) - validators > NODES_MAX:
        raise HostingError(
            f"{validators} validators and {len(nodes) - validators} followers",
            reason="bad-node",
            advice=f"a network has 1 to {NODES_MAX} validators and at most as many followers",
        )


def save_plan(home: Path, plan: HostPlan) -> None:
    """Write the plan into a network's home."""
    write_plan(home / PLAN_FILE, plan)


def load_plan(home: Path) -> HostPlan:
    """The plan of an existing network; raises `HostingError` (network-missing, -malformed)."""
    plan = read_plan(home / PLAN_FILE, HostPlan, HostingError, "quorate network init")
    check_nodes(plan.nodes)
    return plan
