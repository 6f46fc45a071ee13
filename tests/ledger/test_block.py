from hashlib import sha256

import msgspec
import pytest

from consensus.message import NULL_DIGEST
from ledger.block import (
    Header,
    Payload,
    Receipt,
    Skipped,
    compute_core_digest,
    decode_payload,
    encode_payload,
    header_id,
)
from ledger.codec import encode
from ledger.errors import PayloadError
from ledger.merkle import EMPTY_ROOT

HEADER = Header(
    height=300,
    parent=b"\x01" * 32,
    payload_digest=NULL_DIGEST,
    transaction_root=EMPTY_ROOT,
    state_root=b"\x02" * 32,
    receipts_root=EMPTY_ROOT,
    timestamp_ms=1_700_000_000_123,
    proposer=b"\x03" * 32,
)


def test_golden_header() -> None:
    assert compute_core_digest(HEADER).hex() == (
        "2e77d89e57327a72151a772e4aa8dbac4bc34ecaa097e99755c455c596d34413"
    )
    assert header_id(HEADER).hex() == (
        "17e607d6f42a91452e152b70a895c7ded28e9b0fce3c58f774e0738f770095b4"
    )


def test_golden_payload() -> None:
    value = encode_payload(1_700_000_000_123, b"\x03" * 32, [b"\x04" * 32])
    assert value.hex() == "93cf0000018bcfe5687b" + "c420" + "03" * 32 + "c420" + "04" * 32
    assert decode_payload(value) == Payload(1_700_000_000_123, b"\x03" * 32, b"\x04" * 32)


def test_golden_receipt_and_skipped() -> None:
    receipt = Receipt(b"\x05" * 32, "failed", "tx-insufficient-balance", 300)
    expected = b"\x94\xc4\x20" + b"\x05" * 32 + b"\xa6failed\xb7tx-insufficient-balance\xcd\x01\x2c"
    assert encode(receipt) == expected
    assert encode(Skipped(b"\x05" * 32, "tx-expired")) == (
        b"\x92\xc4\x20" + b"\x05" * 32 + b"\xaatx-expired"
    )


def test_the_id_is_the_double_hash_of_core_and_claim() -> None:
    """So that with proof of work the id is the proof's hash."""
    mined = msgspec.structs.replace(HEADER, claim=b"nonce 17")
    core = sha256(
        b"quorate/header-core/1\x00"
        + encode(
            [
                300,
                HEADER.parent,
                HEADER.payload_digest,
                HEADER.transaction_root,
                HEADER.state_root,
                HEADER.receipts_root,
                HEADER.timestamp_ms,
                HEADER.proposer,
            ]
        )
    ).digest()
    assert compute_core_digest(mined) == compute_core_digest(HEADER) == core
    inner = sha256(b"quorate/header/1\x00" + core + b"nonce 17").digest()
    assert header_id(mined) == sha256(inner).digest()


def test_every_field_changes_the_id() -> None:
    changes: dict[str, object] = {
        "height": 301,
        "parent": bytes(32),
        "payload_digest": bytes(32),
        "transaction_root": bytes(32),
        "state_root": bytes(32),
        "receipts_root": bytes(32),
        "timestamp_ms": 0,
        "proposer": b"",
        "claim": b"x",
    }
    assert set(changes) == set(Header.__struct_fields__)
    ids = {header_id(msgspec.structs.replace(HEADER, **{k: v})) for k, v in changes.items()}
    assert len(ids | {header_id(HEADER)}) == len(changes) + 1


@pytest.mark.parametrize("size", [1, 31, 33, 65])
def test_ids_have_32_bytes_each(size: int) -> None:
    with pytest.raises(PayloadError):
        decode_payload(encode(Payload(1, bytes(32), bytes(size))))
