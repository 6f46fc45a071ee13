"""Blocks in the store: which keys one height writes, and how they are read back."""

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from ledger.block import Header, Receipt, Skipped
from ledger.codec import U64, U64_MAX, Hash, encode
from ledger.errors import ChainError, StoreError
from ledger.reasons import Reason
from ledger.state import LeafChange
from ledger.store.schema import (
    BLOCK,
    BLOCK_ID,
    BODIES,
    CERTIFICATE,
    PENDING,
    RECEIPTS,
    STATE,
    TRANSACTION,
    UNDO,
    at_height,
    pack_location,
    read_height,
    unpack_location,
)
from ledger.store.store import Batch, Store

T = TypeVar("T")


class BlockRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a height keeps beside bodies and receipts."""

    header: Header
    id: Hash
    values: tuple[bytes, ...]
    seal: bytes
    skipped: tuple[Skipped, ...]


class Meta(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where the chain stands."""

    chain_id: Hash
    height: U64
    head_id: Hash
    certified_height: U64


class StoredBlock(msgspec.Struct, frozen=True):
    """A decided and executed height; `ids` and `receipts` are of the included transactions."""

    header: Header
    id: bytes
    values: tuple[bytes, ...]
    seal: bytes
    ids: tuple[bytes, ...]
    receipts: tuple[Receipt, ...]
    skipped: tuple[Skipped, ...]
    certificate: bytes | None


class Located(msgspec.Struct, frozen=True):
    """An included transaction and where it stands."""

    height: int
    index: int
    raw: bytes
    receipt: Receipt


_decode_record = msgspec.msgpack.Decoder(BlockRecord).decode
_decode_bodies = msgspec.msgpack.Decoder(tuple[bytes, ...]).decode
_decode_receipts = msgspec.msgpack.Decoder(tuple[Receipt, ...]).decode
_decode_undo = msgspec.msgpack.Decoder(tuple[tuple[bytes, bytes | None], ...]).decode


def decode_stored(decode: Any, data: bytes, what: str) -> Any:
    """Decode our own bytes; failure means that the database is damaged."""
    try:
        return decode(data)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreError(Reason.STORE_CORRUPT, f"{what}: {error}") from error


def put_block(
    batch: Batch,
    record: BlockRecord,
    raws: list[bytes],
    receipts: list[Receipt],
    leaves: list[LeafChange],
) -> None:
    """Everything that one height writes except the meta entry.

    `raws` are the bodies of the included transactions and then of the skipped ones.
    """
    height = record.header.height
    put = batch.put
    put(at_height(BLOCK, height), encode(record))
    put(at_height(BODIES, height), encode(raws))
    put(at_height(RECEIPTS, height), encode(receipts))
    put(at_height(UNDO, height), encode([(leaf.key_hash, leaf.old) for leaf in leaves]))
    put(BLOCK_ID + record.id, at_height(b"", height))
    for index, receipt in enumerate(receipts):
        put(TRANSACTION + receipt.id, pack_location(height, index))
    batch.extend([(STATE + key_hash, new) for key_hash, _, new in leaves])
    batch.extend([(PENDING + receipt.id, None) for receipt in receipts])


class Blocks:
    """Reading what `put_block` wrote."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get_record(self, height: int) -> BlockRecord:
        """The block at a height; raises `ChainError` (chain-unknown-block)."""
        data = self._store.get(at_height(BLOCK, height)) if 0 <= height <= U64_MAX else None
        if data is None:
            raise ChainError(Reason.CHAIN_UNKNOWN_BLOCK, f"no block at height {height}")
        record: BlockRecord = decode_stored(_decode_record, data, f"block {height}")
        return record

    def find_height(self, block_id: bytes) -> int | None:
        """The height of a block id, or None."""
        found = self._store.get(BLOCK_ID + block_id)
        return None if found is None else int.from_bytes(found, "big")

    def _get(self, prefix: bytes, height: int, decode: Any, what: str) -> Any:
        data = self._store.get(at_height(prefix, height))
        if data is None:
            raise StoreError(Reason.STORE_CORRUPT, f"the {what} of block {height} are missing")
        return decode_stored(decode, data, f"{what} of block {height}")

    def get_bodies(self, height: int) -> tuple[bytes, ...]:
        """Raw transactions: the included ones in order, then those skipped for another reason."""
        bodies: tuple[bytes, ...] = self._get(BODIES, height, _decode_bodies, "bodies")
        return bodies

    def get_receipts(self, height: int) -> tuple[Receipt, ...]:
        """Receipts of the included transactions, in order."""
        receipts: tuple[Receipt, ...] = self._get(RECEIPTS, height, _decode_receipts, "receipts")
        return receipts

    def get_undo(self, height: int) -> dict[bytes, bytes | None] | None:
        """Key hash → leaf before the block, for every leaf it changed; None if pruned."""
        data = self._store.get(at_height(UNDO, height))
        if data is None:
            return None
        return dict(decode_stored(_decode_undo, data, f"undo of block {height}"))

    def get_certificate(self, height: int) -> bytes | None:
        """The certificate over the block at a height, if there is one."""
        return self._store.get(at_height(CERTIFICATE, height))

    def iterate_certified(self, height: int) -> Iterator[tuple[int, bytes]]:
        """(height, certificate) from `height` upwards."""
        start, stop = at_height(CERTIFICATE, height), at_height(CERTIFICATE, U64_MAX)
        for key, certificate in self._store.scan(start, stop):
            yield read_height(key), certificate

    def find_transaction(self, transaction_id: bytes) -> tuple[int, int] | None:
        """Height and index of an included transaction, or None."""
        found = self._store.get(TRANSACTION + transaction_id)
        return None if found is None else unpack_location(found)
