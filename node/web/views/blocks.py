"""Blocks as rows of a list and cells of a grid, and one block in full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.block import ReceiptStatus
from ledger.blocks import StoredBlock
from node.api.backend import VotesView, name_replica
from node.api.fields import spell_address
from node.web.views.transactions import TransactionRow


@dataclass(frozen=True, slots=True)
class Author:
    """Who is named as the proposer: a member's name where the key is one, and the address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """What a block's own bytes say; it never changes for a final block with its certificate."""

    height: int
    id: str
    parent: str
    timestamp_ms: int
    author: Author | None
    transaction_count: int
    failed_count: int
    skipped_count: int
    votes: VotesView


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A line of a list of blocks; `gap_ms` is the time since the block before, where it is known."""

    facts: BlockFacts
    is_final: bool
    is_certified: bool
    gap_ms: int | None

    @property
    def standing(self) -> str:
        """How settled the block is, in one word."""
        if self.is_certified:
            return "certified"
        return "final" if self.is_final else "adopted"


@dataclass(frozen=True, slots=True)
class BlockView:
    """One block: what it says, who stands behind it, and a page of its transactions."""

    row: BlockRow
    fields: tuple[tuple[str, str], ...]
    voters: tuple[str, ...] | None
    missing: tuple[str, ...]
    signers: tuple[str, ...] | None
    leader: str | None
    transactions: tuple[TransactionRow, ...]
    first_index: int
    previous_index: int | None
    next_index: int | None
    next_height: int | None


def name_author(key: bytes, keys: Sequence[bytes]) -> Author | None:
    """The author behind a proposer's key; None for a null and for the genesis block."""
    if not key:
        return None
    address = spell_address(key)
    return Author(name_replica(keys.index(key)) if key in keys else "", address)


def read_facts(block: StoredBlock, votes: VotesView, keys: Sequence[bytes]) -> BlockFacts:
    """What is shown of a block wherever it is named; `keys` are those of all replicas, by id."""
    header = block.header
    return BlockFacts(
        height=header.height,
        id=block.id.hex(),
        parent=header.parent.hex(),
        timestamp_ms=header.timestamp_ms,
        author=name_author(header.proposer, keys),
        transaction_count=len(block.ids),
        failed_count=sum(one.status == ReceiptStatus.FAILED for one in block.receipts),
        skipped_count=len(block.skipped),
        votes=votes,
    )


def make_rows(
    facts: Sequence[BlockFacts], final_height: int, certified_height: int
) -> tuple[BlockRow, ...]:
    """Rows in the order given; a gap is told between neighbours of successive heights.

    Block 0 bears the time at which the network was made, so no gap is told after it.
    """
    times = {one.height: one.timestamp_ms for one in facts if one.height}
    return tuple(
        BlockRow(
            one,
            one.height <= final_height,
            one.height <= certified_height,
            one.timestamp_ms - times[one.height - 1] if one.height - 1 in times else None,
        )
        for one in facts
    )


def list_fields(block: StoredBlock) -> tuple[tuple[str, str], ...]:
    """The header's hashes and the engine's bytes, by the names of the API."""
    header = block.header
    named: Mapping[str, bytes] = {
        "payload digest": header.payload_digest,
        "transaction root": header.transaction_root,
        "state root": header.state_root,
        "receipts root": header.receipts_root,
        "claim": header.claim,
    }
    return tuple((name, value.hex()) for name, value in named.items() if value)


def name_all(replicas: Sequence[int] | None) -> tuple[str, ...] | None:
    """Names for ids; None stays None."""
    return None if replicas is None else tuple(name_replica(one) for one in replicas)
