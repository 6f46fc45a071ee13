from hashlib import sha256

import pytest

from ledger.codec import U64_MAX, encode
from ledger.errors import StoreError
from ledger.leaves import (
    COMMITTEE_KEY,
    AccountState,
    CommitteeState,
    Leaf,
    RecordState,
    account_key,
    hash_key,
    hash_value,
    leaf_codec,
    record_key,
)
from tests.ledger.support import ALICE, BOB


@pytest.mark.parametrize(
    ("leaf", "data"),
    [
        (AccountState(300, 7), "9300cd012c07"),
        (AccountState(U64_MAX, 0), "9300cfffffffffffffffff00"),
        (RecordState(b"value"), "9201c40576616c7565"),
        (CommitteeState((b"\x01" * 32,), 0), "930291c420" + "01" * 32 + "00"),
    ],
)
def test_golden(leaf: Leaf, data: str) -> None:
    assert encode(leaf).hex() == data
    assert leaf_codec.decode(bytes.fromhex(data)) == leaf


def test_hashes_are_domain_separated() -> None:
    assert hash_key(b"k") == sha256(b"quorate/state-key/1\x00k").digest()
    assert hash_value(b"k") == sha256(b"quorate/state-value/1\x00k").digest()


def test_keys_never_meet() -> None:
    owner = ALICE.public_key
    keys = [
        account_key(owner),
        account_key(BOB.public_key),
        record_key(owner, b"a"),
        record_key(owner, b"ab"),
        record_key(BOB.public_key, b"a"),
        COMMITTEE_KEY,
    ]
    assert len({hash_key(key) for key in keys}) == len(keys)


@pytest.mark.parametrize("data", [b"", b"\x93\x00\x01", b"\x93\x05\x01\x01", b"\x93\x00\xff\x01"])
def test_a_damaged_leaf(data: bytes) -> None:
    with pytest.raises(StoreError):
        leaf_codec.decode(data)
