"""`quorate explore`: closed spaces, violations with their schedule, limits."""

from pathlib import Path

import pytest

from tests.node.cli.conftest import Quorate


def test_a_closed_space(quorate: Quorate) -> None:
    done = quorate("explore", "paxos", "--inputs", "0,-,-", "--json")
    assert done.status == 0
    report = done.json()
    assert (report["closed"], report["violation"], report["decided"]) == (True, None, [0])
    assert report["transitions"] > report["configurations"] > 0
    assert report["per_second"] > 0


def test_rounds_close_a_space_that_has_no_end(quorate: Quorate) -> None:
    done = quorate("explore", "benor", "--inputs", "0,1,1", "--rounds", "1", "--json")
    assert done.status == 0
    assert (done.json()["closed"], done.json()["configurations"]) == (True, 401)


def test_the_limit_is_kept(quorate: Quorate) -> None:
    done = quorate("explore", "paxos", "--limit", "700", "--json", "--timers", "--crashes", "1")
    assert done.status == 0
    assert (done.json()["closed"], done.json()["configurations"]) == (False, 700)


def test_a_violation_is_shown_with_its_schedule(quorate: Quorate) -> None:
    done = quorate("explore", "first-heard")
    assert done.status == 1
    lines = done.output.splitlines()
    assert "violation       agreement" in lines
    assert lines[-3:-1] == [
        "  0 → 1  Input(value=0)",
        "  1 → 2  Input(value=1)",
    ]
    assert lines[-1] == "replayed on fresh members: decided {'1': 0, '2': 1}"


def test_a_value_that_nobody_proposed(quorate: Quorate) -> None:
    done = quorate("explore", "always-0", "--inputs", "1,1,1", "--json")
    assert done.status == 1
    assert done.json()["violation"]["property"] == "validity"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("paxox",), "unknown-engine"),
        (("--inputs", "0,2"), "bad-inputs"),
        (("--inputs", ""), "bad-inputs"),
        (("--inputs", "0,0,0,0,0,0,0,0,0,0"), "bad-inputs"),
        (("--crashes", "4"), "too-many-crashes"),
    ],
)
def test_bad_input(quorate: Quorate, words: tuple[str, ...], reason: str) -> None:
    done = quorate("explore", *words)
    assert done.status == 2
    assert f"[{reason}]" in done.said
    assert not done.output


@pytest.mark.parametrize("name", ["benor-common", "mmr"])
def test_a_common_coin_shows_all_the_same(quorate: Quorate, name: str) -> None:
    """With a face for each a round 2 would be reached in which decisions differ."""
    inputs = {"benor-common": "0,1,1", "mmr": "0,0"}[name]
    done = quorate(
        "explore", name, "--inputs", inputs, "--rounds", "2", "--limit", "9000", "--json"
    )
    assert done.status == 0
    report = done.json()
    assert (report["violation"], report["configurations"] > 50) == (None, True)
    assert report["decided"] != []


def test_a_lasting_network_serves_no_common_coin(quorate: Quorate) -> None:
    done = quorate("explore", "mmr", "--lasting", "--json")
    assert done.status == 2
    assert "no-common-coin" in done.said


def test_an_engine_with_a_twin(quorate: Quorate) -> None:
    done = quorate("explore", "--engine", "pbft", "--twins", "1", "--json")
    assert done.status == 0
    report = done.json()
    assert (report["closed"], report["bounds"]) == (True, {"height": 1, "rounds": 0})
    assert (report["configurations"], report["violation"]) == (20, None)
    assert report["reductions"] == ["partial order", "symmetry of 12"]


def test_two_twins_leave_a_scenario(quorate: Quorate, tmp_path: Path) -> None:
    file = tmp_path / "split.txt"
    done = quorate("explore", "--engine", "pbft", "--twins", "2", "--scenario", str(file))
    assert done.status == 1
    assert "replayed in the simulator: agreement: host 3 disagrees" in done.output
    assert "violated agreement" in file.read_text()


def test_crash_patterns(quorate: Quorate) -> None:
    broken = quorate("explore", "majority-printed", "--nodes", "3", "--json")
    assert broken.status == 1
    assert broken.json()["violation"]["property"] == "2 values are decided"
    assert broken.json()["violation"]["decided"] == {"1": 0, "2": 1}
    done = quorate("explore", "early", "--nodes", "4", "--crashes", "2", "--json")
    assert done.status == 0
    assert done.json()["slowest_rounds"] == {"0": 2, "1": 3, "2": 3}


def test_depth_is_a_limit(quorate: Quorate) -> None:
    done = quorate("explore", "paxos", "--inputs", "0,-,-", "--depth", "3")
    assert done.status == 0
    assert "(cut by depth: more can be reached)" in done.output


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--engine", "pow"), "bad-exploration"),
        (("--engine", "pbft", "--twins", "9"), "bad-exploration"),
        (("--engine", "pbft", "--crashes", "1"), "needless-crashes"),
        (("early", "--nodes", "2", "--crashes", "2"), "too-many-crashes"),
    ],
)
def test_bad_engines_and_rounds(quorate: Quorate, words: tuple[str, ...], reason: str) -> None:
    done = quorate("explore", *words)
    assert done.status == 2
    assert f"[{reason}]" in done.said
