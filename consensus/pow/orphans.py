"""Blocks whose parent is not known yet: a few of them wait here.

An orphan took work (its proof is checked before), but at a target that nobody can judge without its
branch, so the pool is small and the oldest leaves first. Whoever is dropped comes again with its
branch.
"""

from dataclasses import dataclass, field

from consensus.block import TreeBlock

ORPHANS_MAX = 32
ORPHAN_BYTES_MAX = 4 << 20


@dataclass(slots=True)
class Orphans:
    """The pool, oldest first."""

    blocks: dict[bytes, TreeBlock] = field(default_factory=dict)
    numbers: dict[bytes, int] = field(default_factory=dict)
    """In which order they came."""
    came: int = 0
    size_bytes: int = 0

    def has(self, block_id: bytes) -> bool:
        """Does it wait here."""
        return block_id in self.blocks

    def put(self, block_id: bytes, block: TreeBlock) -> None:
        """Let a block wait; the oldest make room."""
        self.blocks[block_id] = block
        self.numbers[block_id] = self.came
        self.came += 1
        self.size_bytes += len(block.value)
        while len(self.blocks) > ORPHANS_MAX or self.size_bytes > ORPHAN_BYTES_MAX:
            self.take(min(self.numbers, key=self.numbers.__getitem__))

    def take(self, block_id: bytes) -> TreeBlock:
        """Take a block out."""
        block = self.blocks.pop(block_id)
        del self.numbers[block_id]
        self.size_bytes -= len(block.value)
        return block

    def take_children(self, parent: bytes) -> list[tuple[bytes, TreeBlock]]:
        """Take out all that stand on this parent, in the order in which they came."""
        names = [name for name, block in self.blocks.items() if block.header.parent == parent]
        return [(name, self.take(name)) for name in sorted(names, key=self.numbers.__getitem__)]
