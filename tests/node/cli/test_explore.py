"""`quorate explore`: closed spaces, violations with their schedule, limits."""

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
