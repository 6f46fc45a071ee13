"""From one branch to another: what is undone, what is executed, and the one batch that does both.

A branch is executed to its end before anything is written. Each of its blocks has to lead to the very
roots that it promises, and may not order a transaction that has no effect (its miner has executed
it, so only a liar's does); else the block is *refuted*, and with it all that stand on it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ledger.apply import AppliedBlock, Outcome, apply_transactions
from ledger.block import Header
from ledger.blocks import BlockRecord, Blocks, put_block
from ledger.branch_state import BranchState
from ledger.branches import BranchBlock
from ledger.codec import encode
from ledger.ledger import Measure
from ledger.merkle import compute_root
from ledger.reasons import Reason
from ledger.state import Changes, View
from ledger.store.schema import (
    BLOCK,
    BLOCK_ID,
    BODIES,
    PENDING,
    RECEIPTS,
    STATE,
    TRANSACTION,
    UNDO,
    at_height,
)
from ledger.store.store import Batch
from ledger.transaction import Envelope, decode_transaction


@dataclass(frozen=True, slots=True)
class Undone:
    """A block that left the adopted branch, with its transactions in order."""

    height: int
    block_id: bytes
    envelopes: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class Executed:
    """A block of a branch with all that it does, written nowhere yet."""

    record: BlockRecord
    raws: tuple[bytes, ...]
    outcome: Outcome
    changes: Changes

    @property
    def applied(self) -> AppliedBlock:
        """What the rest of a node is told of it."""
        receipts = tuple(self.outcome.receipts)
        ids = tuple(receipt.id for receipt in receipts)
        header, nonces = self.record.header, self.outcome.nonces
        size = self.outcome.size_bytes
        return AppliedBlock(header, self.record.id, ids, receipts, (), nonces, size)


@dataclass(frozen=True, slots=True)
class Switch:
    """What adopting a tip came to; `fork` is the height of the last block that stayed.

    Blocks stand oldest first. `orphans` were undone and are not in the new branch, in their old
    order: they wait again. Nothing has changed if a block was `refuted`, for a `reason`.
    """

    fork: int
    undone: tuple[Undone, ...] = ()
    applied: tuple[AppliedBlock, ...] = ()
    orphans: tuple[Envelope, ...] = ()
    refuted: bytes | None = None
    reason: Reason | None = None

    @property
    def depth(self) -> int:
        """How many blocks were undone: 0 where the head only grew."""
        return len(self.undone)

    def list_senders(self) -> set[bytes]:
        """Whose nonces have moved, up or down."""
        moved = {sender for block in self.applied for sender in block.nonces}
        back = (one.transaction.sender for block in self.undone for one in block.envelopes)
        return moved.union(back)


def read_undone(blocks: Blocks, heights: Iterable[int]) -> Iterator[Undone]:
    """The adopted blocks at some heights."""
    for height in heights:
        envelopes = tuple(map(decode_transaction, blocks.get_bodies(height)))
        yield Undone(height, blocks.get_record(height).id, envelopes)


def find_orphans(undone: Iterable[Undone], applied: Iterable[AppliedBlock]) -> tuple[Envelope, ...]:
    """What was undone and is not in the blocks that came instead."""
    included = {id_ for block in applied for id_ in block.ids}
    return tuple(one for block in undone for one in block.envelopes if one.id not in included)


def execute_block(
    state: BranchState, block_id: bytes, block: BranchBlock, chain_id: bytes, measure: Measure
) -> Executed | Reason:
    """Execute one block on the branch below it, or say why that cannot be."""
    header = block.header
    envelopes = [decode_transaction(raw) for raw in block.raws]
    view = View(state)
    ordered = [(envelope, header.proposer) for envelope in envelopes]
    outcome = apply_transactions(view, ordered, header.height, chain_id)
    if outcome.skipped:
        return Reason.BLOCK_SKIPS
    with measure("state-tree"):
        changes = view.seal()
    if compute_roots(outcome, changes) != get_roots(header):
        return Reason.BLOCK_BAD_ROOTS
    record = BlockRecord(header, block_id, (block.payload,), b"", ())
    return Executed(record, block.raws, outcome, changes)


def compute_roots(outcome: Outcome, changes: Changes) -> tuple[bytes, bytes, bytes]:
    """Transaction, state and receipts root after a block."""
    return (
        compute_root([receipt.id for receipt in outcome.receipts]),
        changes.root.hash,
        compute_root(list(map(encode, outcome.receipts))),
    )


def get_roots(header: Header) -> tuple[bytes, bytes, bytes]:
    """The roots that a header promises."""
    return header.transaction_root, header.state_root, header.receipts_root


def put_undone(batch: Batch, undone: Iterable[Undone]) -> None:
    """Take blocks out of everything that follows the adopted branch."""
    for block in undone:
        for prefix in (BLOCK, BODIES, RECEIPTS, UNDO):
            batch.delete(at_height(prefix, block.height))
        batch.delete(BLOCK_ID + block.block_id)
        batch.extend([(TRANSACTION + one.id, None) for one in block.envelopes])


def put_leaves(batch: Batch, leaves: dict[bytes, bytes | None]) -> None:
    """Put leaves of the state back as they were."""
    batch.extend([(STATE + key_hash, leaf) for key_hash, leaf in leaves.items()])


def put_executed(batch: Batch, executed: Iterable[Executed]) -> None:
    """Everything that the blocks of the new branch write."""
    for one in executed:
        put_block(batch, one.record, list(one.raws), one.outcome.receipts, one.changes.leaves)


def put_orphans(batch: Batch, orphans: Iterable[Envelope]) -> None:
    """Back into the mempool log: they were acknowledged once."""
    batch.extend([(PENDING + one.id, one.raw) for one in orphans])
