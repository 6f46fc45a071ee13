"""Networks of nodes over a tree of blocks, whose miners find a block exactly when a test says so."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from consensus import catalog
from consensus.block import TreeBlock
from ledger.branches import BranchLimits
from ledger.mempool import Mempool, MempoolLimits
from ledger.store.memory import MemoryStore
from ledger.store.store import Store
from ledger.transaction import Envelope
from ledger.tree_chain import TreeChain
from node.api.backend import TransactionView
from node.config import load_config
from node.core import Core
from node.drafting import Drafting
from node.mining.miner import MiningAccount
from node.node import Node
from node.stories import Turn
from node.testnet.network import create_network
from node.testnet.plan import Plan
from node.tree_blocks import make_identify
from node.tree_side import CountedMiner
from tests.ledger.support import GENESIS
from tests.node.parts import make_core
from tests.node.support import Cluster, find_base_port, until

QUICK_TREE: Mapping[str, int] = {
    "interval_ms": 200,
    "window": 1_000,
    "first_bits": 0x2000FFFF,
    "limit_bits": 0x207FFFFF,
    "depth": 4,
    "drift_ms": 600_000,
    "resend_ms": 80,
}
"""256 hashes a block, whatever the pace; blocks on command may run ahead of the clock."""


def make_tree_core(
    home: Path, store: Store | None = None, limits: BranchLimits | None = None
) -> Core:
    """What the parts of validator 0 of a network over a tree of blocks share, over memory."""
    core, spec = make_core(home), catalog.get("pow")
    assert spec.tree is not None
    store = MemoryStore() if store is None else store
    chain = TreeChain.open(store, GENESIS, make_identify(spec.tree), limits=limits)
    mempool = Mempool(MempoolLimits(), chain.account)
    return dataclasses.replace(core, spec=spec, store=store, chain=chain, mempool=mempool)


def name(block: TreeBlock) -> bytes:
    """What the engine calls a block."""
    rules = catalog.get("pow").tree
    assert rules is not None
    return rules.identify(block.header)


class Pick:
    """A miner that hashes when it is told to."""

    def __init__(self, drafting: Drafting, engine: str) -> None:
        rules = catalog.get(engine).tree
        assert rules is not None
        self._rules = rules
        self._drafting = drafting
        self.block: TreeBlock | None = None

    def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to end."""

    def mine(self, block: TreeBlock | None) -> None:
        """What would be mined."""
        self.block = block

    def account(self) -> MiningAccount:
        """It hashes for as long as it takes."""
        return MiningAccount(1, 1, 0, 0.0, 0, 0)

    def find(self) -> None:
        """Find the proof of what is drafted just now."""
        block = self.block
        assert block is not None
        self.block = None
        self._drafting.on_found(self.prove(block))

    def prove(self, block: TreeBlock) -> TreeBlock:
        """The block with a proof."""
        first = 0
        while (header := self._rules.find_proof(block.header, first, 1_000)) is None:
            first += 1_000
        return TreeBlock(header, block.value)


class TreeNode(Node):
    """A node with a pick."""

    pick: Pick

    def _make_miner(self, drafting: Drafting) -> CountedMiner:
        self.pick = Pick(drafting, self.core.spec.name)
        return self.pick

    @property
    def tree(self) -> TreeChain:
        """Its ledger."""
        return self.core.tree

    async def mine(self, *wanted: Envelope) -> int:
        """Mine a block on the head that orders these at least; its height."""
        height = self.tree.height + 1
        await until(lambda: self._is_ready_to_mine(wanted))
        self.pick.find()
        await until(lambda: self.tree.height >= height)
        assert all(self.tree.contains(envelope.id) for envelope in wanted)
        return height

    def _is_ready_to_mine(self, wanted: tuple[Envelope, ...]) -> bool:
        block = self.pick.block
        if block is None or block.header.parent != self.tree.head_id:
            return False
        return all(envelope.id in block.value for envelope in wanted)

    def show(self, envelope: Envelope) -> TransactionView:
        """What the node knows of a transaction."""
        view = self.service.transaction(envelope.id)
        assert view is not None
        return view

    def list_turns(self, envelope: Envelope) -> list[Turn]:
        """Its story, in words."""
        return [chapter.turn for chapter in self.show(envelope).story]


@dataclass
class TreeCluster(Cluster):
    """The nodes of one such network."""

    @classmethod
    def plant(cls, folder: Path, validators: int, engine: str = "pow") -> "TreeCluster":
        """A new network."""
        plan = Plan(
            engine=engine,
            validators=validators,
            base_port=find_base_port(validators + 1),
            parameters=dict(QUICK_TREE),
        )
        cluster = cls(create_network(folder, plan), flags={"api.port": 0})
        cluster.homes = {member.index: member.home for member in cluster.network.members}
        return cluster

    def make(self, index: int, **flags: object) -> TreeNode:
        """A node that has not started."""
        named = {name.replace("__", "."): value for name, value in flags.items()}
        return TreeNode(load_config(self.homes[index], {**self.flags, **named}))

    def get(self, index: int) -> TreeNode:
        """A node that runs."""
        node = self.nodes[index]
        assert isinstance(node, TreeNode)
        return node

    async def until_agreed(self) -> None:
        """Wait until all nodes that run have the same head."""
        await until(lambda: len({node.core.chain.head_id for node in self.running}) == 1)
