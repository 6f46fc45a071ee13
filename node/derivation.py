r"""Keys derived from one secret seed, so that a second run finds the accounts of the first.

seed of (label, name) = SHA-256("quorate/derived-key/1\0" + seed (32) + label "\0" + name)
"""

import hashlib

from ledger.keys import KeyPair

_DOMAIN = b"quorate/derived-key/1\x00"


def derive_key(seed: bytes, label: str, name: str | int) -> KeyPair:
    """The key called `name` among those called `label`; `seed` is 32 secret bytes."""
    material = _DOMAIN + seed + label.encode() + b"\x00" + str(name).encode()
    return KeyPair(hashlib.sha256(material).digest())
