import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.address import (
    _SYMBOLS,
    compute_checksum,
    decode_address,
    encode_address,
    encode_bech32m,
    expand_prefix,
)
from ledger.errors import AddressError
from ledger.reasons import Reason
from tests.ledger.support import ALICE

# Valid Bech32m strings of BIP 350.
BIP_350 = [
    "a1lqfn3a",
    "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
    "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
    "?1v759aa",
]
KEYS = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize("text", BIP_350)
def test_vectors_of_bip_350(text: str) -> None:
    prefix, _, symbols = text.rpartition("1")
    values = [_SYMBOLS.index(symbol) for symbol in symbols]
    assert compute_checksum(expand_prefix(prefix) + values) == 0x2BC830A3
    assert encode_bech32m(prefix, values[:-6]) == text


def test_golden() -> None:
    address = encode_address(ALICE.public_key)
    assert address == "quo1fj66ha4d08alt2auet7vy6wctnfx28k5hzzmtp5lysdwmu99hg5stzgmea"
    assert decode_address(address) == ALICE.public_key


@given(KEYS)
def test_round_trip(key: bytes) -> None:
    assert decode_address(encode_address(key)) == key


@given(
    KEYS,
    st.lists(
        st.tuples(st.integers(4, 61), st.integers(1, 31)),
        min_size=1,
        max_size=4,
        unique_by=lambda change: change[0],
    ),
)
def test_up_to_four_wrong_symbols_are_noticed(key: bytes, changes: list[tuple[int, int]]) -> None:
    symbols = list(encode_address(key))
    for place, shift in changes:
        symbols[place] = _SYMBOLS[(_SYMBOLS.index(symbols[place]) + shift) % 32]
    with pytest.raises(AddressError):
        decode_address("".join(symbols))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quo1",
        "quo",
        encode_address(ALICE.public_key).upper(),
        encode_address(ALICE.public_key)[:-1],
        encode_address(ALICE.public_key) + "q",
        encode_address(ALICE.public_key).replace("quo1", "qua1"),
        " " + encode_address(ALICE.public_key),
        encode_address(ALICE.public_key)[:-1] + "b",
        encode_address(ALICE.public_key)[:-1] + "é",
        ALICE.public_key.hex(),
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        decode_address(text)
    assert caught.value.reason is Reason.ADDRESS_MALFORMED


def test_a_wrong_checksum_has_a_reason_of_its_own() -> None:
    address = encode_address(ALICE.public_key)
    swapped = address[:10] + address[11] + address[10] + address[12:]
    assert swapped != address
    with pytest.raises(AddressError) as caught:
        decode_address(swapped)
    assert caught.value.reason is Reason.ADDRESS_BAD_CHECKSUM


def test_padding_has_to_be_zero() -> None:
    number = int.from_bytes(ALICE.public_key, "big") << 4 | 1
    text = encode_bech32m("quo", [number >> 5 * (51 - i) & 31 for i in range(52)])
    with pytest.raises(AddressError) as caught:
        decode_address(text)
    assert caught.value.reason is Reason.ADDRESS_MALFORMED


@pytest.mark.parametrize("size", [0, 31, 33])
def test_only_public_keys_have_addresses(size: int) -> None:
    with pytest.raises(AddressError):
        encode_address(bytes(size))
