from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.coin.group import ORDER, compute_base, make_scalar, multiply
from ledger.coin.shares import Share, check_share, combine, make_share
from ledger.errors import CoinError
from ledger.reasons import Reason
from tests.ledger.coin import oracle
from tests.ledger.coin.bad_points import BAD_POINTS
from tests.ledger.coin.support import SEED, TAG, keys, secrets, shares


def test_golden() -> None:
    last = shares()[3]
    assert last.point.hex() == "66f295dfe99a53646919b489c1e9fb616529f5c007bae0f3bab332f8e4c32a4c"
    assert last.proof.hex() == (
        "9fa135b1d8e4477657afb8b352bea98000b8ea093bd61585530e648095b2fb07"
        "5e2b31a056dfe01fe66dc47d9c524e5cfb4c005159620ac625f3cbabae5cc10a"
    )
    assert combine(keys(), TAG, shares()) == 1


@pytest.mark.parametrize("tag", [b"", b"another tag"])
def test_shares_and_faces_are_those_of_plain_arithmetic(tag: bytes) -> None:
    coefficients = oracle.list_coefficients(SEED, 2)
    for share in shares(tag):
        secret = oracle.compute_secret(coefficients, share.index)
        assert (share.point, share.proof) == oracle.prove(secret, tag)
    assert combine(keys(), tag, shares(tag)) == oracle.compute_face(SEED, 2, tag)


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=64), st.sampled_from([(1, 1), (1, 3), (2, 4), (3, 7), (4, 10)]))
def test_any_that_are_enough_show_the_same_face(tag: bytes, size: tuple[int, int]) -> None:
    threshold, members = size
    made = shares(tag, threshold, members)
    public = keys(threshold, members)
    assert [check_share(public, tag, share) for share in made] == [None] * members
    chosen = list(combinations(made, threshold))[:40]
    faces = {combine(public, tag, some) for some in [*chosen, made, made[::-1]]}
    assert len(faces) == 1
    assert faces <= {0, 1}


def test_both_faces_come_about_equally_often() -> None:
    faces = [combine(keys(), bytes([number]), shares(bytes([number]))[:2]) for number in range(200)]
    assert 70 <= sum(faces) <= 130


def test_fewer_are_no_coin() -> None:
    for few in ([], shares()[:1], [shares()[0]] * 3):
        with pytest.raises(CoinError) as caught:
            combine(keys(), TAG, few)
        assert caught.value.reason is Reason.COIN_TOO_FEW_SHARES


def test_what_f_members_hold_fits_both_faces() -> None:
    """For any secret there is a polynomial that gives member 0 the share it has."""
    own = int.from_bytes(secrets()[0].scalar, "little")
    faces = set()
    for secret in range(1, 33):
        other = make_scalar(2 * own - secret)  # the line through (0, secret) and (1, own), at 2
        point = multiply(other, compute_base(TAG))
        faces.add(combine(keys(), TAG, [shares()[0], Share(1, point, bytes(64))]))
    assert faces == {0, 1}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_share_that_is_changed_anywhere_is_refused(data: st.DataObject) -> None:
    share = shares()[data.draw(st.integers(0, 3))]
    part = data.draw(st.sampled_from(["point", "proof"]))
    original = getattr(share, part)
    place, bit = data.draw(st.integers(0, len(original) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(original)
    changed[place] ^= 1 << bit
    forged = replace(share, **{part: bytes(changed)})
    reasons = {Reason.COIN_BAD_PROOF} | ({Reason.COIN_BAD_POINT} if part == "point" else set())
    assert check_share(keys(), TAG, forged) in reasons


@settings(max_examples=60, deadline=None)
@given(st.integers(), st.binary(max_size=40), st.binary(max_size=70))
def test_whatever_bytes_come_there_is_a_reason(index: int, point: bytes, proof: bytes) -> None:
    assert check_share(keys(), TAG, Share(index, point, proof)) is not None


@pytest.mark.parametrize("point", BAD_POINTS.values(), ids=BAD_POINTS)
def test_bad_points_are_called_so(point: bytes) -> None:
    assert check_share(keys(), TAG, replace(shares()[0], point=point)) is Reason.COIN_BAD_POINT


@pytest.mark.parametrize("index", [-1, 4, 2**63])
def test_an_index_that_no_member_has(index: int) -> None:
    assert check_share(keys(), TAG, replace(shares()[0], index=index)) is Reason.COIN_BAD_INDEX


def test_a_share_counts_for_its_member_and_its_coin_alone() -> None:
    assert check_share(keys(), TAG, replace(shares()[0], index=1)) is Reason.COIN_BAD_PROOF
    assert check_share(keys(), b"other", shares()[0]) is Reason.COIN_BAD_PROOF
    assert check_share(keys(3, 4), TAG, shares()[0]) is Reason.COIN_BAD_PROOF
    moved = replace(shares()[0], proof=shares(b"other")[0].proof)
    assert check_share(keys(), TAG, moved) is Reason.COIN_BAD_PROOF


def test_a_proof_has_one_spelling() -> None:
    share = shares()[0]
    for half in (slice(0, 32), slice(32, 64)):
        number = int.from_bytes(share.proof[half], "little") + ORDER
        parts = [share.proof[:32], share.proof[32:]]
        parts[half.start // 32] = number.to_bytes(32, "little")
        forged = replace(share, proof=b"".join(parts))
        assert check_share(keys(), TAG, forged) is Reason.COIN_BAD_PROOF


def test_the_same_share_whenever_it_is_made() -> None:
    assert make_share(secrets()[2], TAG) == shares()[2]
