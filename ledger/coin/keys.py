"""What everybody knows of a dealing: commitments, and the keys that shares are verified by."""

from collections.abc import Sequence
from functools import reduce

import msgspec

from ledger.coin.group import POINT_BYTES, add, is_point, make_scalar, multiply
from ledger.errors import CoinError
from ledger.reasons import Reason


class CoinKeys(msgspec.Struct, frozen=True):
    """One dealing as the public sees it; `keys[i]` is the verification key of member i.

    Made by `CoinKeys.derive`. `threshold` shares, f + 1, make a coin; `group_key` is that of its secret.
    """

    threshold: int
    group_key: bytes
    keys: tuple[bytes, ...]

    @classmethod
    def derive(cls, commitments: Sequence[bytes], members: int) -> "CoinKeys":
        """The keys of so many members from the dealer's commitments.

        Raises `CoinError` (coin-bad-keys) where these are no points, or too many for the members.
        """
        if not 1 <= len(commitments) <= members:
            raise CoinError(
                Reason.COIN_BAD_KEYS, f"{len(commitments)} commitments for {members} members"
            )
        if not all(len(one) == POINT_BYTES and is_point(one) for one in commitments):
            raise CoinError(Reason.COIN_BAD_KEYS, "a commitment is not a point of prime order")
        try:
            keys = tuple(_evaluate(commitments, index + 1) for index in range(members))
        except CoinError as error:
            raise CoinError(Reason.COIN_BAD_KEYS, "a member's share would be zero") from error
        if not all(map(is_point, keys)):
            raise CoinError(Reason.COIN_BAD_KEYS, "a member's share would be zero")
        return cls(len(commitments), commitments[0], keys)


def _evaluate(commitments: Sequence[bytes], at: int) -> bytes:
    """The polynomial at a place, times B: Horner's rule over points."""
    place = make_scalar(at)
    return reduce(lambda sum_, one: add(multiply(place, sum_), one), reversed(commitments))
