from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.codec import U64_MAX, encode
from ledger.errors import TransactionError
from ledger.keys import verify
from ledger.reasons import Reason
from ledger.transaction import (
    TRANSACTION_BYTES_HARD_MAX,
    Envelope,
    Record,
    Transaction,
    Transfer,
    build,
    decode_transaction,
    signing_bytes,
)
from tests.ledger.support import ALICE, BOB, GENESIS, make_key, record, transfer

CHAIN = bytes(range(32))
U64S = st.integers(0, U64_MAX)
HASHES = st.binary(min_size=32, max_size=32)
PAYLOADS = st.one_of(
    st.builds(Transfer, HASHES, U64S), st.builds(Record, st.binary(max_size=70), st.binary())
)

GOLDEN_TRANSFER = (
    "9801c420000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fc4204cb5abf6ad79"
    "fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba2907cd012cce000111709301c4207422b98875"
    "98068e32c4448a949adb290d0f4e35b9e01b0ee5f1a1e600fe2674cfffffffffffffffffc4402e951f921cd5"
    "6ca770a4d81259f7a1911275d5e0dfac1cbf50b7e77d9e33cbd4b470cab653dba871c715ccf686a7accdb3c6"
    "6d527ba4082ebd373f4b33438e08"
)
GOLDEN_TRANSFER_ID = "823164c55d2815854e6595b5265226bd15cd9d04bd70bd11bd17479b60e75fe7"
GOLDEN_RECORD = (
    "9801c420000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fc4204cb5abf6ad79"
    "fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba2907cd012cce000111709302c4036b6579c405"
    "76616c7565c440aa4550911e92a013cefa2bd3324245076507f4be26a17a7da2660e2f00bfc3ef857c3f53df"
    "a759429cc5ece2e77c542191ea901b1e2a9e3ca051a942f87c9207"
)
GOLDEN_RECORD_ID = "a5a8eed04873af36f678d1e77d1e352caca83005fbb0abda0103a128aa7cbe1f"


def refuse(raw: bytes) -> Reason:
    with pytest.raises(TransactionError) as caught:
        decode_transaction(raw)
    return caught.value.reason


def golden(payload: Transfer | Record) -> Envelope:
    return build(CHAIN, ALICE, 7, 300, 70_000, payload)


def test_golden_transfer() -> None:
    envelope = golden(Transfer(BOB.public_key, U64_MAX))
    assert envelope.raw.hex() == GOLDEN_TRANSFER
    assert envelope.id.hex() == GOLDEN_TRANSFER_ID


def test_golden_record() -> None:
    envelope = golden(Record(b"key", b"value"))
    assert envelope.raw.hex() == GOLDEN_RECORD
    assert envelope.id.hex() == GOLDEN_RECORD_ID


def test_the_layout_is_the_documented_one() -> None:
    """Written by hand, byte by byte, from the module's grammar."""
    envelope = golden(Record(b"key", b"value"))
    unsigned = (
        b"\x98\x01"
        + (b"\xc4\x20" + CHAIN)
        + (b"\xc4\x20" + ALICE.public_key)
        + b"\x07"
        + b"\xcd\x01\x2c"
        + b"\xce\x00\x01\x11\x70"
        + b"\x93\x02\xc4\x03key\xc4\x05value"
    )
    signed = b"quorate/transaction/1\x00" + unsigned
    assert envelope.raw == unsigned + b"\xc4\x40" + ALICE.sign(signed)
    assert envelope.id == sha256(signed).digest()
    assert signing_bytes(envelope) == signed


@given(HASHES, st.integers(1, 5), U64S, U64S, U64S, PAYLOADS)
def test_round_trip(
    chain: bytes, key: int, nonce: int, fee: int, until: int, payload: Transfer | Record
) -> None:
    sender = make_key(key)
    envelope = build(chain, sender, nonce, fee, until, payload)
    again = decode_transaction(envelope.raw)
    assert again == envelope
    transaction = again.transaction
    assert (transaction.nonce, transaction.fee) == (nonce, fee)
    assert (transaction.valid_until, transaction.payload) == (until, payload)
    assert verify(sender.public_key, signing_bytes(again), transaction.signature)


@given(st.integers(0), st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_breaks_the_signature(place: int, bit: int) -> None:
    raw = bytearray(transfer().raw)
    raw[place % len(raw)] ^= 1 << bit
    try:
        envelope = decode_transaction(bytes(raw))
    except TransactionError:
        return
    transaction = envelope.transaction
    assert not verify(transaction.sender, signing_bytes(envelope), transaction.signature)


def test_every_cut_is_malformed() -> None:
    raw = record().raw
    for size in range(len(raw)):
        assert refuse(raw[:size]) is Reason.TX_MALFORMED
    assert refuse(raw + b"\x00") is Reason.TX_MALFORMED


@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    assert refuse(data) in {Reason.TX_MALFORMED, Reason.TX_NOT_CANONICAL}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, -1),
        (0, "1"),
        (1, b"short"),
        (2, bytes(33)),
        (3, -1),
        (3, 1.0),
        (3, None),
        (4, "12"),
        (5, True),
        (6, [1, bytes(31), 5]),
        (6, [1, bytes(32), -5]),
        (6, [1, bytes(32)]),
        (6, [3, bytes(32), 5]),
        (6, [2, "key", b"value"]),
        (6, {}),
        (7, bytes(63)),
        (7, b""),
    ],
)
def test_wrong_types_and_lengths(place: int, value: object) -> None:
    fields = list(msgspec.msgpack.decode(transfer().raw))
    fields[place] = value
    assert refuse(encode(fields)) is Reason.TX_MALFORMED


def test_integers_beyond_64_bits_do_not_exist_on_the_wire() -> None:
    for field in ("nonce", "fee", "valid_until"):
        with pytest.raises(TransactionError) as caught:
            build(
                CHAIN,
                ALICE,
                **{"nonce": 0, "fee": 0, "valid_until": 0, field: U64_MAX + 1},
                payload=Transfer(BOB.public_key, 1),
            )
        assert caught.value.reason is Reason.TX_MALFORMED
    for amount in (-1, U64_MAX + 1):
        with pytest.raises(TransactionError):
            build(CHAIN, ALICE, 0, 0, 0, Transfer(BOB.public_key, amount))


def test_a_longer_spelling_is_not_canonical() -> None:
    raw = transfer(nonce=5).raw
    place = raw.index(ALICE.public_key) + 32
    assert raw[place] == 5
    assert refuse(raw[:place] + b"\xcc\x05" + raw[place + 1 :]) is Reason.TX_NOT_CANONICAL
    assert refuse(raw[:place] + b"\xd0\x05" + raw[place + 1 :]) is Reason.TX_NOT_CANONICAL


def test_an_extra_field_is_refused() -> None:
    fields = [*msgspec.msgpack.decode(transfer().raw), 0]
    assert refuse(encode(fields)) in {Reason.TX_MALFORMED, Reason.TX_NOT_CANONICAL}


def test_more_than_any_network_allows_is_not_even_decoded() -> None:
    assert refuse(bytes(TRANSACTION_BYTES_HARD_MAX + 1)) is Reason.TX_TOO_LARGE


def test_deep_nesting_is_refused() -> None:
    assert refuse(b"\x91" * 100_000) is Reason.TX_MALFORMED


def test_the_id_covers_all_but_the_signature() -> None:
    envelope = transfer()
    assert isinstance(envelope.transaction, Transaction)
    resigned = msgspec.structs.replace(envelope.transaction, signature=bytes(64))
    assert decode_transaction(encode(resigned)).id == envelope.id
    others = {
        transfer(nonce=1).id,
        transfer(fee=2).id,
        transfer(amount=2).id,
        transfer(valid_until=1_001).id,
        transfer(sender=BOB).id,
        transfer(to=ALICE.public_key).id,
        transfer(chain_id=bytes(32)).id,
        record().id,
        envelope.id,
    }
    assert len(others) == 9
    assert envelope.transaction.chain_id == GENESIS.chain_id
