"""Engines: closed spaces without violation, planted bugs with schedules that the simulator confirms."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from consensus.errors import ConsensusError
from consensus.exploration.cast import Cast
from consensus.exploration.engines import make_cast, names
from consensus.exploration.lasting_replay import replay
from consensus.exploration.replaying import ReplayError
from consensus.exploration.scenarios import stage_schedule
from consensus.exploration.searching import Search
from consensus.simulation.scenario import play
from consensus.simulation.schedule import Schedule, play_schedule, tell_scenario
from tests.consensus.mutants.planting import planted
from tests.consensus.mutants.registry import MUTANTS

COUNT = """
from consensus.exploration.engines import make_cast
from consensus.exploration.searching import Search
search = Search(make_cast("pbft", 4, 1, 0))
seen = search.run(configurations_max=1_000)
print(len(seen.configurations), seen.transitions, seen.is_closed, search.steps.names)
"""


def find_violation(engine: str, cast: Cast) -> tuple[Search, Schedule, str]:
    """A search that finds one, the scenario that it comes to, and what the simulator says."""
    search = Search(cast)
    seen = search.run(configurations_max=6_000)
    assert seen.violation is not None
    staged, broken, digest = stage_schedule(engine, cast, search.schedule(seen))
    assert broken is not None
    played = play_schedule(staged)
    assert (played.violation, played.cluster.digest()) == (broken, digest)
    return search, staged, broken.property


def test_one_twin_does_not_split_pbft() -> None:
    search = Search(make_cast("pbft", 4, 1, 0))
    seen = search.run(configurations_max=1_000)
    assert (seen.is_closed, seen.violation, len(seen.configurations)) == (True, None, 20)
    values = {value for _, decided in search.judge.decided for value in decided}
    assert values == {b"0/1: a", b"4/1: a"}


def test_two_leaders_do_not_split_paxos() -> None:
    search = Search(make_cast("paxos", 3, 0, 1))
    seen = search.run(configurations_max=30_000)
    assert (seen.is_closed, seen.violation, len(seen.configurations)) == (True, None, 19_680)
    assert len(search.judge.decided) == 3


def test_two_hash_seeds_see_the_same_space() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", COUNT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0].startswith("20 36 True")


@pytest.mark.parametrize(
    ("name", "engine", "nodes", "twins", "rounds", "events"),
    [
        pytest.param("quorum-2f-plus-1", "pbft", 5, 1, 0, 16, marks=pytest.mark.slow),
        ("quorum-one-less", "pbft", 4, 1, 0, 6),
        pytest.param("hides-certificates", "pbft", 4, 0, 1, 22, marks=pytest.mark.slow),
        ("paxos-null-over-accepted", "paxos", 3, 0, 1, 13),
        ("paxos-skips-phase-1", "paxos", 3, 0, 1, 11),
        ("paxos-accepts-lower", "paxos", 3, 0, 1, 11),
        ("paxos-majority-one-less", "paxos", 3, 0, 1, 2),
    ],
)
def test_a_planted_bug_is_found_and_confirmed(
    name: str, engine: str, nodes: int, twins: int, rounds: int, events: int
) -> None:
    cast = make_cast(engine, nodes, twins, rounds)
    with planted(MUTANTS[name]):
        search, staged, broken = find_violation(engine, cast)
        assert broken == "agreement"
        moves = [one for _, one in staged.actions if one.startswith(("deliver", "elapse 1 l"))]
        assert len(moves) <= events
    unharmed = play_schedule_as_far_as_it_goes(staged)
    assert unharmed is None
    assert search.steps.steps > 0


def play_schedule_as_far_as_it_goes(staged: Schedule) -> str | None:
    """What the engine as it is breaks on the way; it need not say all that the mutant said."""
    try:
        played = play_schedule(staged)
    except ConsensusError:
        return None
    return played.violation.property if played.violation else None


def test_a_schedule_is_a_scenario_file() -> None:
    cast = make_cast("pbft", 4, 2, 0)
    _, staged, _ = find_violation("pbft", cast)
    text = play(tell_scenario(staged, "Two twins are one too many."))
    assert play(text) == text
    assert "violated agreement: host 3 disagrees by height 1" in text


def test_what_was_not_said_cannot_be_delivered() -> None:
    cast = make_cast("pbft", 4, 2, 0)
    search = Search(cast)
    seen = search.run(configurations_max=1_000)
    schedule = search.schedule(seen)
    with pytest.raises(ReplayError, match="was not said"):
        replay(cast, schedule[-1:])
    with pytest.raises(ReplayError, match="was not said"):
        stage_schedule("pbft", cast, schedule[-1:])
    for at in range(len(schedule)):
        assert search.find_broken(schedule[:at] + schedule[at + 1 :]) is None


def test_what_cannot_be_explored() -> None:
    assert set(names()) >= {"pbft", "paxos"}
    with pytest.raises(ConsensusError, match="cannot be explored"):
        make_cast("pow", 3, 0, 1)
    with pytest.raises(ConsensusError, match="cannot have twins"):
        make_cast("pbft", 4, 5, 0)
