"""Ed25519 keys (RFC 8032) through libsodium.

libsodium refuses public keys of small order and signatures with a non-canonical scalar, and it
releases the interpreter lock, so `verify_many` scales over threads. Fresh seeds come from whoever
calls: there is no randomness here.
"""

from collections.abc import Iterable
from typing import TypeAlias

from nacl import bindings
from nacl._sodium import ffi, lib  # type: ignore[import-not-found]

from ledger.errors import KeyMaterialError
from ledger.reasons import Reason

SEED_SIZE_BYTES = 32
PUBLIC_KEY_SIZE_BYTES = 32
SIGNATURE_SIZE_BYTES = 64

SignedMessage: TypeAlias = tuple[bytes, bytes, bytes]
"""Public key (32 bytes), message, signature (64 bytes)."""

_open = lib.crypto_sign_open
_NULL = ffi.NULL


class KeyPair:
    """A signing key made from a 32-byte seed; raises `KeyMaterialError` for any other length."""

    __slots__ = ("_secret", "public_key", "seed")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_SIZE_BYTES:
            raise KeyMaterialError(Reason.KEY_BAD_SEED, "a seed has 32 bytes")
        self.seed = seed
        self.public_key, self._secret = bindings.crypto_sign_seed_keypair(seed)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`."""
        return bindings.crypto_sign(message, self._secret)[:SIGNATURE_SIZE_BYTES]

    def __repr__(self) -> str:
        return f"KeyPair({self.public_key.hex()})"


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Did the holder of `public_key` sign `message`; False for anything of a wrong length."""
    if len(signature) != SIGNATURE_SIZE_BYTES or len(public_key) != PUBLIC_KEY_SIZE_BYTES:
        return False
    signed = signature + message
    # With no output buffer libsodium checks the signature and copies nothing.
    return bool(_open(_NULL, _NULL, signed, len(signed), public_key) == 0)


def verify_many(signed: Iterable[SignedMessage]) -> list[bool]:
    """One answer per (public key, message, signature); meant to run in a thread."""
    return [verify(public_key, message, signature) for public_key, message, signature in signed]
