"""Private keys on disk: readable by their owner alone, or refused; written once, whole."""

import os
import stat
from pathlib import Path

from node.errors import NodeError

SECRET_MODE = 0o600
SIZE_BYTES_MAX = 64 * 1024


class SecretFileError(NodeError):
    """A file with a private key cannot be used.

    Reasons: `key-file-missing`, `key-file-exposed`, `key-file-unreadable`, `key-file-malformed`,
    `key-file-exists`, `key-file-unwritable`.
    """

    reason = "key-file-unreadable"


def read_secret(path: Path) -> bytes:
    """The bytes of a secret file; raises `SecretFileError`.

    A file that anyone but its owner may read or write is refused: its key may be known to others.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(SIZE_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise SecretFileError(f"there is no {path}", reason="key-file-missing") from error
    except OSError as error:
        raise SecretFileError(f"{path} cannot be read: {error}") from error
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise SecretFileError(
            f"{path} has the mode {mode:04o}: others may read or change it",
            reason="key-file-exposed",
            advice=f"if the key is still secret: chmod 600 {path}",
        )
    if len(data) > SIZE_BYTES_MAX:
        raise SecretFileError(f"{path} is too large for a key", reason="key-file-malformed")
    return data


def write_secret(path: Path, data: bytes) -> None:
    """Write a new file with mode 0600, synced; an existing one is never overwritten."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_MODE)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, SECRET_MODE)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except FileExistsError as error:
        raise SecretFileError(
            f"{path} exists and is kept",
            reason="key-file-exists",
            advice="move it away first if you really want another key",
        ) from error
    except OSError as error:
        raise SecretFileError(
            f"{path} cannot be written: {error}", reason="key-file-unwritable"
        ) from error
