"""A dealing for tests, the same each time."""

from functools import lru_cache

from ledger.coin.dealing import Dealing, deal
from ledger.coin.keys import CoinKeys
from ledger.coin.shares import SecretShare, Share, make_share

SEED = bytes(range(32))
TAG = b"tag"


@lru_cache
def dealing(threshold: int = 2, members: int = 4) -> Dealing:
    return deal(SEED, threshold, members)


@lru_cache
def keys(threshold: int = 2, members: int = 4) -> CoinKeys:
    return CoinKeys.derive(dealing(threshold, members).commitments, members)


@lru_cache
def secrets(threshold: int = 2, members: int = 4) -> list[SecretShare]:
    scalars = dealing(threshold, members).shares
    return [SecretShare.make(index, scalar) for index, scalar in enumerate(scalars)]


@lru_cache
def shares(tag: bytes = TAG, threshold: int = 2, members: int = 4) -> list[Share]:
    return [make_share(secret, tag) for secret in secrets(threshold, members)]
