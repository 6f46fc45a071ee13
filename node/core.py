"""What the parts of one node share: its configuration, its ledger, and its place in the network."""

from dataclasses import dataclass

from consensus.catalog import EngineSpec
from consensus.committee import Committee, ReplicaId
from ledger.chain import Chain
from ledger.ledger import Ledger
from ledger.mempool import Mempool
from ledger.store.store import Store
from ledger.tree_chain import TreeChain
from node.config import Config
from node.identity import Identity
from node.metrics import Metrics
from node.stages import Stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """Made once by `node.node`; `me` is this node's replica id, None for a follower."""

    config: Config
    identity: Identity
    spec: EngineSpec
    committee: Committee
    me: ReplicaId | None
    store: Store
    chain: Ledger
    mempool: Mempool
    metrics: Metrics
    stages: Stages

    @property
    def validators(self) -> dict[ReplicaId, bytes]:
        """The public key of every member of the committee."""
        return dict(enumerate(self.chain.genesis.validators))

    @property
    def decisions(self) -> Chain:
        """The ledger, for an engine whose decisions are final at once."""
        assert isinstance(self.chain, Chain)
        return self.chain

    @property
    def tree(self) -> TreeChain:
        """The ledger, for an engine that orders a tree of blocks."""
        assert isinstance(self.chain, TreeChain)
        return self.chain
