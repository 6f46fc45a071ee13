"""The hunter is hunted: every planted bug is found by its storm, which the real engine stands."""

import json
import sys
from collections import Counter
from typing import Any

import pytest

from consensus import catalog
from consensus.pbft import normal_case
from consensus.simulation.run import run_seed
from tests.consensus.mutants.__main__ import main
from tests.consensus.mutants.hunting import ENGINE_ERROR, Hunt, hunt
from tests.consensus.mutants.planting import Ground, Mutant, planted
from tests.consensus.mutants.record import read_kills
from tests.consensus.mutants.registry import MUTANTS

KILLS = read_kills()
SMALL = frozenset({"acs", "benor", "early", "floodset"})
"""Engines of a few hundred lines, in which there is less to break."""


def test_there_are_many_and_each_has_its_storm() -> None:
    engines = Counter(mutant.request.engine for mutant in MUTANTS.values())
    assert set(engines) == set(catalog.names())
    assert all(count >= (6 if name in SMALL else 16) for name, count in engines.items())
    assert set(KILLS) == set(MUTANTS)


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_the_storm_kills_the_mutant(name: str) -> None:
    kill = KILLS[name]
    assert hunt(MUTANTS[name], [kill.seed]).kill == kill
    assert kill.property in MUTANTS[name].breaks


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_the_engine_stands_that_storm(name: str) -> None:
    outcome = run_seed(MUTANTS[name].request, KILLS[name].seed)
    assert outcome.violation is None, outcome.violation


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_planted_bug_is_dug_out_again(name: str) -> None:
    before = look_around()
    with planted(MUTANTS[name]):
        assert look_around() != before
    assert look_around() == before


def look_around() -> dict[str, object]:
    """Every name of the modules in which bugs are planted, and of their classes."""
    found: dict[str, object] = {}
    for key, module in list(sys.modules.items()):
        if key.startswith("consensus."):
            for name, value in vars(module).items():
                found[f"{key}.{name}"] = value
                if isinstance(value, type) and value.__module__ == key:
                    found.update({f"{key}.{name}.{inner}": v for inner, v in vars(value).items()})
    return found


def plant_crash(ground: Ground) -> None:
    """The engine raises."""

    def fail(*_arguments: Any) -> Any:
        raise KeyError("missing")

    ground.swap(normal_case.advance, fail)


def test_an_engine_that_raises_is_found_too() -> None:
    found = hunt(Mutant("crashes", "it raises", (ENGINE_ERROR,), plant_crash), range(3))
    assert found.kill is not None
    assert found.kill.property == ENGINE_ERROR


def test_without_a_bug_nothing_is_found() -> None:
    found = hunt(Mutant("none", "nothing is wrong", (), lambda _ground: None), range(3))
    assert found == Hunt("none", storms=3, seconds=found.seconds)


def test_a_name_that_nobody_uses_cannot_be_planted() -> None:
    with pytest.raises(AssertionError, match="nobody names"):
        Ground().swap(plant_crash, plant_crash)


def test_the_command_reports_what_was_killed(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--seeds", "1", "--workers", "1", "--json"]
    assert main([*arguments, "--only", "never-idles"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["property"] for row in report["mutants"]] == ["bounded-progress"]
    assert not report["survivors"]


def test_the_command_fails_if_one_survives(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "1", "--workers", "1", "--only", "lowest-view-wins"]) == 1
    assert "0 of 1 killed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["--seeds", "0"], ["--only", "nothing"], ["--workers", "0"], ["--engine", "none"]]
)
def test_the_command_refuses_nonsense(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
