"""Whole networks of nodes in one event loop: real databases, sockets and TLS, at a quick pace."""

import asyncio
import contextlib
import random
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pytest

from ledger.genesis import Genesis
from ledger.keys import KeyPair
from ledger.transaction import Envelope, Transfer, build
from node.api.backend import NodeState, Outcome, Submission
from node.config import load_config
from node.identity import Identity, load_identity
from node.node import Node
from node.peers.limits import PeerLimits
from node.peers.network import Peers
from node.peers.records import Network as PeerNetwork
from node.peers.records import PeerAddress
from node.testnet.homes import Listen
from node.testnet.network import Network, admit_follower, create_network
from node.testnet.plan import Plan
from node.testnet.ports import compute_ports, is_free
from node.wire import Answer, AnyFrame, Blocks, Bodies, Frame, GetBodies, Request, Role, Status

PATIENCE_S = 30.0
FAR = 1_000_000
QUICK_PEERS = PeerLimits(status_s=0.1, idle_s=3.0, redial_min_s=0.05, redial_max_s=0.3, close_s=0.5)
QUICK_ENGINE: Mapping[str, int] = {
    "timeout_ms": 800,
    "timeout_max_ms": 3_200,
    "checkpoint_interval": 4,
    "window": 16,
    "pipeline": 2,
    "idle_block_ms": 40,
    "resend_ms": 80,
}
"""The same rules at a faster pace."""


async def until(condition: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Let the loop run until `condition()` holds; fails the test if it never does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is another's state
            await asyncio.sleep(0.002)


def find_base_port(nodes: int) -> int:
    """Where all ports of a network are free now, below the system's own range."""
    while True:
        base = random.randrange(10_000, 30_000, 10)
        ports = (port for index in range(nodes) for port in compute_ports(base, index))
        if all(is_free("127.0.0.1", port) for port in ports):
            return base


@dataclass
class Cluster:
    """The nodes of one network by number, those that run now in `nodes`."""

    network: Network
    nodes: dict[int, Node] = field(default_factory=dict)
    homes: dict[int, Path] = field(default_factory=dict)
    flags: dict[str, object] = field(default_factory=dict)
    liars: list["Impostor"] = field(default_factory=list)
    _nonces: dict[bytes, int] = field(default_factory=dict)

    @classmethod
    def create(
        cls,
        folder: Path,
        validators: int = 4,
        followers: int = 0,
        parameters: Mapping[str, int] = QUICK_ENGINE,
        engine: str = "pbft",
        **flags: object,
    ) -> "Cluster":
        """A new network; `flags` (`a__b` for `a.b`) go to every node."""
        plan = Plan(
            engine=engine,
            validators=validators,
            followers=followers,
            base_port=find_base_port(validators + followers + 1),
            parameters=dict(parameters),
        )
        named = {name.replace("__", "."): value for name, value in flags.items()}
        cluster = cls(create_network(folder, plan), flags={"api.port": 0, **named})
        cluster.homes = {member.index: member.home for member in cluster.network.members}
        return cluster

    @cached_property
    def genesis(self) -> Genesis:
        return self.network.genesis()

    @cached_property
    def faucet(self) -> KeyPair:
        return KeyPair(load_identity(self.network.faucet_path).seed)

    @cached_property
    def recipient(self) -> bytes:
        """The first demo account."""
        return self.network.demo_keys()[0].public_key

    @property
    def running(self) -> list[Node]:
        return list(self.nodes.values())

    def identity(self, index: int) -> Identity:
        return load_identity(self.homes[index] / "node_key.json")

    def make(self, index: int, **flags: object) -> Node:
        """A node that has not started."""
        named = {name.replace("__", "."): value for name, value in flags.items()}
        return Node(load_config(self.homes[index], {**self.flags, **named}))

    async def start(self, *indices: int, **flags: object) -> None:
        """Start some nodes, or all."""
        for index in indices or range(self.network.plan.nodes):
            node = self.make(index, **flags)
            await node.start()
            self.nodes[index] = node

    async def stop(self, *indices: int) -> None:
        """Close some nodes."""
        await asyncio.gather(*(self.nodes.pop(index).close() for index in indices))

    async def crash(self, *indices: int) -> None:
        """End nodes so that only what the disk holds at this instant is left.

        Their homes are copied as they stand and their links are cut, without a turn of the loop in
        between; the nodes then end on the originals, which nobody looks at again.
        """
        for index in indices:
            home = self.homes[index]
            generation = len(list(home.parent.glob(f"{home.name}*")))
            self.homes[index] = home.with_name(f"{home.name}-{generation}")
            copy_home(home, self.homes[index])
            cut_off(self.nodes[index])
        await self.stop(*indices)

    async def close(self) -> None:
        """Close everything."""
        await asyncio.gather(*(liar.close() for liar in self.liars))
        await self.stop(*self.nodes)

    def add_follower(self, mining_workers: int = 0) -> int:
        """The home of one more node, outside the plan; its number."""
        index = len(self.homes)
        home = self.network.home / f"follower{index}"
        p2p_port, _ = compute_ports(self.network.plan.base_port, index)
        listen = Listen("127.0.0.1", p2p_port, 0)
        admit_follower(self.network, home, listen, f"follower-{index}", mining_workers)
        self.homes[index] = home
        return index

    async def impersonate(self, index: int, **answers: Any) -> "Impostor":
        """Take part under the identity of node `index`, which must not run."""
        impostor = Impostor(self, index, **answers)
        await impostor.peers.start()
        self.liars.append(impostor)
        return impostor

    # Transactions

    def pay(self, count: int = 1, sender: KeyPair | None = None, **fields: Any) -> list[Envelope]:
        """Signed payments of the faucet or another, each after the last."""
        key = sender or self.faucet
        first = self._nonces.get(key.public_key, 0)
        self._nonces[key.public_key] = first + count
        return [self.build(first + number, key, **fields) for number in range(count)]

    def build(
        self, nonce: int, sender: KeyPair | None = None, amount: int = 1, fee: int = 1
    ) -> Envelope:
        """One signed payment."""
        payload = Transfer(self.recipient, amount)
        return build(self.genesis.chain_id, sender or self.faucet, nonce, fee, FAR, payload)

    async def submit(self, index: int, envelopes: Sequence[Envelope]) -> list[Submission]:
        """Hand transactions to a node as its API does; all must be accepted."""
        answers = await self.nodes[index].service.submit([envelope.raw for envelope in envelopes])
        assert [answer.outcome for answer in answers] == [Outcome.ACCEPTED] * len(envelopes)
        return answers

    # Conditions

    def has_all(self, envelopes: Iterable[Envelope], nodes: Iterable[Node] | None = None) -> bool:
        """Have these nodes (all that run) executed these transactions."""
        ids = [envelope.id for envelope in envelopes]
        chains = [node.core.chain for node in (self.running if nodes is None else nodes)]
        return all(chain.contains(id_) for id_ in reversed(ids) for chain in chains)

    async def until_final(
        self, envelopes: Iterable[Envelope], nodes: Iterable[Node] | None = None
    ) -> None:
        await until(partial(self.has_all, list(envelopes), nodes))

    async def until_linked(self, *indices: int) -> None:
        """Until these nodes (all that run) have a link to each other."""
        nodes = [self.nodes[index] for index in indices] or self.running
        await until(lambda: all(len(node.peers.connected()) >= len(nodes) - 1 for node in nodes))

    async def until_ready(self) -> None:
        await until(lambda: all(node.service.state is NodeState.READY for node in self.running))

    async def until_level(self) -> None:
        """Until all that run stand at one height, with nothing pending, at rest."""

        def is_level() -> bool:
            heads = {node.core.chain.head_id for node in self.running}
            return len(heads) == 1 and not any(node.core.mempool.count for node in self.running)

        await until(is_level)

    def assert_agreement(self) -> None:
        """Every block that two running nodes have is the same, roots included."""
        chains = [node.core.chain for node in self.running]
        lowest = min(chain.height for chain in chains)
        assert lowest > 0
        for height in range(lowest + 1):
            assert len({chain.block(height).id for chain in chains}) == 1, height
        for chain in chains:
            chain.check_total_supply()


class Impostor:
    """A bare peer layer under a real node's identity; it says what it is told, and listens."""

    def __init__(
        self,
        cluster: Cluster,
        index: int,
        *,
        height: int = 0,
        answer: Callable[[bytes, Request], Answer | None] | None = None,
    ) -> None:
        genesis = cluster.genesis
        config = load_config(cluster.homes[index], cluster.flags)
        self.identity = load_identity(config.key_path)
        self.height = height
        self.frames: list[tuple[bytes, AnyFrame]] = []
        self.requests: list[tuple[bytes, Request]] = []
        self._answer = answer
        is_member = self.identity.public_key in genesis.validators
        self.role = Role.VALIDATOR if is_member else Role.FOLLOWER
        self.peers = Peers(
            self.identity,
            PeerNetwork(
                genesis.chain_id,
                config.ca_path.read_bytes(),
                config.certificate_path.read_bytes(),
                frozenset(genesis.validators),
            ),
            listen=(config.p2p.host, config.p2p.port),
            seeds=[PeerAddress.parse(s.address, s.public_key) for s in config.p2p.seeds],
            on_frame=self._take,
            on_request=self._serve,
            on_change=lambda peer, is_up: None,
            local_status=lambda: Status(self.height, 0, self.role),
            limits=QUICK_PEERS,
        )

    async def _take(self, peer: bytes, frame: AnyFrame) -> None:
        self.frames.append((peer, frame))

    async def _serve(self, peer: bytes, request: Request) -> Answer:
        self.requests.append((peer, request))
        if self._answer is not None:
            if (answer := self._answer(peer, request)) is None:
                await asyncio.Event().wait()  # never
            assert answer is not None
            return answer
        return Bodies(0, ()) if isinstance(request, GetBodies) else Blocks(0, ())

    async def until_linked(self, count: int) -> None:
        await until(lambda: len(self.peers.connected()) >= count)

    def say(self, *frames: Frame, to: bytes | None = None) -> None:
        """Send frames to one peer or all."""
        for frame in frames:
            assert self.peers.broadcast(frame, only=None if to is None else [to])

    async def close(self) -> None:
        await self.peers.close()


def copy_home(home: Path, copy: Path) -> None:
    """As a kill at this instant leaves it; threads may still write, so the journal comes first."""
    journal = home / "data" / "journal"
    votes = journal.read_bytes() if journal.exists() else None
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("journal*"))
    if votes is not None:
        (copy / "data" / "journal").write_bytes(votes)


def cut_off(node: Node) -> None:
    """From this instant the node says nothing and hears nothing."""
    node.peers._reception.is_closing = True
    for link in node.peers._table:
        link.stop("crashed", is_dead=True)


def penalties(node: Node) -> dict[str, float]:
    """What this node has held against its peers, by reason."""
    (family,) = node.core.metrics.peer_refusals.collect()
    return {
        sample.labels["reason"]: sample.value
        for sample in family.samples
        if sample.name.endswith("_total") and sample.value
    }


def ignored(node: Node) -> dict[str, float]:
    """What this node's engine refused, by refusal."""
    (family,) = node.core.metrics.engine_ignored.collect()
    return {
        sample.labels["refusal"]: sample.value
        for sample in family.samples
        if sample.name.endswith("_total") and sample.value
    }


@contextlib.contextmanager
def quick_peers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nodes made meanwhile have peer layers with `QUICK_PEERS`."""
    with monkeypatch.context() as patch:
        patch.setattr("node.node.Peers", partial(Peers, limits=QUICK_PEERS))
        yield


@contextlib.asynccontextmanager
async def leaving_nothing() -> AsyncIterator[None]:
    """The body must end every task that it began, and no task may have failed unseen."""
    loop = asyncio.get_running_loop()
    complaints: list[dict[str, Any]] = []
    before = asyncio.all_tasks()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    try:
        yield
        own = {asyncio.current_task()}
        await until(lambda: asyncio.all_tasks() <= before | own, 5)
    finally:
        loop.set_exception_handler(None)
    assert complaints == []
