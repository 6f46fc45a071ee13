"""The scenario files: what they say is what happens. `--rewrite` makes it so."""

from pathlib import Path

import pytest

from consensus.simulation.scenario import play
from consensus.simulation.words import ScenarioError

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
FILES = sorted(SCENARIOS.glob("*/*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_file_says_what_happens(path: Path, rewrite: bool) -> None:
    text = path.read_text(encoding="utf-8")
    played = play(text)
    if rewrite:
        path.write_text(played, encoding="utf-8")
    assert played == path.read_text(encoding="utf-8")


def test_there_are_scenarios() -> None:
    assert len(FILES) >= 10


def test_a_wrong_trace_is_noticed() -> None:
    text = (SCENARIOS / "pbft" / "good_case.txt").read_text(encoding="utf-8")
    wrong = text.replace("all Commit", "all Comets")
    assert play(wrong) == text != wrong


@pytest.mark.parametrize(
    "text", ["run 5\n", "----\n", "cluster pbft n=4\n\nfly 1\n"], ids=["early", "rule", "unknown"]
)
def test_an_unreadable_file_is_an_error(text: str) -> None:
    with pytest.raises(ScenarioError):
        play(text)
