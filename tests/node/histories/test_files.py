"""Histories as JSON lines: what is written is read again, and what is wrong is named by its line."""

from pathlib import Path

import pytest

from node.histories.errors import HistoryError
from node.histories.files import read_history, write_history
from tests.node.histories.build import failed, r, w

HEADER = '{"format": "quorate-history", "version": 1, "reads": "local"}\n'
READ = '{"client": 1, "key": "k", "kind": "read", "invoked_us": 3, "completed_us": 4}\n'


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = [w(0, 1, "ä"), w(1, None, "b"), r(2, 3, None), failed(4, 5, "c")]
    write_history(path, history, "linearizable")
    header, read = read_history(path)
    assert read == history
    assert header.reads == "linearizable"


def test_empty_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(HEADER + "\n" + READ + "\n\n")
    assert read_history(path)[1] == [r(3, 4, None)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        (READ, "line 1: no header"),
        ("not json\n", "line 1: no header"),
        (HEADER.replace("1,", "2,"), "version 2"),
        (HEADER.replace("quorate-h", "other-h"), "other-history"),
        (HEADER + READ + "{", "line 3: "),
        (HEADER + READ.replace("read", "swap"), "line 2: .*swap"),
        (HEADER + READ.replace('"k"', "7"), "line 2: .*key"),
        (HEADER + READ.replace('"key"', '"kay"'), "line 2: "),
        (HEADER + READ.replace("3", "3.5"), "line 2: .*int"),
        (HEADER + READ.replace("3", "5"), "line 2: it was completed before"),
        (HEADER + READ.replace("3", "-3"), "line 2: times are"),
        (HEADER + READ.replace("4", "1" * 17), "line 2: times are"),
        (HEADER + READ.replace("1,", "-1,"), "line 2: clients are"),
        (HEADER + "\x80\n", "line 2"),
        (HEADER + "[" * 5_000, "line 2"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(HistoryError, match=complaint) as caught:
        read_history(path)
    assert caught.value.reason == "history-unreadable"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="cannot be read"):
        read_history(tmp_path / "none")
