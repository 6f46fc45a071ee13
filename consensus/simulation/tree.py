"""A block tree below a simulated engine: bare payloads on branches, one of which is adopted.

Blocks are stored before anybody adopts them. Adopting executes the branch from the fork up, and does
nothing at all if one of its blocks orders what its branch has ordered already; what was undone waits
again. `content` is a digest of the value. A power failure takes blocks that were not synced, and
leads the ledger back to where it stood at the last sync.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from consensus.block import Header, Template, TreeBlock
from consensus.committee import ReplicaId
from consensus.events import StoredTree, Verdict
from consensus.message import Height
from consensus.simulation.application import (
    Application,
    BareApplication,
    Block,
    items_of,
    make_value,
)


@dataclass(frozen=True, slots=True)
class Adoption:
    """What adopting came to: `fork` is the height of the last block that stayed.

    `undone` blocks are not adopted any more; nothing changed if a block was `refuted`.
    """

    fork: Height
    undone: int
    refuted: bytes | None = None


@runtime_checkable
class TreeApplication(Application, Protocol):
    """The ledger below one engine of block trees: `blocks` is the adopted branch."""

    final: Height

    def describe(self) -> StoredTree:
        """What the disk holds, for an engine that starts."""

    def compose_block(self, template: Template, proposer: ReplicaId, now_ms: int) -> TreeBlock:
        """A block on a template, without its proof."""

    def check_block(self, block: TreeBlock) -> Verdict:
        """Is its content that of its value, and the value valid without any state."""

    def put(self, block_id: bytes, block: TreeBlock) -> None:
        """Store a block on its parent."""

    def get(self, block_id: bytes) -> TreeBlock:
        """A stored block."""

    def get_height(self, block_id: bytes) -> Height:
        """The height of a stored block, or of the genesis."""

    def get_time_ms(self, block_id: bytes) -> int:
        """What a stored block, or the genesis, says of its time."""

    def adopt(self, block_id: bytes) -> Adoption:
        """Make a branch the ledger's, or leave everything as it is."""

    def finalize(self, height: Height) -> None:
        """Never undo this height again."""

    def is_settled(self) -> bool:
        """Is all known work final."""


def compute_content(value: bytes) -> bytes:
    """What a header says of a bare value."""
    return hashlib.sha256(b"quorate/simulation/content" + value).digest()


@dataclass(slots=True)
class BareTree(BareApplication):
    """Opaque items in a tree of blocks."""

    stored: dict[bytes, TreeBlock] = field(default_factory=dict)
    unsynced: list[bytes] = field(default_factory=list)
    final: Height = 0
    synced_head: bytes = b""
    """Where the ledger stood at the last sync."""
    synced_final: Height = 0
    ordered: Height = 0
    """The highest adopted block that orders something."""

    def describe(self) -> StoredTree:
        """All stored blocks in the order in which they came: parents first."""
        headers = tuple(self.stored[block_id].header for block_id in self.list_connected())
        return StoredTree(self.genesis_id, 0, headers, self.final)

    def list_connected(self) -> list[bytes]:
        """Stored blocks whose whole branch is stored, by height."""
        by_height = sorted(self.stored, key=lambda i: (self.stored[i].header.height, i))
        known = {self.genesis_id}
        for block_id in by_height:
            if self.stored[block_id].header.parent in known:
                known.add(block_id)
        return [block_id for block_id in by_height if block_id in known]

    def compose_block(self, template: Template, proposer: ReplicaId, now_ms: int) -> TreeBlock:
        """The oldest waiting items, if the block is for the adopted branch; else nothing."""
        items: list[str] = []
        if template.parent == self.head_id:
            value = self.make_value(proposer, template.height, (), required=True)
            assert value is not None
        else:
            value = make_value(proposer, template.height, items)
        time_ms = max(template.time_ms_min, now_ms)
        content = compute_content(value)
        header = Header(template.height, template.parent, time_ms, content, template.claim)
        return TreeBlock(header, value)

    def check_block(self, block: TreeBlock) -> Verdict:
        """Is its content that of its value, and is none of its items invalid."""
        if block.header.content != compute_content(block.value):
            return Verdict.MISMATCH
        return Verdict.VALID if self.is_valid(block.value) else Verdict.INVALID

    def put(self, block_id: bytes, block: TreeBlock) -> None:
        """Store a block."""
        if block_id not in self.stored:
            self.stored[block_id] = block
            self.unsynced.append(block_id)

    def get(self, block_id: bytes) -> TreeBlock:
        """A stored block."""
        return self.stored[block_id]

    def get_height(self, block_id: bytes) -> Height:
        """The height of a stored block, or of the genesis."""
        return self.stored[block_id].header.height if block_id != self.genesis_id else 0

    def get_time_ms(self, block_id: bytes) -> int:
        """What a stored block, or the genesis, says of its time."""
        return self.stored[block_id].header.time_ms if block_id != self.genesis_id else 0

    @property
    def head_id(self) -> bytes:
        """The tip of the adopted branch."""
        return self.blocks[-1].block_id if self.blocks else self.genesis_id

    def adopt(self, block_id: bytes) -> Adoption:
        """Execute the branch from the fork up, unless one of its blocks cannot be."""
        branch: list[bytes] = []
        at = block_id
        while not self.is_adopted(at):
            branch.append(at)
            at = self.stored[at].header.parent
        fork = self.stored[at].header.height if at != self.genesis_id else 0
        branch.reverse()
        if refuted := self.find_repetition(branch, fork):
            return Adoption(fork, 0, refuted)
        undone = self.undo(fork)
        for name in branch:
            self.append(name)
        self.work = {item: 0 for item in self.known if item not in self.executed}
        return Adoption(fork, undone)

    def is_adopted(self, block_id: bytes) -> bool:
        """Is it the genesis, or on the adopted branch."""
        if block_id == self.genesis_id:
            return True
        height = self.stored[block_id].header.height
        return height <= len(self.blocks) and self.blocks[height - 1].block_id == block_id

    def find_repetition(self, branch: Iterable[bytes], fork: Height) -> bytes | None:
        """The first block of a branch that orders an item for the second time."""
        seen: set[str] = set()
        for name in branch:
            for item in items_of(self.stored[name].value):
                if item in seen or self.executed.get(item, fork + 1) <= fork:
                    return name
                seen.add(item)
        return None

    def undo(self, fork: Height) -> int:
        """Go back to a height; how many blocks that undoes."""
        undone = len(self.blocks) - fork
        if undone:
            del self.blocks[fork:]
            self.executed = {i: h for i, h in self.executed.items() if h <= fork}
            self.ordered = max(self.executed.values(), default=0)
        return undone

    def append(self, block_id: bytes) -> None:
        """Execute the next block of the branch."""
        block = self.stored[block_id]
        height = block.header.height
        self.blocks.append(Block(height, (block.value,), None, block_id))
        items = items_of(block.value)
        self.executed.update(dict.fromkeys(items, height))
        if items:
            self.ordered = height

    def finalize(self, height: Height) -> None:
        """Never undo this height again; that is durable at once."""
        self.final = height
        self.sync()

    def is_settled(self) -> bool:
        """Is all known work final."""
        return not self.work and self.ordered <= self.final

    def flags(self) -> tuple[bool, bool]:
        """Is there work; nobody leads, so nobody can be blamed for passing it over."""
        return bool(self.work), False

    def sync(self) -> None:
        """All blocks so far, and where the ledger stands, survive a power failure from here on."""
        self.unsynced.clear()
        self.synced_head, self.synced_final = self.head_id, self.final

    def crash(self, *, loses_unsynced: bool) -> int:
        """Submitted work is on disk; unsynced blocks perhaps not."""
        if not loses_unsynced:
            self.sync()
            return 0
        lost = len(self.unsynced)
        for block_id in self.unsynced:
            del self.stored[block_id]
        self.unsynced.clear()
        self.final = self.synced_final
        self.adopt(self.synced_head or self.genesis_id)
        return lost

    def wipe(self) -> None:
        """A new disk; clients' work is sent again."""
        BareApplication.wipe(self)
        self.stored, self.unsynced, self.final, self.ordered = {}, [], 0, 0
        self.synced_head, self.synced_final = b"", 0
