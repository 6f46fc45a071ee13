"""The key grammar of the one database, and the version of everything in it.

```text
F                          format: msgpack [FORMAT_NAME, FORMAT_VERSION]
M                          meta: [chain id, height, head id, certified height]
B height                   block: [header, id, values, seal, skipped]
b height                   bodies: [raw transaction, ...], the included ones first, then the skipped
r height                   receipts: [receipt, ...], in the order of the included transactions
c height                   certificate, as the engine made it
k height                   the proof of who decides after this height, perhaps without its
                           certificate yet: see `ledger.steps`
i block id                 height
t transaction id           height, index (4 bytes)
s key hash                 leaf of the state as it stands at the head
u height                   undo: [[key hash, old leaf or nil], ...] of one block
p transaction id           mempool log: a raw transaction that has been acknowledged
o height numbers           the face of a common coin that was tossed here, one byte; the numbers
                           of its tag after the height have 8 bytes each
x block id                 trees of blocks only: [header, payload, [raw transaction, ...]] of a block
                           above the final one, on the adopted branch or not
L                          trees of blocks only: the final height
```

Letters are one ASCII byte, heights 8 bytes and indices 4, big-endian, so that keys sort by height.
Values are canonical msgpack except where a line says otherwise. A change that older databases do
not fit raises FORMAT_VERSION; a database of another version is refused.
"""

from ledger.store.store import compute_prefix_end

FORMAT_NAME = "quorate-ledger"
FORMAT_VERSION = 1

FORMAT_KEY = b"F"
META_KEY = b"M"
BLOCK = b"B"
BODIES = b"b"
RECEIPTS = b"r"
CERTIFICATE = b"c"
STEP = b"k"
BLOCK_ID = b"i"
TRANSACTION = b"t"
STATE = b"s"
UNDO = b"u"
PENDING = b"p"
COIN = b"o"
BRANCH = b"x"
FINAL_KEY = b"L"

HEIGHT_BYTES = 8
INDEX_BYTES = 4


def at_height(prefix: bytes, height: int) -> bytes:
    """The key of something that each height has once."""
    return prefix + height.to_bytes(HEIGHT_BYTES, "big")


def read_height(key: bytes) -> int:
    """The height in a key made by `at_height`."""
    return int.from_bytes(key[1:], "big")


def pack_location(height: int, index: int) -> bytes:
    """Where a transaction stands."""
    return height.to_bytes(HEIGHT_BYTES, "big") + index.to_bytes(INDEX_BYTES, "big")


def unpack_location(value: bytes) -> tuple[int, int]:
    """Height and index from `pack_location`."""
    return int.from_bytes(value[:HEIGHT_BYTES], "big"), int.from_bytes(value[HEIGHT_BYTES:], "big")


def prefix_range(prefix: bytes) -> tuple[bytes, bytes]:
    """Start and stop of a scan over all keys with a prefix."""
    return prefix, compute_prefix_end(prefix)
