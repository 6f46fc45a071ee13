"""Shrinking: the same property breaks with less, and what is left can be stored and played again."""

import pytest

from consensus.simulation.request import Request
from consensus.simulation.run import run_seed, trace_schedule
from consensus.simulation.scenario import play
from consensus.simulation.schedule import Schedule, load, store, tell_scenario
from consensus.simulation.shrink import Shrunk, shrink, simplify_command
from consensus.simulation.swarm import draw_schedule
from consensus.simulation.words import ScenarioError

TWO_LIARS = Request(
    nodes=4,
    faulty=2,
    beyond_bound=True,
    faults=("two-faced", "parrot", "loss"),
    duration_ms=1_000,
)


@pytest.fixture(scope="module")
def failing() -> tuple[Schedule, str]:
    """More liars than n = 4 stands: some seed breaks agreement."""
    for seed in range(60):
        violation = run_seed(TWO_LIARS, seed).violation
        if violation and violation.property.endswith("agreement"):
            return draw_schedule(TWO_LIARS, seed), violation.property
    raise AssertionError("no seed broke agreement")


@pytest.fixture(scope="module")
def shrunk(failing: tuple[Schedule, str]) -> Shrunk:
    found = shrink(*failing, attempts_max=300)
    assert found is not None
    return found


def test_less_breaks_the_same_property(failing: tuple[Schedule, str], shrunk: Shrunk) -> None:
    assert shrunk.violation.property == failing[1]
    assert 0 < len(shrunk.schedule.actions) < len(failing[0].actions)
    assert set(shrunk.schedule.actions) - set(failing[0].actions) <= {(0, "load 2")}


def test_every_action_left_is_needed(shrunk: Shrunk) -> None:
    actions = shrunk.schedule.actions
    for at in range(len(actions)):
        less = Schedule(shrunk.schedule.cluster, actions[:at] + actions[at + 1 :])
        outcome, _ = trace_schedule(less)
        assert not outcome.violation or outcome.violation.property != shrunk.violation.property


def test_it_can_be_stored_and_played_again(shrunk: Shrunk) -> None:
    text = store(shrunk.schedule, shrunk.violation, shrunk.digest)
    stored = load(text)
    assert stored.schedule == shrunk.schedule
    outcome, _ = trace_schedule(stored.schedule)
    assert outcome.violation == shrunk.violation == stored.violation
    assert outcome.digest == shrunk.digest


def test_it_is_a_scenario_file_too(shrunk: Shrunk) -> None:
    played = play(tell_scenario(shrunk.schedule, "Two of four lie."))
    assert f"violated {shrunk.violation.property}: {shrunk.violation.detail}" in played
    assert play(played) == played


def test_a_schedule_that_fails_nothing_is_not_shrunk() -> None:
    assert shrink(draw_schedule(Request(), 0), "agreement") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        '{"format":"another","version":1,"schedule":{"cluster":"cluster pbft","actions":[]}}',
        '{"format":"quorate-schedule","version":9,"schedule":{"cluster":"x","actions":[]}}',
        '{"format":"quorate-schedule","version":1,"schedule":{"cluster":1,"actions":[]}}',
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError):
        load(text)


def test_commands_get_simpler() -> None:
    assert list(simplify_command("quality delay=1..9 loss=300 twice=0 tail=20")) == [
        "quality delay=1..9 twice=0"
    ]
    assert list(simplify_command("crash 1")) == []
    assert list(simplify_command("load 40")) == ["load 2"]
