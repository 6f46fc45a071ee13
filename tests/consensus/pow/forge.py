"""Blocks for tests: proved for real at an easy target, or by the simulated work function."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from consensus.block import Header, TreeBlock
from consensus.committee import Committee
from consensus.effects import Adopt, Effect, Store
from consensus.engine import step
from consensus.events import Applied, Event, Mined, Received, Started, Stored, StoredTree, Verdict
from consensus.pow.block_tree import BlockTree
from consensus.pow.compact import decode_compact
from consensus.pow.engine import ProofOfWork, create
from consensus.pow.header_rules import compute_bits
from consensus.pow.parameters import PRESETS, Parameters
from consensus.pow.work import (
    Claim,
    compute_id,
    decode_claim,
    encode_claim,
    find_proof,
    prove_simulated,
)

ROOT = hashlib.sha256(b"root").digest()
COMMITTEE = Committee.of(4, 1)
SIMULATED = Parameters(
    interval_ms=1_000, window=8, depth=6, drift_ms=2_000, resend_ms=100, simulated_work=1
)
REAL = Parameters(**PRESETS["test"])


def make_block(
    tree: BlockTree,
    parent: bytes,
    parameters: Parameters = SIMULATED,
    *,
    after_ms: int = 1_000,
    miner: int = 9,
    value: bytes = b"",
    bits: int | None = None,
) -> TreeBlock:
    """A good block on a known parent, so long after it."""
    node = tree.nodes[parent]
    bits = compute_bits(tree, node, parameters) if bits is None else bits
    claim = encode_claim(Claim(bits, 0, miner))
    content = hashlib.sha256(value).digest()
    header = Header(node.height + 1, parent, node.header.time_ms + after_ms, content, claim)
    return TreeBlock(prove(header, parameters), value)


def prove(header: Header, parameters: Parameters = SIMULATED) -> Header:
    """A header with its proof, by whatever function the network takes."""
    if parameters.simulated_work:
        return prove_simulated(header)
    claim = decode_claim(header.claim)
    assert claim is not None
    found = find_proof(header, decode_compact(claim.bits).magnitude, 0, 100_000)
    assert found is not None
    return found


@dataclass
class Bench:
    """One replica whose host does at once what it is asked, and remembers all effects."""

    parameters: Parameters = SIMULATED
    me: int | None = 0
    engine: ProofOfWork = field(init=False)
    effects: list[Effect] = field(default_factory=list)
    blocks: dict[bytes, TreeBlock] = field(default_factory=dict)
    later: set[bytes] = field(default_factory=set)
    """Blocks whose time has not come for the host."""

    def __post_init__(self) -> None:
        self.engine = create(self.me, COMMITTEE, self.parameters)
        self.start()

    def start(self, headers: Iterable[Header] = (), head: bytes = ROOT, final: int = 0) -> None:
        tree = StoredTree(ROOT, 0, tuple(headers), final)
        self.feed(Started((), 0, head, COMMITTEE, True, tree))

    @property
    def tree(self) -> BlockTree:
        return self.engine.replica.grown

    @property
    def head(self) -> bytes:
        return self.tree.chain[-1]

    def feed(self, event: Event) -> list[Effect]:
        """One event and all that the host answers; gives the effects of all these steps."""
        waiting: list[Event] = [event]
        come: list[Effect] = []
        while waiting:
            for effect in step(self.engine, waiting.pop(0)):
                come.append(effect)
                match effect:
                    case Store(block_id, block, _):
                        self.blocks[block_id] = block
                        is_later = block_id in self.later
                        verdict = Verdict.LATER if is_later else Verdict.VALID
                        waiting.append(Stored(block_id, verdict))
                    case Adopt(block_id):
                        height = self.tree.nodes[block_id].height
                        waiting.append(Applied(height, block_id, COMMITTEE))
                    case _:
                        continue
        self.effects += come
        return come

    def hear(self, block: TreeBlock, sender: int = 1) -> list[Effect]:
        """Somebody shares a block."""
        return self.feed(Received(sender, block))

    def mine(self, block: TreeBlock) -> list[Effect]:
        """The own miner found one."""
        return self.feed(Mined(block))

    def grow(self, count: int, parent: bytes | None = None, **options: int) -> list[bytes]:
        """So many blocks on top of a known one, heard one by one."""
        ids: list[bytes] = []
        at = self.head if parent is None else parent
        for _ in range(count):
            block = make_block(self.tree, at, self.parameters, **options)  # type: ignore[arg-type]
            self.hear(block)
            at = compute_id(block.header)
            ids.append(at)
        return ids
