"""Retargeting: Bitcoin's real changes, and the edges of the rule."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.pow.compact import decode_compact, decode_target, encode_compact
from consensus.pow.difficulty import Retargeting, compute_work
from consensus.pow.work import is_proved

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


def make_bitcoin_header(parent: str, root: str, time: int, bits: int, nonce: int) -> bytes:
    """80 bytes; ids are written backwards there."""
    names = bytes.fromhex(parent)[::-1] + bytes.fromhex(root)[::-1]
    numbers = b"".join(number.to_bytes(4, "little") for number in (time, bits, nonce))
    return (1).to_bytes(4, "little") + names + numbers


@pytest.mark.parametrize(
    ("parent", "root", "time", "bits", "nonce", "name"),
    [
        (  # the first
            "0" * 64,
            "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
            1231006505,
            0x1D00FFFF,
            2083236893,
            "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
        ),
        (  # the second
            "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
            "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098",
            1231469665,
            0x1D00FFFF,
            2573394689,
            "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048",
        ),
        (  # number 125,552, a quarter of a million times harder
            "00000000000008a3a41b85b8b29ad444def299fee21793cd8b9e567eab02cd81",
            "2b12fcf1b09288fcaff797d71e950e71ae42b91e8bdb2304758dfcffc2b620e3",
            1305998791,
            0x1A44B9F2,
            2504433986,
            "00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d",
        ),
    ],
)
def test_bitcoins_blocks_meet_their_targets(
    parent: str, root: str, time: int, bits: int, nonce: int, name: str
) -> None:
    """A hash is read little-endian there; that is all that differs."""
    header = make_bitcoin_header(parent, root, time, bits, nonce)
    digest = hashlib.sha256(hashlib.sha256(header).digest()).digest()
    assert digest[::-1].hex() == name
    assert is_proved(digest[::-1], read_target(header))
    assert not is_proved(digest[::-1], int(name, 16) - 1)
    assert decode_target(bits, LIMIT) == read_target(header)
