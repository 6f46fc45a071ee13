"""The node's key: one Ed25519 key that is its name, its TLS key and, for validators, its vote.

`node_key.json` holds, with mode 0600, exactly

    {"format": "quorate-node-key/1", "public_key": "<64 hex digits>", "seed": "<64 hex digits>"}

The seed is the private key of RFC 8032, 32 bytes.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from node.secret_files import SecretFileError, read_secret, write_secret

FORMAT: Final = "quorate-node-key/1"
SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32

Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["quorate-node-key/1"]
    public_key: Hex32
    seed: Hex32


@dataclass(frozen=True, slots=True)
class Identity:
    """A node's key pair: `seed` and `public_key`, 32 bytes each; the seed is never shown."""

    seed: bytes = field(repr=False)
    public_key: bytes

    @classmethod
    def from_seed(cls, seed: bytes) -> "Identity":
        """The identity of a 32-byte seed."""
        key = Ed25519PrivateKey.from_private_bytes(seed)
        return cls(seed, key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "Identity":
        """A new one, from the system's randomness."""
        return cls.from_seed(secrets.token_bytes(SEED_BYTES))

    @property
    def private_key(self) -> Ed25519PrivateKey:
        """The key as the TLS library wants it."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature."""
        return self.private_key.sign(message)


def format_identity(identity: Identity) -> bytes:
    """The content of a key file."""
    content = _KeyFile(FORMAT, identity.public_key.hex(), identity.seed.hex())
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def save_identity(path: Path, identity: Identity) -> None:
    """Write a key file (mode 0600); raises `SecretFileError` rather than overwrite one."""
    write_secret(path, format_identity(identity))


def load_identity(path: Path) -> Identity:
    """Read a key file.

    Raises `SecretFileError` when it is missing or readable by others, and as `parse_identity`.
    """
    return parse_identity(read_secret(path), path)


def parse_identity(data: bytes, path: Path) -> Identity:
    """The identity in the content of a key file; `path` is named in errors.

    Raises `SecretFileError` when it is malformed, has unknown or repeated members, or when its
    public key is not that of its seed.
    """
    try:
        content = msgspec.json.decode(data, type=_KeyFile)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _malformed(path, str(error)) from error
    identity = Identity.from_seed(bytes.fromhex(content.seed))
    if _repeats_a_member(data):
        raise _malformed(path, "a member is repeated")
    if identity.public_key.hex() != content.public_key:
        raise _malformed(path, "the public key is not that of the seed")
    return identity


def _repeats_a_member(data: bytes) -> bool:
    members: Sequence[str] = _KeyFile.__struct_fields__
    return any(data.count(f'"{name}"'.encode()) != 1 for name in members)


def _malformed(path: Path, detail: str) -> SecretFileError:
    return SecretFileError(
        f"{path} is not a key file: {detail}",
        reason="key-file-malformed",
        advice="restore it from a backup, or make a new key with `quorate node init`",
    )
