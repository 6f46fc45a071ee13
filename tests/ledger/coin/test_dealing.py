import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.coin.dealing import deal
from ledger.coin.group import make_scalar, multiply_base
from ledger.coin.keys import CoinKeys
from ledger.coin.shares import SecretShare
from ledger.errors import CoinError
from ledger.reasons import Reason
from tests.ledger.coin import oracle
from tests.ledger.coin.bad_points import BAD_POINTS
from tests.ledger.coin.support import SEED, dealing, keys, secrets


def test_golden() -> None:
    assert [one.hex() for one in dealing().commitments] == [
        "4d50a01d801cb822571ef4df3fc89a2e8de0d7b60867e6a46273063642d7d102",
        "a47bcf12b0179af1ee4f88ac978fafa11027030b9cefcc8f5532bf80962433cb",
    ]


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(1, 5), st.integers(0, 5))
def test_shares_are_values_of_a_polynomial_and_keys_follow_from_its_commitments(
    seed: bytes, threshold: int, more: int
) -> None:
    members = threshold + more
    dealt = deal(seed, threshold, members)
    coefficients = oracle.list_coefficients(seed, threshold)
    assert dealt.commitments == tuple(multiply_base(make_scalar(one)) for one in coefficients)
    values = [oracle.compute_secret(coefficients, index) for index in range(members)]
    assert dealt.shares == tuple(map(make_scalar, values))
    public = CoinKeys.derive(dealt.commitments, members)
    assert public.threshold == threshold
    assert public.group_key == dealt.commitments[0]
    assert public.keys == tuple(multiply_base(share) for share in dealt.shares)


@pytest.mark.parametrize(
    ("seed", "threshold", "members"), [(b"short", 1, 1), (SEED, 0, 4), (SEED, 5, 4), (SEED, 1, 0)]
)
def test_what_cannot_be_dealt(seed: bytes, threshold: int, members: int) -> None:
    with pytest.raises(CoinError) as caught:
        deal(seed, threshold, members)
    assert caught.value.reason is Reason.COIN_BAD_KEYS


@pytest.mark.parametrize("bad", BAD_POINTS.values(), ids=BAD_POINTS)
def test_commitments_are_points(bad: bytes) -> None:
    good = dealing().commitments[0]
    for commitments in ((bad,), (good, bad), (bad, good)):
        with pytest.raises(CoinError) as caught:
            CoinKeys.derive(commitments, 4)
        assert caught.value.reason is Reason.COIN_BAD_KEYS


def test_a_dealing_that_gives_a_member_zero_is_refused() -> None:
    """Such as x - 1 at 1, or x - 2 at 2 on the way up: that member's share would be no secret."""
    for zero in (1, 2, 4):
        commitments = (multiply_base(make_scalar(-zero)), multiply_base(make_scalar(1)))
        with pytest.raises(CoinError) as caught:
            CoinKeys.derive(commitments, 4)
        assert caught.value.reason is Reason.COIN_BAD_KEYS


def test_as_many_commitments_as_make_sense() -> None:
    for commitments in ((), dealing(3, 4).commitments):
        with pytest.raises(CoinError) as caught:
            CoinKeys.derive(commitments, 2)
        assert caught.value.reason is Reason.COIN_BAD_KEYS


def test_nothing_that_is_printed_tells_a_secret() -> None:
    texts = [repr(dealing()), repr(secrets()[0])]
    assert not [text for text in texts for one in dealing().shares if repr(one) in text]
    assert keys().keys[0] == secrets()[0].key


@pytest.mark.parametrize("scalar", [bytes(32), b"", oracle.L.to_bytes(32, "little")])
def test_a_secret_share_is_a_scalar(scalar: bytes) -> None:
    with pytest.raises(CoinError) as caught:
        SecretShare.make(0, scalar)
    assert caught.value.reason is Reason.COIN_BAD_SHARE
