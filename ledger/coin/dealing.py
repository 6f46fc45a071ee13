"""The dealer: a polynomial, one value of it for each member, and commitments to it for all.

There is no randomness here: the seed comes from whoever calls, and must be forgotten afterwards.
Where all nodes of a network deal together no dealer has to be trusted; that is not built.
"""

from dataclasses import dataclass, field

from ledger.coin.group import (
    DEALING_DOMAIN,
    add_scalars,
    hash_to_scalar,
    is_scalar,
    make_scalar,
    multiply_base,
    multiply_scalars,
)
from ledger.errors import CoinError
from ledger.reasons import Reason

SEED_SIZE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Dealing:
    """`commitments` are public, f + 1 points; `shares[i]` is the secret of member i, a scalar."""

    commitments: tuple[bytes, ...]
    shares: tuple[bytes, ...] = field(repr=False)


def deal(seed: bytes, threshold: int, members: int) -> Dealing:
    """Deal to so many members, any `threshold` of whom make a coin.

    `seed` is 32 bytes of randomness. Raises `CoinError` (coin-bad-keys) for other lengths, and for a
    threshold that is not from 1 to `members`.
    """
    if len(seed) != SEED_SIZE_BYTES or not 1 <= threshold <= members:
        raise CoinError(Reason.COIN_BAD_KEYS, "a seed of 32 bytes, a threshold from 1 to members")
    coefficients = [
        hash_to_scalar(DEALING_DOMAIN, seed, degree.to_bytes(4, "big"))
        for degree in range(threshold)
    ]
    shares = tuple(_evaluate(coefficients, index + 1) for index in range(members))
    if not all(map(is_scalar, (*coefficients, *shares))):
        raise CoinError(Reason.COIN_BAD_KEYS, "the seed leads to a share of zero")
    return Dealing(tuple(map(multiply_base, coefficients)), shares)


def _evaluate(coefficients: list[bytes], at: int) -> bytes:
    """The polynomial at a place: Horner's rule, in constant time."""
    place = make_scalar(at)
    value = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = add_scalars(multiply_scalars(value, place), coefficient)
    return bytes(value)
