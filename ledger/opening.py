"""Opening a chain: the genesis block of a new database, every check of an old one.

What is checked at each start: format name and version, chain id, the head's block (id, height and
receipts root recomputed), its id in the index, the parent link to the block before, the newest
certificate's presence, and the whole state: one scan rebuilds the tree, whose root has to be the
head header's. Older blocks are checked by LevelDB's checksums when they are read.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import msgspec

from ledger.block import Header, header_id
from ledger.blocks import BlockRecord, Blocks, Meta, decode_stored, put_block
from ledger.codec import encode
from ledger.errors import ChainError, GenesisError, StoreError
from ledger.genesis import Genesis, compute_genesis_header, compute_genesis_leaves
from ledger.history import StateHistory
from ledger.merkle import compute_root
from ledger.reasons import Reason
from ledger.state import LeafChange, State
from ledger.store.schema import FORMAT_KEY, FORMAT_NAME, FORMAT_VERSION, META_KEY
from ledger.store.store import Batch, Store


class Format(msgspec.Struct, frozen=True, array_like=True):
    """What the database says that it is."""

    name: str
    version: int


class Opened(NamedTuple):
    """A chain as found in its store."""

    meta: Meta
    head: BlockRecord
    state: State
    history: StateHistory


Identify: TypeAlias = Callable[[Header], bytes]
"""Names a block; whoever proves blocks by their names brings another function than `header_id`."""

_decode_format = msgspec.msgpack.Decoder(Format).decode
_decode_meta = msgspec.msgpack.Decoder(Meta).decode
_FIRST_KEY, _AFTER_LAST_KEY = b"", b"\xff"


def open_chain(store: Store, genesis: Genesis, identify: Identify = header_id) -> Opened:
    """Read, or begin, the chain in a store; raises `StoreError` and `GenesisError`.

    `identify` names all blocks but the genesis block.
    """
    genesis.check()
    if store.get(FORMAT_KEY) is None:
        _begin(store, genesis)
    check_format(store)
    meta = _read_meta(store)
    if meta.chain_id != genesis.chain_id:
        raise GenesisError(
            Reason.GENESIS_FOREIGN,
            f"the database is of chain {meta.chain_id.hex()}, not {genesis.chain_id.hex()}",
        )
    blocks = Blocks(store)
    head = _check_head(blocks, meta, identify)
    state = State.load(store)
    _require(state.root.hash == head.header.state_root, "the state does not have the head's root")
    return Opened(meta, head, state, _load_history(blocks, meta, state))


def _require(condition: bool, detail: str) -> None:
    if not condition:
        raise StoreError(Reason.STORE_CORRUPT, detail)


def _begin(store: Store, genesis: Genesis) -> None:
    """Write block 0 into an empty store."""
    if next(store.scan(_FIRST_KEY, _AFTER_LAST_KEY), None) is not None:
        raise StoreError(Reason.STORE_FOREIGN, "the database holds something, but no ledger")
    leaves = compute_genesis_leaves(genesis)
    header = compute_genesis_header(genesis, leaves)
    record = BlockRecord(header, header_id(header), (), b"", ())
    batch = Batch()
    batch.put(FORMAT_KEY, encode(Format(FORMAT_NAME, FORMAT_VERSION)))
    batch.put(META_KEY, encode(Meta(genesis.chain_id, 0, record.id, 0)))
    put_block(batch, record, [], [], [LeafChange(key, None, leaf) for key, leaf in leaves.items()])
    store.write(batch, sync=True)


def check_format(store: Store) -> None:
    """Refuse a database that this version cannot read; raises `StoreError` (store-bad-format)."""
    data = store.get(FORMAT_KEY)
    _require(data is not None, "the format entry is missing")
    found: Format = decode_stored(_decode_format, data or b"", "format")
    if (found.name, found.version) != (FORMAT_NAME, FORMAT_VERSION):
        raise StoreError(
            Reason.STORE_BAD_FORMAT,
            f"the database is {found.name}/{found.version}, "
            f"this program reads {FORMAT_NAME}/{FORMAT_VERSION}",
        )


def _read_meta(store: Store) -> Meta:
    data = store.get(META_KEY)
    _require(data is not None, "the meta entry is missing")
    meta: Meta = decode_stored(_decode_meta, data or b"", "meta")
    _require(meta.certified_height <= meta.height, "certified beyond the head")
    return meta


def _read_record(blocks: Blocks, height: int) -> BlockRecord:
    try:
        return blocks.get_record(height)
    except ChainError as error:
        raise StoreError(Reason.STORE_CORRUPT, error.detail) from error


def _name(header: Header, identify: Identify) -> bytes:
    return identify(header) if header.height else header_id(header)


def _check_head(blocks: Blocks, meta: Meta, identify: Identify) -> BlockRecord:
    head = _read_record(blocks, meta.height)
    header = head.header
    _require(header.height == meta.height, "the head has another height")
    _require(head.id == meta.head_id == _name(header, identify), "the head has another id")
    _require(blocks.find_height(head.id) == meta.height, "the head's id is not in the index")
    receipts = [encode(receipt) for receipt in blocks.get_receipts(meta.height)]
    _require(compute_root(receipts) == header.receipts_root, "the head's receipts have changed")
    if meta.height:
        parent = _read_record(blocks, meta.height - 1)
        is_linked = header.parent == _name(parent.header, identify)
        _require(is_linked, "the head's parent is another block")
    if meta.certified_height:
        certificate = blocks.get_certificate(meta.certified_height)
        _require(certificate is not None, "the newest certificate is missing")
    return head


def _load_history(blocks: Blocks, meta: Meta, state: State) -> StateHistory:
    history = StateHistory(meta.certified_height, meta.height, state.root)
    undos = []
    for height in range(meta.height, meta.certified_height, -1):
        if (undo := blocks.get_undo(height)) is None:
            break
        undos.append((height, undo))
    for height, undo in reversed(undos):
        history.load(height, undo)
    return history
