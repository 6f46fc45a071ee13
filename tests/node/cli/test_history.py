"""`quorate history`: a file is judged by exit status, and in words."""

from pathlib import Path

import pytest

from node.histories.files import write_history
from tests.node.cli.conftest import Quorate
from tests.node.histories.build import r, w

GOOD = [w(0, 1, "a"), r(2, 3, "a")]
BAD = [w(0, 1, "a"), r(2, 3, None)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def test_a_good_history(quorate: Quorate, file: Path) -> None:
    write_history(file, GOOD)
    done = quorate("history", "check", file)
    assert done.status == 0
    assert "verdict     linearizable" in done.output
    report = quorate("history", "check", file, "--json").json()
    assert (report["verdict"], report["operations"], report["violations"]) == (
        "linearizable",
        2,
        [],
    )


def test_a_bad_history_names_the_read(quorate: Quorate, file: Path) -> None:
    write_history(file, BAD)
    done = quorate("history", "check", file)
    assert done.status == 1
    assert 'k: client 1 read nothing in 0.000002 … 0.000003 s: it is stale: "a"' in done.output
    report = quorate("history", "check", file, "--json")
    assert report.status == 1
    (violation,) = report.json()["violations"]
    assert violation["witness"]["read"]["invoked_us"] == 2


def test_what_is_no_history(quorate: Quorate, file: Path) -> None:
    file.write_text("nonsense\n")
    done = quorate("history", "check", file)
    assert done.status == 1
    assert "line 1" in done.said
    assert "[history-unreadable]" in done.said


def test_without_a_network_nothing_is_overwritten(quorate: Quorate, file: Path) -> None:
    write_history(file, GOOD)
    before = file.read_bytes()
    done = quorate("history", "run", "http://127.0.0.1:1", "--out", file)
    assert done.status == 1
    assert "[no-node-answers]" in done.said
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "words", [("run",), ("run", "http://x", "--clients", "0"), ("check",), ("run", "--for", "0")]
)
def test_bad_input(quorate: Quorate, words: tuple[str, ...]) -> None:
    assert quorate("history", *words).status == 2
