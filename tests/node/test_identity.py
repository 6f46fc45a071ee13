"""The node's key and its file."""

from pathlib import Path

import nacl.signing
import pytest

from node.identity import Identity, load_identity, save_identity
from node.secret_files import SecretFileError, write_secret

SEED = bytes(range(32))
PUBLIC = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
"""The public key of that seed, by another implementation as well (see below)."""


def file_text(**changes: str) -> bytes:
    members = {"format": "quorate-node-key/1", "public_key": PUBLIC, "seed": SEED.hex()} | changes
    return ("{" + ", ".join(f'"{k}": "{v}"' for k, v in members.items()) + "}").encode()


def test_the_key_is_plain_ed25519() -> None:
    identity = Identity.from_seed(SEED)
    assert identity.public_key.hex() == PUBLIC
    other = nacl.signing.SigningKey(SEED)
    assert bytes(other.verify_key) == identity.public_key
    assert other.sign(b"message").signature == identity.sign(b"message")


def test_the_seed_is_not_shown() -> None:
    assert SEED.hex() not in repr(Identity.from_seed(SEED))
    assert repr(SEED) not in repr(Identity.from_seed(SEED))


def test_two_new_identities_differ() -> None:
    assert Identity.generate() != Identity.generate()


def test_saved_and_loaded(tmp_path: Path) -> None:
    path = tmp_path / "node_key.json"
    save_identity(path, Identity.from_seed(SEED))
    assert load_identity(path) == Identity.from_seed(SEED)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SecretFileError):
        save_identity(path, Identity.generate())


def test_the_format_is_as_documented(tmp_path: Path) -> None:
    path = tmp_path / "node_key.json"
    write_secret(path, file_text())
    assert load_identity(path) == Identity.from_seed(SEED)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        file_text(format="quorate-node-key/2"),
        file_text(seed="00"),
        file_text(seed=SEED.hex().upper()[:-2] + "AB"),
        file_text(public_key="00" * 32),
        file_text(extra="1"),
        file_text()[:-1],
        file_text()[:-1] + b', "seed": "' + SEED.hex().encode() + b'"}',
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "node_key.json"
    write_secret(path, data)
    with pytest.raises(SecretFileError) as caught:
        load_identity(path)
    assert caught.value.reason == "key-file-malformed"
    assert SEED.hex() not in str(caught.value)


def test_a_file_readable_by_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node_key.json"
    save_identity(path, Identity.from_seed(SEED))
    path.chmod(0o644)
    with pytest.raises(SecretFileError) as caught:
        load_identity(path)
    assert caught.value.reason == "key-file-exposed"
    assert "chmod 600" in caught.value.advice
