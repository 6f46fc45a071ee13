import msgspec
import pytest

from ledger.codec import U64, U64_MAX, Codec, Hash, encode
from ledger.errors import StoreError
from ledger.reasons import Reason


class Thing(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    number: U64
    hash: Hash


codec: Codec[Thing] = Codec(Thing, StoreError, Reason.STORE_CORRUPT, Reason.STORE_BAD_FORMAT)
HASH = b"h" * 32


@pytest.mark.parametrize("number", [0, 1, 127, 128, 2**16, 2**32, 2**63, U64_MAX])
def test_round_trip(number: int) -> None:
    assert codec.decode(encode(Thing(number, HASH))) == Thing(number, HASH)


def test_numbers_beyond_64_bits_cannot_be_encoded() -> None:
    with pytest.raises(OverflowError):
        encode(Thing(U64_MAX + 1, HASH))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x92\x01",
        encode([1]),
        encode(["1", HASH]),
        encode([-1, HASH]),
        encode([1.0, HASH]),
        encode([1, HASH[:31]]),
        encode([1, HASH + b"h"]),
        encode({"number": 1, "hash": HASH}),
        encode(None),
        b"\xc1",
        b"\x91" * 100_000,
    ],
    ids=lambda data: data[:8].hex() or "empty",
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(StoreError) as caught:
        codec.decode(data)
    assert caught.value.reason is Reason.STORE_CORRUPT


@pytest.mark.parametrize(
    "data",
    [
        b"\x92\xcc\x01" + encode(HASH),
        b"\x92\xcf" + bytes(7) + b"\x01" + encode(HASH),
        b"\x92\xd0\x01" + encode(HASH),
        b"\xdc\x00\x02\x01" + encode(HASH),
        b"\x92\x01\xc5\x00\x20" + HASH,
    ],
    ids=["u8 for a fixint", "u64 for a fixint", "i8 for a fixint", "array 16", "bin 16"],
)
def test_another_spelling_of_the_same_value_is_refused(data: bytes) -> None:
    assert msgspec.msgpack.decode(data, type=Thing) == Thing(1, HASH)
    with pytest.raises(StoreError) as caught:
        codec.decode(data)
    assert caught.value.reason is Reason.STORE_BAD_FORMAT


def test_trailing_items_and_bytes_are_refused() -> None:
    for data in (encode([1, HASH, 2]), encode(Thing(1, HASH)) + b"\x00"):
        with pytest.raises(StoreError):
            codec.decode(data)
