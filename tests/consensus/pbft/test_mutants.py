"""The hunter is hunted: every planted bug is found by its storm, which the real engine stands."""

import json
from typing import Any

import pytest

from consensus.message import Signed
from consensus.pbft import normal_case, quorums
from consensus.pbft.messages import Commit, PrePrepare
from consensus.simulation.cluster import make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.run import run_seed
from tests.consensus.pbft.mutants.__main__ import main
from tests.consensus.pbft.mutants.hunting import ENGINE_ERROR, Hunt, hunt
from tests.consensus.pbft.mutants.planting import Ground, Mutant, planted
from tests.consensus.pbft.mutants.record import read_kills
from tests.consensus.pbft.mutants.registry import MUTANTS

KILLS = read_kills()


def test_there_are_many_and_each_has_its_storm() -> None:
    assert len(MUTANTS) >= 16
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
    before = dict(vars(normal_case)), dict(vars(quorums))
    with planted(MUTANTS[name]):
        pass
    assert (dict(vars(normal_case)), dict(vars(quorums))) == before


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


@pytest.mark.parametrize("arguments", [["--seeds", "0"], ["--only", "nothing"], ["--workers", "0"]])
def test_the_command_refuses_nonsense(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


def is_of_view_0(message: Any) -> bool:
    """A proposal or vote of the first view."""
    if isinstance(message, PrePrepare):
        return message.proposal.body.view == 0
    return isinstance(message, Signed) and getattr(message.body, "view", 1) == 0


def decide_at_one_and_change_view() -> None:
    """Only replica 3 decides; the others restart and must find the value in another view."""
    cluster = make_cluster(parameters={"timeout_ms": 600, "idle_block_ms": 100})
    cluster.start()
    cluster.links.filters.append(
        lambda _a, b, m: b == 3 or not (isinstance(m, Signed) and isinstance(m.body, Commit))
    )
    cluster.submit("pay")
    cluster.run(25)
    assert cluster.heights() == (0, 0, 0, 1)
    for name in range(4):
        cluster.crash(name)
    cluster.links.heal()
    cluster.links.filters.append(lambda _a, _b, m: not is_of_view_0(m))
    for name in range(3):
        cluster.restart(name)
    cluster.submit("other")
    assert cluster.run_until(lambda: min(cluster.heights()[:3]) >= 2, 20_000)


def test_what_one_replica_decided_is_found_again() -> None:
    decide_at_one_and_change_view()


@pytest.mark.parametrize("name", ["forgets-prepared", "hides-certificates"])
def test_without_its_certificates_it_would_be_lost(name: str) -> None:
    with planted(MUTANTS[name]), pytest.raises(ViolationError, match="disagrees by height 1"):
        decide_at_one_and_change_view()
