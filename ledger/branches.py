"""Blocks above the final one, on the adopted branch or beside it, by id: the tree on disk.

A block is kept whole (header, payload, bodies) from the moment it is stored until it lies at or below
the final height: from there on the chain itself has it, or nobody needs it. So a branch can always
be executed from here alone, and what was undone can be adopted again.

What peers can make a node keep is bounded twice: the engine stores only blocks that took about as
much work as its own head, and here `BranchLimits` ends it, in blocks and in bytes. A block that
stands on the head is always taken, so junk on the side cannot stop the chain, and as the chain
grows its finality clears the junk away.
"""

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from ledger.block import Header
from ledger.blocks import decode_stored
from ledger.codec import encode
from ledger.errors import ChainError
from ledger.reasons import Reason
from ledger.store.schema import BRANCH, prefix_range
from ledger.store.store import Batch, Store


class BranchBlock(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A block whole: `raws` are the bodies of all that its payload orders, in order."""

    header: Header
    payload: bytes
    raws: tuple[bytes, ...]


class BranchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much may stand beside the adopted branch."""

    side_blocks_max: int = 1_024
    """Within a usual finality depth of six blocks that is some hundred branches."""
    side_bytes_max: int = 256 * 1024 * 1024
    """Sixty full blocks."""


class Node(msgspec.Struct, frozen=True):
    """What is kept in memory of a stored block."""

    header: Header
    size_bytes: int


Nodes: TypeAlias = dict[bytes, Node]
_decode_block = msgspec.msgpack.Decoder(BranchBlock).decode


class Branches:
    """The stored blocks; `nodes` is the index of what the store holds under its prefix."""

    def __init__(self, store: Store, limits: BranchLimits) -> None:
        self._store = store
        self.limits = limits
        self.nodes: Nodes = {}
        for key, data in store.scan(*prefix_range(BRANCH)):
            block = decode_stored(_decode_block, data, "a block of a branch")
            self.nodes[key[1:]] = Node(block.header, len(data))

    def get(self, block_id: bytes) -> BranchBlock | None:
        """A stored block, or None."""
        data = self._store.get(BRANCH + block_id)
        if data is None:
            return None
        block: BranchBlock = decode_stored(_decode_block, data, "a block of a branch")
        return block

    def reserve(self, block_id: bytes, block: BranchBlock, side: Nodes, *, on_head: bool) -> Batch:
        """Take a block into the index; the result stores it. `side` are those not adopted.

        Raises `ChainError` (branches-full) where there is no room beside the adopted branch.
        """
        data = encode(block)
        size = sum(node.size_bytes for node in side.values()) + len(data)
        limits = self.limits
        if not on_head and (len(side) >= limits.side_blocks_max or size > limits.side_bytes_max):
            raise ChainError(Reason.BRANCHES_FULL, f"{len(side)} blocks beside the adopted branch")
        batch = Batch()
        batch.put(BRANCH + block_id, data)
        self.nodes[block_id] = Node(block.header, len(data))
        return batch

    def walk_down(self, block_id: bytes) -> Iterator[tuple[bytes, Node]]:
        """A stored block, its parent, and so on, as far as they are stored here."""
        while (node := self.nodes.get(block_id)) is not None:
            yield block_id, node
            block_id = node.header.parent

    def sort_by_height(self) -> list[tuple[bytes, Node]]:
        """All of them, parents before children."""
        return sorted(self.nodes.items(), key=lambda pair: (pair[1].header.height, pair[0]))

    def find_above(self, roots: set[bytes]) -> set[bytes]:
        """These blocks, and all that stand on them."""
        found = set(roots)
        for block_id, node in self.sort_by_height():
            if node.header.parent in found:
                found.add(block_id)
        return found & self.nodes.keys()

    def drop(self, batch: Batch, block_ids: set[bytes]) -> None:
        """Have a batch delete blocks; `forget` them once it is written."""
        for block_id in sorted(block_ids):
            batch.delete(BRANCH + block_id)

    def forget(self, block_ids: set[bytes]) -> None:
        """They are not in the store any more."""
        for block_id in block_ids:
            del self.nodes[block_id]
