"""Secret files are for their owner's eyes, are never overwritten, and fail with a reason."""

from pathlib import Path

import pytest

from node.secret_files import SIZE_BYTES_MAX, SecretFileError, read_secret, write_secret


def reason_of(path: Path) -> str:
    with pytest.raises(SecretFileError) as caught:
        read_secret(path)
    return caught.value.reason


def test_what_was_written_is_read_and_nobody_else_can(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_secret(path, b"hush")
    assert read_secret(path) == b"hush"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o660, 0o777])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    write_secret(path, b"hush")
    path.chmod(mode)
    assert reason_of(path) == "key-file-exposed"


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_secret(path, b"old")
    with pytest.raises(SecretFileError) as caught:
        write_secret(path, b"new")
    assert caught.value.reason == "key-file-exists"
    assert read_secret(path) == b"old"


def test_missing_directory_and_giant(tmp_path: Path) -> None:
    assert reason_of(tmp_path / "none") == "key-file-missing"
    assert reason_of(tmp_path) == "key-file-unreadable"
    write_secret(tmp_path / "giant", bytes(SIZE_BYTES_MAX + 1))
    assert reason_of(tmp_path / "giant") == "key-file-malformed"
    with pytest.raises(SecretFileError) as caught:
        write_secret(tmp_path / "no" / "folder", b"")
    assert caught.value.reason == "key-file-unwritable"
