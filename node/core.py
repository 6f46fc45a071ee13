"""What the parts of one node share: its configuration, its ledger, and its place in the network."""

from dataclasses import dataclass, field

from consensus.committee import Committee, ReplicaId
from consensus.engine_spec import EngineSpec
from ledger.chain import Chain
from ledger.ledger import Ledger
from ledger.mempool import Mempool
from ledger.store.store import Store
from ledger.tree_chain import TreeChain
from node.clocks import Clocks
from node.config import Config
from node.identity import Identity
from node.metrics import Metrics
from node.seats import Seats
from node.stages import Stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """Made once by `node.node`; `seats` says who decides, and whether this node does."""

    config: Config
    identity: Identity
    spec: EngineSpec
    seats: Seats
    store: Store
    chain: Ledger
    mempool: Mempool
    metrics: Metrics
    stages: Stages
    clocks: Clocks = field(default_factory=Clocks)

    @property
    def committee(self) -> Committee:
        """Who decides the next height."""
        return self.seats.committee

    @property
    def me(self) -> ReplicaId | None:
        """This node's replica id, None for a follower."""
        return self.seats.me

    @property
    def validators(self) -> dict[ReplicaId, bytes]:
        """The public key of every member of the committee."""
        return self.seats.members

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
