"""The group: points and scalars of Ed25519, with bad ones found before they do harm.

A point is 32 bytes, the canonical encoding of a point of order L. The identity is none, nor is any
point outside the subgroup of prime order: libsodium checks that with each multiplication. A scalar
is 32 bytes, little-endian, below L and not zero.
"""

from functools import lru_cache
from hashlib import sha512

from nacl import bindings
from nacl.exceptions import CryptoError

from ledger.errors import CoinError
from ledger.reasons import Reason

ORDER = 2**252 + 27742317777372353535851937790883648493
POINT_BYTES = 32
SCALAR_BYTES = 32

COIN_DOMAIN = b"quorate/coin/1\x00"
FACE_DOMAIN = b"quorate/coin-face/1\x00"
PROOF_DOMAIN = b"quorate/coin-proof/1\x00"
NONCE_DOMAIN = b"quorate/coin-nonce/1\x00"
DEALING_DOMAIN = b"quorate/coin-dealing/1\x00"

BASES_MAX = 256
"""Points of tags that are remembered: those of the coins in the air."""

add_scalars = bindings.crypto_core_ed25519_scalar_add
multiply_scalars = bindings.crypto_core_ed25519_scalar_mul
multiply_base = bindings.crypto_scalarmult_ed25519_base_noclamp
"""Scalar times B."""
is_point = bindings.crypto_core_ed25519_is_valid_point


def hash_to_scalar(domain: bytes, *parts: bytes) -> bytes:
    """A scalar drawn by a hash of parts of known lengths, but for the last."""
    return bytes(
        bindings.crypto_core_ed25519_scalar_reduce(sha512(domain + b"".join(parts)).digest())
    )


def make_scalar(number: int) -> bytes:
    """The scalar of a number, modulo L."""
    return (number % ORDER).to_bytes(SCALAR_BYTES, "little")


def is_scalar(data: bytes) -> bool:
    """Is it the one spelling of a scalar."""
    return len(data) == SCALAR_BYTES and 0 < int.from_bytes(data, "little") < ORDER


def multiply(scalar: bytes, point: bytes) -> bytes:
    """Scalar times point; raises `CoinError` (coin-bad-point) for what is not a point of order L."""
    try:
        return bytes(bindings.crypto_scalarmult_ed25519_noclamp(scalar, point))
    except (CryptoError, TypeError, ValueError) as error:
        raise CoinError(Reason.COIN_BAD_POINT, "not a point of prime order") from error


def add(left: bytes, right: bytes) -> bytes:
    """The sum of two points, perhaps the identity; raises `CoinError` (coin-bad-point)."""
    try:
        return bytes(bindings.crypto_core_ed25519_add(left, right))
    except (CryptoError, TypeError, ValueError) as error:
        raise CoinError(Reason.COIN_BAD_POINT, "not a point") from error


def subtract(left: bytes, right: bytes) -> bytes:
    """The difference of two points, as `add`."""
    try:
        return bytes(bindings.crypto_core_ed25519_sub(left, right))
    except (CryptoError, TypeError, ValueError) as error:
        raise CoinError(Reason.COIN_BAD_POINT, "not a point") from error


@lru_cache(maxsize=BASES_MAX)
def compute_base(tag: bytes) -> bytes:
    """The point of a tag: a hash, mapped onto the curve by Elligator 2 and into the subgroup."""
    return bytes(bindings.crypto_core_ed25519_from_uniform(sha512(COIN_DOMAIN + tag).digest()[:32]))


def compute_face(tag: bytes, value: bytes) -> int:
    """The bit that a coin shows, from the point that f + 1 shares interpolate to."""
    return sha512(FACE_DOMAIN + value + tag).digest()[0] & 1
