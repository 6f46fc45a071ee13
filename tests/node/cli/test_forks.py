"""`quorate forks`: measures beside theory."""

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest

from consensus.simulation.forks import Measured
from node.cli import forks
from tests.node.cli.conftest import Quorate

CASES = (("double-spend", (Fraction(3, 10), 1)), ("double-spend", (Fraction(1, 5), 1)))


@pytest.fixture(autouse=True)
def few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "list_cases", lambda: CASES)


def test_a_table_for_people(quorate: Quorate) -> None:
    done = quorate("forks", "--effort", "1", "--workers", "1")
    assert done.status == 0, done.said
    lines = [line.split() for line in done.output.splitlines()]
    assert ["double", "spend", "q", "0.3", "z", "1", "0.60000"] in [w[:7] for w in lines]
    assert "2 of 2 agree with theory" in done.said


def test_json_for_machines(quorate: Quorate) -> None:
    done = quorate("forks", "--effort", "1", "--seed", "2", "--json", "--workers", "1")
    report = done.json()
    assert (done.status, report["engine"], report["agree"], report["seed"]) == (0, "pow", True, 2)
    for found in report["measures"]:
        assert found["low"] <= found["theory"] <= found["high"]
        assert found["trials"] >= 200
        assert found["agrees"]


def test_what_theory_does_not_say_fails(quorate: Quorate, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Measured("forks", (0.1,), 0.5, 0.1, 0.05, 0.15, 100)
    monkeypatch.setattr(forks, "measure_case", lambda *_: wrong)
    done = quorate("forks", "--workers", "1")
    assert done.status == 1
    assert "0 of 2 agree with theory" in done.said


@pytest.mark.parametrize(
    "words", [("--engine", "pbft"), ("--engine", "raft"), ("--effort", "0"), ("--workers", "0")]
)
def test_bad_input(quorate: Quorate, words: tuple[str, ...]) -> None:
    assert quorate("forks", *words).status == 2


def test_a_plot_is_drawn_again_from_what_was_written(quorate: Quorate, tmp_path: Path) -> None:
    report, first, again = tmp_path / "forks.json", tmp_path / "a.html", tmp_path / "b.html"
    done = quorate("forks", "--effort", "1", "--json", "--workers", "1", "--plot", str(first))
    assert done.status == 0, done.said
    report.write_text(done.output)
    done = quorate("forks", "--read", str(report), "--plot", str(again))
    assert done.status == 0, done.said
    assert first.read_bytes() == again.read_bytes()
    ElementTree.fromstring(again.read_text().partition("\n")[2])


@pytest.mark.parametrize(
    "content", ["", "{}", '{"engine":"other","effort":1,"seed":1,"measures":[]}']
)
def test_what_holds_no_measures_is_refused(quorate: Quorate, tmp_path: Path, content: str) -> None:
    file = tmp_path / "forks.json"
    file.write_text(content)
    assert quorate("forks", "--read", str(file)).status == 2
    assert quorate("forks", "--read", str(tmp_path / "missing")).status == 2
