"""What a network of processes shall look like: kept in its home as `network.json`.

{"format": "quorate-testnet/1", "name": "testnet", "engine": "pbft", "validators": 4,
 "followers": 0, "host": "127.0.0.1", "base_port": 27000, "parameters": {}, "relayed": true}
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from consensus import catalog
from node.plan_file import read_plan, write_plan
from node.testnet.errors import ClusterError
from node.testnet.ports import BASE_PORT, check_range, compute_ports

PLAN_FILE = "network.json"
NODES_MAX = 64
MINING_WORKERS_MAX = 256

Port = Annotated[int, Meta(ge=1, le=65_535)]


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Engine, number of nodes and ports of a network on one machine.

    `parameters` are the engine's; `faults` None takes the most that the engine's theorem allows.
    Node i listens on `base_port` + 10·i for peers and one above for HTTP; validators come first.
    In a `relayed` network they call each other through relays that can be cut (`node.testnet.links`).
    Where the engine asks for proofs of work, each validator looks for them in `mining_workers`
    processes.
    """

    format: Literal["quorate-testnet/1"] = "quorate-testnet/1"
    name: str = "testnet"
    engine: str = catalog.DEFAULT
    validators: Annotated[int, Meta(ge=1, le=NODES_MAX)] = 4
    followers: Annotated[int, Meta(ge=0, le=NODES_MAX)] = 0
    faults: Annotated[int, Meta(ge=0)] | None = None
    host: str = "127.0.0.1"
    base_port: Port = BASE_PORT
    parameters: dict[str, int] = {}
    relayed: bool = False
    mining_workers: Annotated[int, Meta(ge=0, le=MINING_WORKERS_MAX)] = 0

    @property
    def nodes(self) -> int:
        """Validators and followers."""
        return self.validators + self.followers


class Member(msgspec.Struct, frozen=True):
    """One node of the network: its number, role, home folder and ports."""

    index: int
    role: Literal["validator", "follower"]
    home: Path
    host: str
    p2p_port: int
    api_port: int

    @property
    def name(self) -> str:
        """Such as `validator-0`."""
        return f"{self.role}-{self.index}"

    @property
    def url(self) -> str:
        """Where its HTTP API answers."""
        return f"http://{self.host}:{self.api_port}"

    @property
    def log_path(self) -> Path:
        """What the process wrote."""
        return self.home / "node.log"


def list_members(home: Path, plan: Plan) -> tuple[Member, ...]:
    """The nodes of a network in `home`, by number."""
    return tuple(make_member(home, plan, index) for index in range(plan.nodes))


def make_member(home: Path, plan: Plan, index: int) -> Member:
    """Node `index` of the network."""
    p2p_port, api_port = compute_ports(plan.base_port, index)
    role: Literal["validator", "follower"] = "validator" if index < plan.validators else "follower"
    return Member(index, role, home / f"node{index}", plan.host, p2p_port, api_port)


def check_plan(plan: Plan) -> None:
    """Refuse numbers out of range and ports that do not exist."""
    if not (1 <= plan.validators <= NODES_MAX and 0 <= plan.followers <= NODES_MAX):
        raise ClusterError(
            f"{plan.validators} validators and {plan.followers} followers",
            reason="bad-node-count",
            advice=f"a network has 1 to {NODES_MAX} validators and at most as many followers",
        )
    check_range(plan.base_port, plan.nodes)


def save_plan(home: Path, plan: Plan) -> None:
    """Write the plan into a network's home."""
    write_plan(home / PLAN_FILE, plan)


def load_plan(home: Path) -> Plan:
    """Read the plan of an existing network.

    Raises `ClusterError` with the reason `network-missing` or `network-malformed`.
    """
    plan = read_plan(home / PLAN_FILE, Plan, ClusterError, "quorate testnet start")
    check_plan(plan)
    return plan
