"""What survives a crash of a simulated host: the journal, and a ledger that is a hash chain."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from consensus.message import Height, compute_digest
from consensus.simulation.work import items_in

GENESIS_ID = hashlib.sha256(b"quorate/simulation/genesis").digest()


@dataclass(frozen=True, slots=True)
class Block:
    """A decided height as the ledger keeps it."""

    height: Height
    values: tuple[bytes, ...]
    seal: Any
    block_id: bytes


@dataclass(slots=True)
class Disk:
    """Journal, blocks and certificates of one host."""

    records: list[Any] = field(default_factory=list)
    touched: bool = False
    """Was the journal ever written: an empty one is then a lost one."""
    blocks: list[Block] = field(default_factory=list)
    certificates: dict[Height, Any] = field(default_factory=dict)
    synced: Height = 0
    """Blocks up to here survive a power failure; the host syncs them before it cuts the journal."""

    @property
    def height(self) -> Height:
        """The last executed height."""
        return len(self.blocks)

    @property
    def block_id(self) -> bytes:
        """The id of the head."""
        return self.blocks[-1].block_id if self.blocks else GENESIS_ID

    def execute(self, height: Height, values: tuple[bytes, ...], seal: Any) -> Block:
        """Append the next block; ids follow from the parent and the values' digests."""
        assert height == self.height + 1, f"height {height} decided at head {self.height}"
        digests = b"".join(compute_digest(value) for value in values)
        block_id = hashlib.sha256(self.block_id + height.to_bytes(8, "big") + digests).digest()
        block = Block(height, values, seal, block_id)
        self.blocks.append(block)
        return block

    def lose_unsynced(self) -> None:
        """The power fails: blocks that were written but not synced are gone."""
        del self.blocks[self.synced :]
        self.certificates = {h: c for h, c in self.certificates.items() if h <= self.synced}

    def executed_items(self) -> set[str]:
        """What the blocks have ordered."""
        return {item for block in self.blocks for item in items_in(block.values)}
