"""Ledgers over trees of blocks for tests: each composes on its own head, and takes others' blocks."""

from dataclasses import dataclass, field

from ledger.block import Header, header_id
from ledger.branches import BranchBlock, BranchLimits
from ledger.genesis import Genesis
from ledger.keys import KeyPair
from ledger.store.memory import MemoryStore
from ledger.store.schema import PENDING, prefix_range
from ledger.store.store import Store
from ledger.switching import Switch
from ledger.transaction import Envelope
from ledger.tree_chain import TreeChain
from tests.ledger.support import GENESIS, PROPOSER, VALIDATORS

Named = tuple[bytes, BranchBlock]


def identify(header: Header) -> bytes:
    """A name that no chain of decisions would give."""
    return bytes(reversed(header_id(header)))


@dataclass
class TreeWorld:
    """One node's ledger; `miner` is whom its blocks pay."""

    store: Store = field(default_factory=MemoryStore)
    genesis: Genesis = GENESIS
    miner: KeyPair = PROPOSER
    limits: BranchLimits | None = None

    def __post_init__(self) -> None:
        self.chain = self.reopen()

    def reopen(self) -> TreeChain:
        """Open the ledger in the store once more."""
        return TreeChain.open(self.store, self.genesis, identify, limits=self.limits)

    def compose(self, *candidates: Envelope, time_ms: int | None = None) -> Named:
        """A block on the head, stored nowhere."""
        when = self.chain.head.timestamp_ms + 1_000 if time_ms is None else time_ms
        draft = self.chain.compose(when, b"claim", self.miner.public_key, candidates)
        raws = tuple(envelope.raw for envelope in draft.envelopes)
        return identify(draft.header), BranchBlock(draft.header, draft.payload, raws)

    def take(self, *blocks: Named) -> None:
        """Store blocks, on whichever branch."""
        for block_id, block in blocks:
            self.store.write(self.chain.put(block_id, block), sync=True)

    def follow(self, *blocks: Named) -> Switch:
        """Store blocks and adopt the last of them."""
        self.take(*blocks)
        return self.chain.adopt(blocks[-1][0])

    def mine(self, *candidates: Envelope, time_ms: int | None = None) -> Named:
        """Compose, store and adopt a block."""
        block = self.compose(*candidates, time_ms=time_ms)
        self.follow(block)
        return block

    def list_waiting(self) -> set[bytes]:
        """The ids in the mempool log."""
        return {key[1:] for key, _ in self.store.scan(*prefix_range(PENDING))}


def make_worlds(count: int = 2) -> list[TreeWorld]:
    """Nodes of one network, each with a miner of its own."""
    return [TreeWorld(miner=VALIDATORS[number]) for number in range(count)]


def dump(store: Store) -> dict[bytes, bytes]:
    """Everything in a store."""
    return dict(store.scan(b"", b"\xff"))
