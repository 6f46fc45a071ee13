import secrets

import pytest

from ledger.coin.group import (
    ORDER,
    add,
    compute_base,
    hash_to_scalar,
    is_point,
    is_scalar,
    make_scalar,
    multiply,
    multiply_base,
    subtract,
)
from ledger.errors import CoinError
from ledger.reasons import Reason
from tests.ledger.coin import oracle
from tests.ledger.coin.bad_points import BAD_POINTS, SMALL_ORDER


def test_points_are_those_of_plain_arithmetic() -> None:
    left, right = oracle.times(5, oracle.BASE), oracle.times(7, oracle.BASE)
    assert multiply_base(make_scalar(5)) == oracle.encode(left)
    assert add(oracle.encode(left), oracle.encode(right)) == multiply_base(make_scalar(12))
    assert subtract(oracle.encode(right), oracle.encode(left)) == multiply_base(make_scalar(2))
    assert multiply(make_scalar(3), oracle.encode(left)) == multiply_base(make_scalar(15))
    assert oracle.L == ORDER


@pytest.mark.parametrize("tag", [b"", b"a", b"tag", bytes(200)])
def test_the_point_of_a_tag_is_elligator_on_a_hash(tag: bytes) -> None:
    assert compute_base(tag) == oracle.encode(oracle.compute_base(tag))
    assert is_point(compute_base(tag))


@pytest.mark.parametrize("point", BAD_POINTS.values(), ids=BAD_POINTS)
def test_a_bad_point_is_multiplied_by_nothing(point: bytes) -> None:
    assert len(point) != 32 or not is_point(point)
    with pytest.raises(CoinError) as caught:
        multiply(make_scalar(secrets.randbelow(ORDER - 1) + 1), point)
    assert caught.value.reason is Reason.COIN_BAD_POINT


@pytest.mark.parametrize("act", [add, subtract])
def test_nothing_is_added_to_what_is_no_point(act: object) -> None:
    assert callable(act)
    for name in ("off the curve", "too short"):
        with pytest.raises(CoinError) as caught:
            act(compute_base(b"tag"), BAD_POINTS[name])
        assert caught.value.reason is Reason.COIN_BAD_POINT, name


def test_small_orders_are_what_they_are_called() -> None:
    """A check of the test's own points: eight times each is the identity."""
    for point in SMALL_ORDER:
        assert oracle.times(8, oracle.decode(point)) == oracle.IDENTITY


@pytest.mark.parametrize(
    "data", [bytes(32), make_scalar(0), ORDER.to_bytes(32, "little"), b"\xff" * 32, b"", bytes(31)]
)
def test_what_is_not_a_scalar(data: bytes) -> None:
    assert not is_scalar(data)


def test_scalars() -> None:
    assert is_scalar(make_scalar(1))
    assert is_scalar(make_scalar(-1))
    assert make_scalar(ORDER + 2) == make_scalar(2)
    drawn = hash_to_scalar(b"domain", b"one", b"two")
    assert int.from_bytes(drawn, "little") == oracle.draw(b"domain", b"one", b"two")
