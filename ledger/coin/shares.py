"""Shares of a coin: made by who holds a secret share, verified by anybody, combined by anybody.

The proof of Chaum and Pedersen says that log_B(V) = log_P(S), V being the member's verification key
and S its share: for a nonce k it shows c = H(B, P, V, S, kB, kP) and s = k + c x. Who verifies
computes kB = sB - cV and kP = sP - cS, and asks whether the hash is c. The nonce is a hash of the secret
and the tag, as in Ed25519: a coin has one share per member, byte for byte, whenever it is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from ledger.coin.group import (
    NONCE_DOMAIN,
    ORDER,
    POINT_BYTES,
    PROOF_DOMAIN,
    SCALAR_BYTES,
    add,
    add_scalars,
    compute_base,
    compute_face,
    hash_to_scalar,
    is_scalar,
    make_scalar,
    multiply,
    multiply_base,
    multiply_scalars,
    subtract,
)
from ledger.coin.keys import CoinKeys
from ledger.errors import CoinError
from ledger.reasons import Reason

PROOF_BYTES = 2 * SCALAR_BYTES


class Share(msgspec.Struct, frozen=True):
    """Member `index`'s share of one coin: a point (32 bytes) and its proof, c and s (64 bytes)."""

    index: int
    point: bytes
    proof: bytes


@dataclass(frozen=True, slots=True)
class SecretShare:
    """What the dealer gave to member `index`: a scalar. `key` is its verification key."""

    index: int
    scalar: bytes = field(repr=False)
    key: bytes

    @classmethod
    def make(cls, index: int, scalar: bytes) -> "SecretShare":
        """From the scalar; raises `CoinError` (coin-bad-share) for what is none."""
        if not is_scalar(scalar):
            raise CoinError(Reason.COIN_BAD_SHARE, "a secret share is a number below the order")
        return cls(index, scalar, bytes(multiply_base(scalar)))


def make_share(secret: SecretShare, tag: bytes) -> Share:
    """A member's share of the coin with this tag."""
    base = compute_base(tag)
    point = multiply(secret.scalar, base)
    nonce = hash_to_scalar(NONCE_DOMAIN, secret.scalar, tag)
    shown = _challenge(base, secret.key, point, bytes(multiply_base(nonce)), multiply(nonce, base))
    answer = bytes(add_scalars(nonce, multiply_scalars(shown, secret.scalar)))
    return Share(secret.index, point, shown + answer)


def check_share(keys: CoinKeys, tag: bytes, share: Share) -> Reason | None:
    """Why a share of the coin with this tag is not the one that its member would make, or None."""
    if not 0 <= share.index < len(keys.keys):
        return Reason.COIN_BAD_INDEX
    if len(share.point) != POINT_BYTES:
        return Reason.COIN_BAD_POINT
    shown, answer = share.proof[:SCALAR_BYTES], share.proof[SCALAR_BYTES:]
    if not (is_scalar(shown) and is_scalar(answer)):
        return Reason.COIN_BAD_PROOF
    key, base = keys.keys[share.index], compute_base(tag)
    try:
        times_point = multiply(shown, share.point)
    except CoinError as error:
        return error.reason
    by_base = subtract(bytes(multiply_base(answer)), multiply(shown, key))
    by_point = subtract(multiply(answer, base), times_point)
    is_proved = _challenge(base, key, share.point, by_base, by_point) == shown
    return None if is_proved else Reason.COIN_BAD_PROOF


def combine(keys: CoinKeys, tag: bytes, shares: Sequence[Share]) -> int:
    """The face of the coin, 0 or 1, from f + 1 shares that were verified, or more.

    Raises `CoinError` (coin-too-few-shares) for fewer by different members.
    """
    chosen = list({share.index: share for share in shares}.values())[: keys.threshold]
    if len(chosen) < keys.threshold:
        raise CoinError(
            Reason.COIN_TOO_FEW_SHARES, f"{len(chosen)} shares, it takes {keys.threshold}"
        )
    places = [share.index + 1 for share in chosen]
    value, *others = [
        multiply(make_scalar(_weigh(place, places)), share.point)
        for place, share in zip(places, chosen, strict=True)
    ]
    for other in others:
        value = add(value, other)
    return compute_face(tag, value)


def _weigh(place: int, places: Sequence[int]) -> int:
    """Lagrange's coefficient at 0 of one place among several."""
    above, below = 1, 1
    for other in places:
        if other != place:
            above, below = above * other % ORDER, below * (other - place) % ORDER
    return above * pow(below, -1, ORDER) % ORDER


def _challenge(base: bytes, key: bytes, point: bytes, by_base: bytes, by_point: bytes) -> bytes:
    return hash_to_scalar(PROOF_DOMAIN, base, key, point, by_base, by_point)
