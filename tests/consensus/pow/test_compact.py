"""Compact targets, held against the known answers of Bitcoin Core's own tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.pow.compact import (
    COMPACT_MAX,
    TARGET_MAX,
    decode_compact,
    decode_target,
    encode_compact,
)

BITCOIN_LIMIT = 0xFFFF << 208


def test_the_first_target_of_bitcoin() -> None:
    assert decode_compact(0x1D00FFFF) == (BITCOIN_LIMIT, False, False)
    assert encode_compact(BITCOIN_LIMIT) == 0x1D00FFFF
    assert encode_compact((1 << 224) - 1) == 0x1D00FFFF


@pytest.mark.parametrize(
    ("bits", "magnitude", "normal"),
    [
        (0x01123456, 0x12, 0x01120000),
        (0x02123456, 0x1234, 0x02123400),
        (0x03123456, 0x123456, 0x03123456),
        (0x04123456, 0x12345600, 0x04123456),
        (0x05009234, 0x92340000, 0x05009234),
        (0x20123456, 0x123456 << 232, 0x20123456),
        (0x01003456, 0, 0),
        (0x02000056, 0, 0),
        (0x03000000, 0, 0),
        (0x00123456, 0, 0),
        (0x04000000, 0, 0),
    ],
)
def test_numbers_and_their_normal_spelling(bits: int, magnitude: int, normal: int) -> None:
    assert decode_compact(bits) == (magnitude, False, False)
    assert encode_compact(magnitude) == normal


@pytest.mark.parametrize(
    ("bits", "magnitude", "is_negative"),
    [
        (0x01FEDCBA, 0x7E, True),
        (0x04923456, 0x12345600, True),
        (0x01803456, 0, False),  # negative zero is none
        (0x02800056, 0, False),
        (0x03800000, 0, False),
        (0x00923456, 0, False),
        (0x04800000, 0, False),
    ],
)
def test_signs(bits: int, magnitude: int, is_negative: bool) -> None:
    assert decode_compact(bits) == (magnitude, is_negative, False)


@pytest.mark.parametrize("bits", [0xFF123456, 0x23000001, 0x22000100, 0x21010000])
def test_overflow(bits: int) -> None:
    assert decode_compact(bits).overflows
    assert not decode_compact(bits).is_target


@pytest.mark.parametrize("bits", [0x22000001, 0x220000FF, 0x2100FFFF, 0x207FFFFF])
def test_just_below_overflow(bits: int) -> None:
    assert decode_compact(bits).is_target


def test_a_leading_bit_is_moved_out_of_the_way_of_the_sign() -> None:
    assert encode_compact(0x80) == 0x02008000
    assert encode_compact(0x7F) == 0x017F0000


@given(st.integers(0, TARGET_MAX))
def test_rounding_is_down_and_small(magnitude: int) -> None:
    spelled = decode_compact(encode_compact(magnitude))
    assert not spelled.is_negative
    assert not spelled.overflows
    assert spelled.magnitude <= magnitude
    assert magnitude - spelled.magnitude <= magnitude >> 15


@given(st.integers(0, COMPACT_MAX))
def test_a_target_has_one_spelling(bits: int) -> None:
    target = decode_target(bits, TARGET_MAX)
    assert target is None or encode_compact(target) == bits
    if target is None:
        spelled = decode_compact(bits)
        assert not spelled.is_target or encode_compact(spelled.magnitude) != bits


def test_a_target_keeps_the_limit() -> None:
    assert decode_target(0x1D00FFFF, BITCOIN_LIMIT) == BITCOIN_LIMIT
    assert decode_target(0x1D010000, BITCOIN_LIMIT) is None
    assert decode_target(0x04923456, BITCOIN_LIMIT) is None
    assert decode_target(0xFF123456, TARGET_MAX) is None
    assert decode_target(0, BITCOIN_LIMIT) is None
    assert decode_target(0x1E0000FF, BITCOIN_LIMIT) is None  # another spelling of a smaller number
