"""The scenario files: what they say is what happens. `--rewrite` makes it so."""

from pathlib import Path

import pytest

from consensus.committee import ReplicaId
from consensus.simulation.cluster import Cluster, Mask
from consensus.simulation.scenario import ScenarioError, play
from tests.consensus.pbft.attacks import EveryFace, TwoFaces, silence

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
FILES = sorted(SCENARIOS.glob("*/*.txt"))


def censor(cluster: Cluster, name: ReplicaId) -> Mask:
    cluster.hosts[name].habits.censored = frozenset({"unwanted"})
    return lambda _receiver, message: (message,)


MASKS = {
    "silent": lambda _cluster, _name: silence,
    "two-faced": lambda _cluster, name: TwoFaces(name, frozenset({1})).say,
    "every-face": lambda _cluster, name: EveryFace(name).say,
    "censor": censor,
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_file_says_what_happens(path: Path, rewrite: bool) -> None:
    text = path.read_text(encoding="utf-8")
    played = play(text, MASKS)
    if rewrite:
        path.write_text(played, encoding="utf-8")
    assert played == path.read_text(encoding="utf-8")


def test_there_are_scenarios() -> None:
    assert len(FILES) >= 10


def test_a_wrong_trace_is_noticed() -> None:
    text = (SCENARIOS / "pbft" / "good_case.txt").read_text(encoding="utf-8")
    wrong = text.replace("Decide", "decides").replace("→ all  Commit", "→ all  Prepare")
    assert play(wrong, MASKS) == text != wrong


@pytest.mark.parametrize(
    "text", ["run 5\n", "----\n", "cluster pbft n=4\n\nfly 1\n"], ids=["early", "rule", "unknown"]
)
def test_an_unreadable_file_is_an_error(text: str) -> None:
    with pytest.raises(ScenarioError):
        play(text)
