"""The real ledger below a simulated engine of block trees: branches, undo, and signed transactions.

What a node does around such an engine (`node.storing`, `node.drafting`, `node.branching`) is done
here with the same parts of `ledger`, but at once. Bodies are known to all hosts of a run; times are
those of the virtual clock.
"""

from typing import Any

from consensus import catalog
from consensus.block import Template, TreeBlock
from consensus.committee import ReplicaId
from consensus.events import StoredTree, Verdict
from consensus.message import Height
from consensus.simulation.application import ITEMS_PER_VALUE, Block
from consensus.simulation.tree import Adoption
from ledger.block import Header, encode_payload
from ledger.branches import BranchBlock
from ledger.composing import Draft
from ledger.content import (
    check_content,
    compute_value_content,
    decode_value,
    encode_value,
)
from ledger.errors import PayloadError, TransactionError
from ledger.hashing import compute_payload_digest
from ledger.ledger import Ledger
from ledger.mempool import Mempool
from ledger.mempool_log import forget_batch, load
from ledger.merkle import EMPTY_ROOT
from ledger.reasons import Reason
from ledger.switching import Switch
from ledger.tree_chain import TreeChain
from ledger.validation import check_payload_bodies
from node.simulation.ledger import MEMPOOL_LIMITS, LedgerApplication, split_ids
from node.simulation.ledger_workload import Bodies
from node.tree_blocks import describe_tree, make_identify, to_header, to_tree_block


class TreeLedgerApplication(LedgerApplication):
    """One host's tree, mempool and database (see `consensus.simulation.tree`)."""

    chain: TreeChain  # type: ignore[assignment]

    def __init__(self, bodies: Bodies) -> None:
        rules = catalog.get(bodies.network.genesis.engine).tree
        assert rules is not None
        self._identify = make_identify(rules)
        super().__init__(bodies)

    def _open(self) -> None:
        """Open what is on the disk, with all checks of a node that starts."""
        self.chain = TreeChain.open(self.store, self.network.genesis, self._identify)
        self.final = self.chain.final_height
        self.mempool = Mempool(MEMPOOL_LIMITS, self.chain.account, self.chain.height)
        for envelope in load(self.store):
            try:
                self.mempool.add(envelope, self.chain.height)
            except TransactionError as error:
                if error.reason is Reason.TX_INSUFFICIENT_BALANCE:
                    self.mempool.take_back([envelope])

    def reopen(self) -> Ledger:
        """The same database, opened once more."""
        return TreeChain.open(self.store, self.network.genesis, self._identify)

    def name_block(self, header: Header) -> bytes:
        """The id that follows from a header."""
        return self._identify(header)

    def payloads_of(self, block: Block) -> tuple[bytes, ...]:
        """What a block orders, as the ledger encodes it."""
        return tuple(decode_value(value).payload for value in block.values)

    # Blocks.

    def describe(self) -> StoredTree:
        """What the disk holds, for an engine that starts."""
        return describe_tree(self.chain)

    def compose_block(self, template: Template, proposer: ReplicaId, now_ms: int) -> TreeBlock:
        """Waiting transactions, if the block is for the adopted branch; else none."""
        time_ms = max(template.time_ms_min, now_ms)
        key = self.network.genesis.validators[proposer]
        if template.parent != self.chain.head_id:
            return to_tree_block(self._compose_empty(template, time_ms, key))
        limit = self.network.genesis.limits.block_bytes_max
        candidates = self.mempool.select(ITEMS_PER_VALUE, limit)
        candidates += [self.bodies.by_id[id_] for id_ in self.forged.values()]
        return to_tree_block(self.chain.compose(time_ms, template.claim, key, candidates))

    def _compose_empty(self, template: Template, time_ms: int, key: bytes) -> Draft:
        """A block that orders nothing leaves the state of its parent as it is."""
        parent = self.chain.get_block(template.parent)
        state_root = parent.header.state_root if parent else self.chain.header(0).state_root
        payload = encode_payload(0, key, [])
        header = Header(
            height=template.height,
            parent=template.parent,
            payload_digest=compute_payload_digest(payload),
            transaction_root=EMPTY_ROOT,
            state_root=state_root,
            receipts_root=EMPTY_ROOT,
            timestamp_ms=time_ms,
            proposer=key,
            claim=template.claim,
        )
        return Draft(header, payload, ())

    def check_block(self, block: TreeBlock) -> Verdict:
        """Is its content that of its value, and the value valid without any state."""
        try:
            if compute_value_content(decode_value(block.value)) != block.header.content:
                return Verdict.MISMATCH
        except PayloadError:
            return Verdict.MISMATCH
        return Verdict.VALID if self.is_valid(block.value) else Verdict.INVALID

    def is_valid(self, value: bytes) -> bool:
        """Form and limits of a block's content, form and signature of all its transactions."""
        limits = self.network.genesis.limits
        try:
            ids = check_content(decode_value(value), limits).split_ids()
            if not self.bodies.sound.issuperset(ids):
                return False
            check_payload_bodies([self.bodies.by_id[id_] for id_ in ids], limits)
        except PayloadError:
            return False
        return True

    def items_of(self, value: bytes) -> list[str]:
        """The items that a value orders, as far as anybody has heard of them."""
        names = self.bodies.names
        return [names[id_] for id_ in split_ids(decode_value(value).payload) if id_ in names]

    def put(self, block_id: bytes, block: TreeBlock) -> None:
        """Store a block that has been judged good; the host syncs before it says so."""
        content = decode_value(block.value)
        raws = tuple(self.bodies.by_id[id_].raw for id_ in split_ids(content.payload))
        held = BranchBlock(to_header(block.header, content), content.payload, raws)
        self.store.write(self.chain.put(block_id, held))

    def get(self, block_id: bytes) -> TreeBlock:
        """A stored block."""
        block = self.chain.get_block(block_id)
        assert block is not None
        return to_tree_block(block)

    def get_height(self, block_id: bytes) -> Height:
        """The height of a stored block, or of the genesis."""
        return self._get_header(block_id).height

    def get_time_ms(self, block_id: bytes) -> int:
        """What a stored block, or the genesis, says of its time."""
        return self._get_header(block_id).timestamp_ms

    def _get_header(self, block_id: bytes) -> Header:
        block = self.chain.get_block(block_id)
        return self.chain.header(0) if block is None else block.header

    # The head moves.

    def adopt(self, block_id: bytes) -> Adoption:
        """Make a branch the ledger's, or leave everything as it is."""
        switch = self.chain.adopt(block_id)
        if switch.refuted is None:
            self._follow(switch)
        return Adoption(switch.fork, switch.depth, switch.refuted)

    def _follow(self, switch: Switch) -> None:
        dropped = self.mempool.follow(switch)
        self.store.write(forget_batch(gone.id for gone in dropped))
        self._show(switch.fork)

    def _show(self, fork: Height) -> None:
        """What the simulator looks at, from a height up."""
        del self.blocks[fork:]
        self.executed = {item: at for item, at in self.executed.items() if at <= fork}
        for height in range(fork + 1, self.chain.height + 1):
            block = self.chain.block(height)
            value = encode_value(block.header, block.values[0])
            self.blocks.append(Block(height, (value,), None, block.id))
            for id_ in block.ids:
                self.executed[self.bodies.names[id_]] = height
                self.forged.pop(self.bodies.names[id_], None)
        self.bodies.height = max(self.bodies.height, self.chain.height)

    def finalize(self, height: Height) -> None:
        """Never undo this height again; that is durable at once."""
        self.chain.finalize(height)
        self.final = self.chain.final_height

    def is_settled(self) -> bool:
        """Is all work final that clients have sent here, whatever the ledger remembers of it."""
        wanted = self.known.keys() - self.forged.keys()
        return all(self.executed.get(item, self.final + 1) <= self.final for item in wanted)

    def flags(self) -> tuple[bool, bool]:
        """Is there work; nobody leads, so nobody can be blamed for passing it over."""
        return bool(self.mempool.count) or bool(self.forged), False

    # The disk.

    def _forget_lost(self) -> None:
        """After a crash the ledger may stand on another branch than before."""
        self._show(0)

    def execute(self, height: Height, values: tuple[bytes, ...], seal: Any) -> Block:
        """Nothing is decided here."""
        raise AssertionError((height, values, seal))
