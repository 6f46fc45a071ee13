"""Names and proofs."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.block import Header
from consensus.pow.compact import TARGET_MAX
from consensus.pow.work import (
    Claim,
    compute_core,
    compute_id,
    decode_claim,
    encode_claim,
    find_proof,
    is_proved,
    is_well_formed,
    prove_simulated,
)

CONTENT = hashlib.sha256(b"content").digest()
HEADER = Header(7, bytes(32), 1_234, CONTENT, encode_claim(Claim(0x2000FFFF, 0, 3)))
EASY = 1 << 250
GOLDEN_CORE = "ff6cadc9d649aea7d663e9a80585f0a5e5a04cdbdd8dc283de67a28272eb9f21"
GOLDEN_ID = "ecf7436ea5efb5bd737b77e903e5d1f61a558f2ceb403b2448539812c8463d38"


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_a_claim_has_one_spelling(bits: int, nonce: int, miner: int) -> None:
    claim = Claim(bits, nonce, miner)
    assert decode_claim(encode_claim(claim)) == claim
    assert decode_claim(encode_claim(claim) + b"\x00") is None
    assert decode_claim(b"") is None


def test_golden_bytes() -> None:
    """The name of a header is written down, for it must never change."""
    assert compute_core(HEADER).hex() == GOLDEN_CORE
    assert compute_id(HEADER).hex() == GOLDEN_ID


@pytest.mark.parametrize(
    "change",
    [
        {"height": 8},
        {"parent": CONTENT},
        {"time_ms": 1_235},
        {"content": bytes(32)},
        {"claim": encode_claim(Claim(0x2000FFFF, 1, 3))},
        {"claim": encode_claim(Claim(0x2000FFFF, 0, 4))},
        {"claim": encode_claim(Claim(0x2000FFFE, 0, 3))},
    ],
)
def test_every_field_is_in_the_name(change: dict[str, object]) -> None:
    assert compute_id(msgspec.structs.replace(HEADER, **change)) != compute_id(HEADER)


@pytest.mark.parametrize(
    "change",
    [
        {"height": -1},
        {"height": 1 << 64},
        {"time_ms": -1},
        {"parent": b"short"},
        {"content": bytes(33)},
    ],
)
def test_what_has_no_spelling_is_not_well_formed(change: dict[str, object]) -> None:
    assert is_well_formed(HEADER)
    assert not is_well_formed(msgspec.structs.replace(HEADER, **change))


def test_a_search_finds_the_first_proof_and_no_other() -> None:
    found = find_proof(HEADER, EASY, 0, 10_000)
    assert found is not None
    claim = decode_claim(found.claim)
    assert claim is not None
    assert is_proved(compute_id(found), EASY)
    assert find_proof(HEADER, EASY, 0, claim.nonce) is None
    again = find_proof(HEADER, EASY, claim.nonce + 1, 10_000)
    assert again not in (None, found)


def test_a_search_takes_as_many_hashes_as_the_target_says() -> None:
    """2^6 on average: 40 proofs within five standard deviations of 40 · 64 tries."""
    nonce, target = -1, TARGET_MAX >> 6
    for _ in range(40):
        found = find_proof(HEADER, target, nonce + 1, 100_000)
        assert found is not None
        claim = decode_claim(found.claim)
        assert claim is not None
        nonce = claim.nonce
    assert abs(nonce + 1 - 40 * 64) < 5 * 40**0.5 * 64


def test_the_nonce_does_not_run_out_of_its_bytes() -> None:
    assert find_proof(HEADER, 0, (1 << 64) - 3, 10) is None


def test_a_simulated_proof_belongs_to_one_header() -> None:
    proved = prove_simulated(HEADER)
    assert prove_simulated(proved) == proved
    moved = msgspec.structs.replace(proved, time_ms=99)
    assert prove_simulated(moved) != moved
