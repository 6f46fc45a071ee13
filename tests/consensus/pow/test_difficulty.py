"""Retargeting: Bitcoin's real changes, and the edges of the rule."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.pow.compact import decode_compact, encode_compact
from consensus.pow.difficulty import Retargeting, compute_work

LIMIT = decode_compact(0x1D00FFFF).magnitude
BITCOIN = Retargeting(600, 2_016, 4, LIMIT, 2_015)


@pytest.mark.parametrize(
    ("height", "first_time", "last_time", "bits", "following"),
    [
        (2_016, 1231006505, 1233061996, 0x1D00FFFF, 0x1D00FFFF),  # held by the limit
        (32_256, 1261130161, 1262152739, 0x1D00FFFF, 0x1D00D86A),  # the first change ever
        (68_544, 1279008237, 1279297671, 0x1C05A3F4, 0x1C0168FD),  # held by the clamp
        (46_368, 1263163443, 1269211443, 0x1C387F6F, 0x1D00E1FD),  # the other clamp (made up)
    ],
)
def test_bitcoins_own(
    height: int, first_time: int, last_time: int, bits: int, following: int
) -> None:
    assert BITCOIN.is_due(height)
    assert BITCOIN.compute_next(bits, first_time, last_time) == following


def test_milliseconds_give_the_same_bits_as_seconds() -> None:
    fine = replace(BITCOIN, interval=600_000)
    assert fine.compute_next(0x1D00FFFF, 1261130161_000, 1262152739_000) == 0x1D00D86A


def test_where_a_window_is_measured_from() -> None:
    assert BITCOIN.find_first(32_256) == 30_240
    assert BITCOIN.find_first(2_016) == 0
    whole = replace(BITCOIN, measured_intervals=2_016)
    assert whole.find_first(32_256) == 30_239
    assert whole.find_first(2_016) == 0  # there is no block before the first
    assert not BITCOIN.is_due(32_255)


def test_the_off_by_one_is_worth_one_interval() -> None:
    """A chain exactly on time keeps its target only where whole windows are measured."""
    bits = 0x1C387F6F
    assert BITCOIN.compute_next(bits, 0, 600 * 2_016) == bits
    assert BITCOIN.compute_next(bits, 0, 600 * 2_015) < bits


@given(st.integers(1, LIMIT), st.integers(-(10**9), 10**9))
def test_a_change_stays_within_the_clamp_and_the_limit(target: int, actual: int) -> None:
    bits = encode_compact(target)
    before = decode_compact(bits).magnitude
    after = decode_compact(BITCOIN.compute_next(bits, 0, actual)).magnitude
    assert 1 <= after <= LIMIT
    assert before // 4 - (before >> 15) - 1 <= after <= before * 4


def test_time_that_runs_backwards_is_clamped() -> None:
    fastest = BITCOIN.compute_next(0x1C387F6F, 0, 0)
    assert BITCOIN.compute_next(0x1C387F6F, 10**6, 0) == fastest
    assert decode_compact(fastest).magnitude <= decode_compact(0x1C387F6F).magnitude // 4


def test_the_work_of_the_first_block() -> None:
    assert compute_work(LIMIT) == 0x1_0001_0001
    assert compute_work((1 << 256) - 1) == 1
    assert compute_work(0) == 1 << 256


def read_target(header: bytes) -> int:
    return decode_compact(int.from_bytes(header[72:76], "little")).magnitude


def test_bitcoins_first_block_meets_its_target() -> None:
    """Its hash is read little-endian there; that is all that differs."""
    root = bytes.fromhex("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b")
    header = (
        (1).to_bytes(4, "little")
        + bytes(32)
        + root[::-1]
        + (1231006505).to_bytes(4, "little")
        + (0x1D00FFFF).to_bytes(4, "little")
        + (2083236893).to_bytes(4, "little")
    )
    digest = hashlib.sha256(hashlib.sha256(header).digest()).digest()
    expected = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
    assert digest[::-1].hex() == expected
    assert int.from_bytes(digest, "little") <= read_target(header)
