"""`quorate flp`: words and JSON for what the search has found."""

from typing import Any

import pytest

from consensus.exploration.drawing.victim import Shown
from consensus.exploration.figures import Figures
from node.cli import flp
from tests.node.cli.conftest import Quorate


def make_report(victim: str) -> dict[str, Any]:
    """What one victim's search gives, in small."""
    return {
        "victim": victim,
        "words": "Ben-Or, the coin shows (p + r) mod 2",
        "nodes": 3,
        "faults": 1,
        "configurations": 35_687,
        "transitions": 143_742,
        "surveyed": True,
        "closed": True,
        "bivalent": 9_397,
        "inputs": [
            {"inputs": [0, 0, 0], "witnesses": {"0": ["a"]}},
            {"inputs": [0, 1, 1], "witnesses": {"0": ["a", "b"], "1": ["c"]}},
        ],
        "lemma": {"pairs": 55_104, "exceptions": 0, "lengths": {0: 43_254, 1: 11_850}},
        "adversary": {"stages": 24, "events": 24, "repeats": 12, "stuck": False},
        "lasso": {
            "inputs": [0, 1, 1],
            "prefix": ["a"],
            "loop": ["b", "c"],
            "rounds_per_loop": 2,
            "loops": 1_000,
            "events": 24_028,
            "round": 2_002,
            "age_max": 28,
            "stale": 12_011,
            "released_after": 11,
            "chance": {"of": "coins", "runs": 100, "decided": 100, "events_max": 22},
        },
    }


def show(report: dict[str, Any]) -> Shown:
    """With nothing to draw."""
    return Shown(report, Figures({}, None, None, (), 0), [])


def test_the_proof_in_words(quorate: Quorate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flp, "show_all", lambda name, _: show(make_report(name)))
    done = quorate("flp", "--victim", "benor-p+r", "--workers", "1")
    assert done.status == 0, done.said
    assert "35,687 (closed), 143,742 steps, 9,397 bivalent" in done.output
    assert "inputs 011      bivalent: 0 in 2 steps, 1 in 1 steps" in done.output
    assert "0 exceptions, at most 1 steps before the event" in done.output
    assert "all decided 11 events later" in done.output
    assert "first-heard       loses agreement: inputs 011, 2 steps" in done.output
    assert (
        "k-set             k = 2: everybody decides in every run, at most 2 values" in done.output
    )
    assert "1/1 victims: benor-p+r: 9,397 of 35,687" in done.said
    assert "1 of 1 victims" in done.said


@pytest.mark.parametrize("broken", ["lasso", "lemma", "closed"])
def test_what_is_not_shown_fails(
    quorate: Quorate, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    changes: dict[str, Any] = {
        "lasso": None,
        "lemma": {"pairs": 3, "exceptions": 1, "lengths": {}},
        "closed": False,
    }
    monkeypatch.setattr(
        flp, "show_all", lambda name, _: show(make_report(name) | {broken: changes[broken]})
    )
    done = quorate("flp", "--workers", "1", "--json")
    assert done.status == 1
    assert done.json()["shown"] is False
    assert len(done.json()["victims"]) == 4


@pytest.mark.slow
def test_four_victims_for_machines(quorate: Quorate) -> None:
    done = quorate("flp", "--loops", "1000", "--json")
    assert done.status == 0
    report = done.json()
    assert report["shown"] is True
    found = {one["victim"]: one for one in report["victims"]}
    assert {name: one["lemma"]["exceptions"] for name, one in found.items()} == {
        "benor-p+r": 0,
        "benor-r": 0,
        "benor-p": 0,
        "paxos": 0,
    }
    assert (found["benor-p+r"]["configurations"], found["benor-p+r"]["bivalent"]) == (33_899, 9_373)
    assert found["benor-p+r"]["lemma"]["pairs"] == 54_984
    assert found["paxos"]["lasso"]["loops"] == 1_000
    bivalent = [
        "".join(map(str, i["inputs"]))
        for i in found["benor-p+r"]["inputs"]
        if len(i["witnesses"]) > 1
    ]
    assert bivalent == ["001", "010", "011", "100", "101", "110"]
    assert {loss["loses"] for loss in report["straw_men"]} == {
        "termination",
        "agreement",
        "validity",
    }


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--victim", "q"), "unknown-victim"),
        (("--workers", "0"), "no-workers"),
        (("--page", "/no/such/folder/a.html"), "output-unwritable"),
    ],
)
def test_bad_input(quorate: Quorate, words: tuple[str, ...], reason: str) -> None:
    done = quorate("flp", *words)
    assert done.status == 2
    assert f"[{reason}]" in done.said
    assert not done.output
