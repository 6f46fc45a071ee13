"""`quorate twins`: scenarios, their account, and the one that shows what broke."""

import shlex

import pytest

from tests.node.cli.conftest import Quorate

ALONE = ("--workers", "1")
SPLITS = ("twins", "--twins", "2", "--beyond-bound", *ALONE, "--scenarios")


def test_a_few_scenarios_for_people(quorate: Quorate) -> None:
    done = quorate("twins", "--scenarios", "100:103", *ALONE)
    assert done.status == 0, done.said
    assert "3 of 4,096" in done.output
    assert "violations" in done.output
    assert not done.said


def test_json_for_machines(quorate: Quorate) -> None:
    report = quorate("twins", "--scenarios", "100:103", *ALONE, "--json").json()
    assert (report["engine"], report["nodes"], report["twins"]) == ("pbft", 4, 1)
    assert (report["scenarios"], report["violations"]) == (3, [])
    assert report["decided"] > 0
    assert sum(report["views"].values()) == 3
    assert len(report["digest"]) == 64


def test_processes_find_the_same(quorate: Quorate) -> None:
    reports = [
        quorate("twins", "--scenarios", "7:19", "--json", "--workers", n).json() for n in "12"
    ]
    for report in reports:
        del report["seconds"]
    assert reports[0] == reports[1]


def test_a_violation_fails_and_its_command_shows_it(quorate: Quorate) -> None:
    done = quorate(*SPLITS, "10:13", "--json")
    assert done.status == 1
    [violation] = done.json()["violations"]
    assert (violation["scenario"], violation["property"]) == (11, "agreement")
    assert violation["replay"] in done.said
    program, *words = shlex.split(violation["replay"])
    assert program == "quorate"
    shown = quorate(*words)
    assert shown.status == 1
    assert "breaks agreement" in shown.said
    assert "violated" in shown.output.splitlines()[-1]


def test_a_trace_of_a_good_scenario(quorate: Quorate) -> None:
    done = quorate("twins", "--scenarios", "100", "--trace")
    assert done.status == 0
    assert "nothing is violated" in done.said
    assert " PrePrepare " in done.output


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--engine", "paxox"), "unknown-engine"),
        (("--nodes", "0"), "bad-twins"),
        (("--nodes", "100"), "bad-twins"),
        (("--twins", "2"), "bad-twins"),
        (("--twins", "-1"), "bad-twins"),
        (("--engine", "paxos"), "bad-twins"),
        (("--engine", "paxos", "--twins", "2", "--beyond-bound"), "bad-twins"),
        (("--engine", "pow"), "contract-unserved"),
        (("--scenarios", "some"), "bad-range"),
        (("--scenarios", "9:9"), "bad-range"),
        (("--scenarios", "0:4097"), "bad-twins"),
        (("--trace",), "bad-options"),
        (("--trace", "--json", "--scenarios", "1"), "bad-options"),
        (("--workers", "0"), "no-workers"),
    ],
)
def test_bad_input(quorate: Quorate, words: tuple[str, ...], reason: str) -> None:
    done = quorate("twins", *words)
    assert done.status == 2
    assert f"[{reason}]" in done.said
    assert not done.output


def test_an_engine_without_liars_says_why(quorate: Quorate) -> None:
    done = quorate("twins", "--engine", "paxos")
    assert "twins lie, and paxos stands members that crash, none that lie" in done.said
    played = quorate("twins", "--engine", "paxos", "--twins", "0", "--scenarios", "0:3", *ALONE)
    assert played.status == 0, played.said
