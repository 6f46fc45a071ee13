"""A ledger whose head may move to another branch, until its blocks are final.

Blocks are stored before anybody adopts them (`put`), whole and by id. `adopt` leads the ledger to a
stored tip: it goes back to the fork over the undo entries, executes the branch in memory, and writes
the whole switch in one batch, so that a crash leaves the one branch or the other and never a part of
both. `finalize` gives up the way back.

Nothing but `finalize` is synced here, and blocks by whoever stores them; a ledger that stands lower
than it did after a power failure is led up again by its engine.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.block import Header
from ledger.blocks import Meta
from ledger.branch_state import BranchState
from ledger.branches import BranchBlock, Branches, BranchLimits, Nodes
from ledger.codec import encode
from ledger.composing import Draft, Place, compose_block
from ledger.errors import ChainError, StoreError
from ledger.genesis import Genesis
from ledger.ledger import Ledger, Measure, measure_nothing
from ledger.opening import Identify, Opened, open_chain
from ledger.reasons import Reason
from ledger.state_tree import Node as StateNode
from ledger.store.schema import FINAL_KEY, META_KEY, UNDO, at_height
from ledger.store.store import Batch, Store
from ledger.switching import (
    Executed,
    Switch,
    execute_block,
    find_orphans,
    put_executed,
    put_leaves,
    put_orphans,
    put_undone,
    read_undone,
)
from ledger.transaction import Envelope


@dataclass(slots=True)
class _Way:
    """From the head to a fork, and up a branch from there."""

    state: BranchState
    restored: dict[bytes, bytes | None]
    """Leaves that differ between the head and the fork, as they were there."""
    fork_root: StateNode
    executed: list[Executed] = field(default_factory=list)


class TreeChain(Ledger):
    """A ledger over a tree of blocks; `identify` names them all but the genesis block."""

    def __init__(
        self,
        store: Store,
        genesis: Genesis,
        opened: Opened,
        measure: Measure,
        limits: BranchLimits,
    ) -> None:
        super().__init__(store, genesis, opened, measure)
        self._final = int.from_bytes(store.get(FINAL_KEY) or b"", "big")
        self._branches = Branches(store, limits)
        self._adopted = {
            height: self._blocks.get_record(height).id
            for height in range(self._final, self.height + 1)
        }
        self._check_tree()

    @classmethod
    def open(
        cls,
        store: Store,
        genesis: Genesis,
        identify: Identify,
        measure: Measure = measure_nothing,
        limits: BranchLimits | None = None,
    ) -> "TreeChain":
        """The ledger in a store; an empty store gets block 0. Raises as `Chain.open` does."""
        opened = open_chain(store, genesis, identify)
        return cls(store, genesis, opened, measure, limits or BranchLimits())

    def _check_tree(self) -> None:
        """Raise `StoreError` where the way back to the final block is not there."""
        if self._final > self.height:
            raise StoreError(Reason.STORE_CORRUPT, "final beyond the head")
        for height in range(self._final + 1, self.height + 1):
            if self._adopted[height] not in self._branches.nodes:
                raise StoreError(Reason.STORE_CORRUPT, f"block {height} cannot be undone")

    # What it holds.

    @property
    def final_height(self) -> int:
        """The height of the last block that is never undone."""
        return self._final

    @property
    def branch_limits(self) -> BranchLimits:
        """How much may stand beside the adopted branch."""
        return self._branches.limits

    @property
    def side(self) -> Nodes:
        """The stored blocks that are not adopted."""
        nodes = self._branches.nodes
        return {id_: node for id_, node in nodes.items() if not self.is_adopted(id_)}

    def is_adopted(self, block_id: bytes) -> bool:
        """Does a block stand on the adopted branch, at or above the final one."""
        if (node := self._branches.nodes.get(block_id)) is None:
            return block_id == self._adopted[self._final]
        return self._adopted.get(node.header.height) == block_id

    def holds(self, block_id: bytes) -> bool:
        """Is the block stored, on whichever branch."""
        return block_id in self._branches.nodes or self._blocks.find_height(block_id) is not None

    def get_block(self, block_id: bytes) -> BranchBlock | None:
        """A stored block whole, on whichever branch and however old, or None."""
        if block_id in self._branches.nodes:
            return self._branches.get(block_id)
        height = self._blocks.find_height(block_id)
        if not height:
            return None
        record = self._blocks.get_record(height)
        return BranchBlock(record.header, record.values[0], self._blocks.get_bodies(height))

    def list_headers(self) -> list[Header]:
        """The headers of all stored blocks whose whole branch is stored, parents before children.

        The adopted ones first, from block 1 up, then the others.
        """
        headers = [self.header(height) for height in range(1, self.height + 1)]
        known = set(self._adopted.values())
        for block_id, node in self._branches.sort_by_height():
            if node.header.parent in known and not self.is_adopted(block_id):
                known.add(block_id)
                headers.append(node.header)
        return headers

    # Blocks come.

    def put(self, block_id: bytes, block: BranchBlock) -> Batch:
        """Take in a block whose content has been judged: the result is to be written, synced.

        It may not be adopted before that. Nothing is to be written for a block that is here.
        Raises `ChainError` (branches-full) where there is no room beside the adopted branch.
        """
        if self.holds(block_id):
            return Batch()
        on_head = block.header.parent == self.head_id
        return self._branches.reserve(block_id, block, self.side, on_head=on_head)

    def compose(
        self, time_ms: int, claim: bytes, proposer: bytes, candidates: Iterable[Envelope]
    ) -> Draft:
        """A block on the head out of those candidates that can be executed there, in order."""
        state = BranchState(self._state, self._store, {})
        place = Place(self.height + 1, self.head_id, time_ms, claim, proposer)
        return compose_block(state, place, candidates, self.chain_id)

    # The head moves.

    def adopt(self, block_id: bytes) -> Switch:
        """Make the branch that ends in a stored block the ledger's, or leave everything as it is.

        A block that cannot be executed stays beside the adopted branch, with all that stand on it,
        until finality clears them away: its engine may ask for a branch over it again before it has
        heard, and hears the same.

        Raises `ChainError` for a tip that is not stored down to the adopted branch, or that leaves
        it below the final block.
        """
        fork, branch = self._find_branch(block_id)
        undone = tuple(read_undone(self._blocks, range(fork + 1, self.height + 1)))
        base = BranchState(self._state, self._store, self._collect_undo(fork))
        way = _Way(base, dict(base.leaves), base.root)
        for name in branch:
            result = self._execute(base, name)
            if isinstance(result, Reason):
                return Switch(fork, refuted=name, reason=result)
            base.commit(result.changes)
            way.executed.append(result)
        applied = tuple(one.applied for one in way.executed)
        switch = Switch(fork, undone, applied, find_orphans(undone, applied))
        if undone or applied:
            self._write(switch, way)
            self._advance(switch, way)
        return switch

    def _find_branch(self, block_id: bytes) -> tuple[int, list[bytes]]:
        """Where a tip leaves the adopted branch, and its blocks from there up."""
        branch: list[bytes] = []
        at = block_id
        while not self.is_adopted(at):
            if (node := self._branches.nodes.get(at)) is None:
                raise ChainError(Reason.CHAIN_UNKNOWN_BLOCK, f"{at.hex()} leads nowhere")
            branch.append(at)
            at = node.header.parent
            if node.header.height <= self._final:
                raise ChainError(Reason.CHAIN_BELOW_FINAL, f"block {self._final} is final")
        node = self._branches.nodes.get(at)
        return node.header.height if node else self._final, branch[::-1]

    def _collect_undo(self, fork: int) -> dict[bytes, bytes | None]:
        """The leaves that differ between the head and the block at `fork`, as they were there."""
        leaves: dict[bytes, bytes | None] = {}
        for height in range(self.height, fork, -1):
            if (undo := self._blocks.get_undo(height)) is None:
                raise StoreError(Reason.STORE_CORRUPT, f"the undo of block {height} is missing")
            leaves.update(undo)
        return leaves

    def _execute(self, state: BranchState, block_id: bytes) -> Executed | Reason:
        block = self._branches.get(block_id)
        if block is None:
            raise StoreError(Reason.STORE_CORRUPT, f"block {block_id.hex()} is missing")
        return execute_block(state, block_id, block, self.chain_id, self._measure)

    def _write(self, switch: Switch, way: _Way) -> None:
        batch = Batch()
        put_undone(batch, switch.undone)
        put_leaves(batch, way.restored)
        put_orphans(batch, switch.orphans)
        put_executed(batch, way.executed)
        height, head_id = switch.fork + len(way.executed), self._adopted[switch.fork]
        if way.executed:
            head_id = way.executed[-1].record.id
        batch.put(META_KEY, encode(Meta(self.chain_id, height, head_id, self.certified_height)))
        with self._measure("store"):
            self._store.write(batch)

    def _advance(self, switch: Switch, way: _Way) -> None:
        """Follow in memory what the store has."""
        if switch.undone:
            self.head, self.head_id = self.header(switch.fork), self._adopted[switch.fork]
            self._history.rewind(switch.fork, way.fork_root)
        for block in switch.undone:
            del self._adopted[block.height]
        for one in way.executed:
            height = one.record.header.height
            undo = {leaf.key_hash: leaf.old for leaf in one.changes.leaves}
            self._history.push(height, one.changes.root, undo)
            self._adopted[height] = one.record.id
            self.head, self.head_id = one.record.header, one.record.id
        self._state.move(way.state.root, way.state.accounts, way.restored)

    def finalize(self, height: int) -> None:
        """Never undo this height of the adopted branch again; durable when this returns.

        What branches off below it goes from the disk, and so do the way back and the stored form
        of what is final. Raises `ChainError` beyond the head; harmless when repeated.
        """
        if height > self.height:
            raise ChainError(Reason.CHAIN_UNKNOWN_BLOCK, f"no block {height} to finalize")
        if height <= self._final:
            return
        gone = self._find_settled(height)
        batch = Batch()
        batch.put(FINAL_KEY, at_height(b"", height))
        self._branches.drop(batch, gone)
        batch.extend([(at_height(UNDO, at), None) for at in range(self._final + 1, height + 1)])
        self._store.write(batch)
        self._store.sync()
        self._branches.forget(gone)
        for passed in range(self._final, height):
            del self._adopted[passed]
        self._final = height

    def _find_settled(self, height: int) -> set[bytes]:
        """The stored blocks that nobody needs once `height` is final."""
        nodes = self._branches.nodes
        low = {id_ for id_, node in nodes.items() if node.header.height <= height}
        dead = {id_ for id_ in low if not self.is_adopted(id_)}
        return low | self._branches.find_above(dead)
