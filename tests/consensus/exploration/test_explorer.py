"""Going through all configurations: counts, limits, shortest violations, and their replay."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from consensus import agreements
from consensus.agreement import Opened, Propose
from consensus.errors import ConsensusError
from consensus.exploration.asynchronous import Configuration, Liberties, World
from consensus.exploration.bounded import Bounded
from consensus.exploration.explorer import Exploration, explore
from consensus.exploration.replaying import Replay, ReplayError
from consensus.exploration.table import Deliver, Fire, Show, Stop, Table
from consensus.exploration.telling import tell_move
from tests.consensus.exploration.worlds import THREE, open_world

COUNT = """
import hashlib
from consensus.exploration.explorer import explore
from tests.consensus.exploration.worlds import open_world
world, start = open_world("paxos", [0, None, None])
seen = explore(world, [start], lambda _: None)
names = hashlib.sha256(b"".join(world.table.names)).hexdigest()
print(len(seen.configurations), seen.transitions, seen.is_closed, names)
"""


def judge_agreement(world: World, configuration: Configuration) -> str | None:
    said = {values for words in world.words(configuration) for _, values in words}
    return "agreement" if len(said) > 1 else None


def explore_all(
    world: World, start: Configuration, *, most: int = 100_000, depth_first: bool = False
) -> Exploration:
    return explore(
        world,
        [start],
        lambda configuration: judge_agreement(world, configuration),
        configurations_max=most,
        depth_first=depth_first,
    )


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
    assert told[0].split()[2] == "True"


def test_one_proposer_of_paxos_is_a_closed_space_without_violation() -> None:
    world, start = open_world("paxos", [0, None, None])
    seen = explore_all(world, start)
    assert (seen.is_closed, seen.violation) == (True, None)
    assert any(all(world.words(one)) for one in seen.configurations)
    assert seen.transitions > len(seen.configurations)


def test_depth_first_sees_the_same_configurations() -> None:
    world, start = open_world("paxos", [0, None, None])
    broad = explore_all(world, start)
    deep = explore_all(world, start, depth_first=True)
    assert set(broad.configurations) == set(deep.configurations)
    assert broad.transitions == deep.transitions


def test_the_limit_ends_it_and_nothing_is_called_closed() -> None:
    world, start = open_world("paxos", [0, 1, 1])
    seen = explore_all(world, start, most=500)
    assert len(seen.configurations) == 500
    assert not seen.is_closed


def test_progress_is_told() -> None:
    world, start = open_world("paxos", [0, 1, 1])
    told: list[int] = []
    explore(
        world,
        [start],
        lambda _: None,
        configurations_max=9_000,
        on_progress=lambda seen: told.append(len(seen.configurations)),
    )
    assert told == [4_097, 8_193]


def test_a_shortest_violation_is_found_and_replays_on_fresh_participants() -> None:
    world, start = open_world("first-heard", [0, 1, 1])
    seen = explore_all(world, start)
    assert seen.violation is not None
    number, broken = seen.violation
    path = [world.table.moves[move] for move in seen.path(number)]
    assert (broken, len(path)) == ("agreement", 2)
    replay = Replay(THREE, agreements.get("first-heard").create)
    replay.begin([[Opened(), Propose(bytes([bit]))] for bit in (0, 1, 1)])
    for move in path:
        replay.play(move)
    assert len(set(replay.words().values())) == 2


def test_a_crash_takes_a_participants_mail_with_it() -> None:
    world, start = open_world("wait-for-all", [0, 0, 0], Liberties(crashes=1, timers=False))
    stops = [
        (world.table.moves[move].to, following)
        for move, following in world.successors(start)
        if isinstance(world.table.moves[move], Stop)
    ]
    assert [to for to, _ in stops] == [0, 1, 2]
    for to, following in stops:
        mail = [world.table.moves[move] for move in following[3:]]
        assert len(mail) == 4
        assert all(move.to != to for move in mail)
        again = [world.table.moves[move] for move, _ in world.successors(following)]
        assert not any(isinstance(move, Stop) for move in again)


def test_both_faces_of_a_coin_are_followed() -> None:
    world, start = open_world("benor", [0, 1, 1])
    space = Bounded(world, agreements.get("benor").find_round, 1)
    seen = explore(space, [start], lambda one: judge_agreement(world, one))
    assert (seen.is_closed, len(seen.configurations)) == (True, 401)
    shown = {move.face for move in world.table.moves if isinstance(move, Show)}
    assert shown == {0, 1}
    assert seen.violation is None


@pytest.mark.slow
def test_mail_that_is_thrown_away_would_have_changed_nothing() -> None:
    """With every stale message kept the space is 500 times as large, and comes to the same."""
    spec, ends = agreements.get("benor"), []
    for is_stale in (spec.is_stale, None):
        world = World(Table(THREE), Liberties(timers=False), is_stale)
        openings = [[Opened(), Propose(bytes([bit]))] for bit in (0, 1, 1)]
        start = world.begin([spec.create(me, THREE) for me in THREE.members], openings)
        space = Bounded(world, spec.find_round, 1)
        seen = explore(space, [start], lambda _: None)
        assert seen.is_closed
        ends.append({repr(world.words(one)) for one in seen.configurations})
    assert ends[0] == ends[1]
    assert len(ends[0]) > 4


def test_timers_run_out_only_if_they_may() -> None:
    world, start = open_world("paxos", [0, 1, None], Liberties(timers=True))
    fired = [move for move, _ in world.successors(start)]
    assert sum(isinstance(world.table.moves[move], Fire) for move in fired) == 2
    world, start = open_world("paxos", [0, 1, None])
    assert all(isinstance(world.table.moves[move], Deliver) for move, _ in world.successors(start))


def test_a_schedule_that_does_not_fit_is_refused() -> None:
    replay = Replay(THREE, agreements.get("benor").create)
    replay.begin([[Opened(), Propose(b"\x00")]] * 3)
    delivery = replay.mail[0].delivery
    replay.play(delivery)
    with pytest.raises(ReplayError, match="not on its way"):
        replay.play(delivery)
    with pytest.raises(ReplayError, match="cannot happen"):
        replay.play(Show(0, (1,), 0))


def test_moves_are_told_in_words() -> None:
    world, start = open_world("first-heard", [0, 1, 1])
    move = world.table.moves[next(iter(world.successors(start)))[0]]
    assert tell_move(move) == "0 → 1  Input(value=0)"
    assert tell_move(Stop(2)) == "2 crashes"
    assert tell_move(Show(1, (3,), 0)) == "1: the coin 3 shows 0"
    assert tell_move(Fire(1, ("retry",))) == "1: the timer retry runs out"


def test_an_agreement_that_is_none() -> None:
    with pytest.raises(ConsensusError, match="there are: benor"):
        agreements.get("bennor")
