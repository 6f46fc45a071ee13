"""The journal: what was synced survives any cut, and damage elsewhere is refused."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.journal import Journal, JournalError, create_journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "journal"
    create_journal(path)
    return path


def write(path: Path, *frames: list[bytes]) -> None:
    journal = Journal.open(path)
    for records in frames:
        for record in records:
            journal.append(record)
        journal.sync()
    journal.close()


def read(path: Path) -> tuple[bytes, ...]:
    journal = Journal.open(path)
    journal.close()
    return journal.records


def test_a_new_validators_journal_is_fresh_until_something_is_written(path: Path) -> None:
    journal = Journal.open(path)
    assert journal.is_fresh
    journal.close()
    write(path, [b"vote"])
    journal = Journal.open(path)
    assert not journal.is_fresh
    journal.close()


def test_a_missing_journal_is_lost_and_stays_so_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        journal = Journal.open(tmp_path / "journal")
        assert not journal.is_fresh
        assert journal.records == ()
        journal.close()


def test_creating_never_touches_an_existing_journal(path: Path) -> None:
    write(path, [b"vote"])
    create_journal(path)
    assert read(path) == (b"vote",)


def test_a_rewrite_that_fails_leaves_no_foreign_file_to_close(path: Path) -> None:
    journal = Journal.open(path)
    path.with_name(path.name + ".new").mkdir()
    journal.rewrite([b"all"])
    with pytest.raises(OSError, match="directory"):
        journal.sync()
    other = os.open(path, os.O_RDONLY)  # takes the number that the journal's file had
    journal.close()
    assert os.fstat(other)
    os.close(other)
    assert read(path) == ()


def test_a_journal_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    with pytest.raises(JournalError) as caught:
        Journal.open(tmp_path / "journal")
    assert caught.value.reason == "journal-unreadable"


def test_records_come_back_in_order(path: Path) -> None:
    write(path, [b"a", b"b"], [b"", b"c" * 100_000])
    assert read(path) == (b"a", b"b", b"", b"c" * 100_000)


def test_what_was_not_synced_is_not_there(path: Path) -> None:
    journal = Journal.open(path)
    journal.append(b"never synced")
    journal.close()
    assert read(path) == ()


def test_rewrite_replaces_all_and_appends_follow_it(path: Path) -> None:
    write(path, [b"old"])
    journal = Journal.open(path)
    journal.append(b"also old")
    journal.rewrite([b"new"])
    journal.append(b"newer")
    journal.sync()
    journal.append(b"newest")
    journal.sync()
    journal.close()
    assert read(path) == (b"new", b"newer", b"newest")


def test_a_journal_rewritten_to_nothing_is_not_fresh(path: Path) -> None:
    journal = Journal.open(path)
    journal.rewrite([])
    journal.sync()
    journal.close()
    journal = Journal.open(path)
    assert not journal.is_fresh
    journal.close()


@given(cut=st.integers(min_value=1, max_value=10_000))
def test_any_cut_keeps_all_frames_before_it(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal"
    create_journal(path)
    write(path, [b"first", b"second"])
    whole = path.stat().st_size
    write(path, [b"third" * 100, b"fourth"])
    data = path.read_bytes()
    path.write_bytes(data[: max(whole, len(data) - cut)])
    journal = Journal.open(path)
    assert journal.records == (b"first", b"second")
    assert journal.torn_bytes == max(0, len(data) - cut - whole)
    journal.append(b"after")
    journal.sync()
    journal.close()
    assert read(path) == (b"first", b"second", b"after")


def test_zeros_at_the_end_are_a_torn_tail(path: Path) -> None:
    write(path, [b"first"])
    path.write_bytes(path.read_bytes() + bytes(4096))
    assert read(path) == (b"first",)


def test_every_flipped_bit_before_the_last_frame_is_refused(path: Path) -> None:
    write(path, [b"first"])
    end = path.stat().st_size
    write(path, [b"second"])
    data = bytearray(path.read_bytes())
    for at in [*range(5), *range(9, end)]:
        for bit in range(8):
            data[at] ^= 1 << bit
            path.write_bytes(data)
            with pytest.raises(JournalError) as caught:
                Journal.open(path)
            assert caught.value.reason == "journal-corrupt"
            data[at] ^= 1 << bit


def test_a_foreign_file_is_refused(path: Path) -> None:
    path.write_bytes(b"something else entirely")
    with pytest.raises(JournalError, match="not a journal"):
        Journal.open(path)
