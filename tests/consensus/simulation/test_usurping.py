"""The storm that lets a replaced leader come back."""

import pytest

from consensus import catalog
from consensus.committee import Committee
from consensus.simulation.chance import Chance
from consensus.simulation.features import choose_features, list_senseless
from consensus.simulation.kinds import list_proposals
from consensus.simulation.schedule import Schedule, play_schedule
from consensus.simulation.usurping import draw_usurping

PAXOS = catalog.get("paxos")
SILENCE_MS = 200
CLUSTER = "cluster paxos n=3 delay=1..20 heartbeat_ms=50 silence_ms=200 election_ms=50"


def draw(seed: int, size: int = 3) -> list[tuple[int, str]]:
    committee = Committee.of(size, PAXOS.default_faults(size))
    return draw_usurping(Chance(seed), committee, PAXOS.messages, SILENCE_MS)


@pytest.mark.parametrize("size", [3, 4, 5, 7])
def test_old_and_new_are_majorities_that_share_no_more_than_they_must(size: int) -> None:
    for seed in range(10):
        commands = [command for _, command in draw(seed, size)]
        first, second = [c.removeprefix("partition ") for c in commands if "partition" in c]
        old, new = (set(side.split()) for side in first.split("|"))
        alone, again = (set(side.split()) for side in second.split("|"))
        assert old < again
        assert len(again) == size - len(alone)
        assert min(len(new), len(again)) > size / 2
        assert len(new & again) == 2 - size % 2


def test_one_or_two_have_nobody_to_spare() -> None:
    assert draw(1, size=1) == []
    assert draw(1, size=2) == []


def test_it_ends_whole() -> None:
    for seed in range(10):
        drawn = draw(seed)
        assert max(drawn)[1] == "heal"


def test_two_lead_at_once_in_some_of_them() -> None:
    found = 0
    for seed in range(12):
        actions = [(300 + at_ms, command) for at_ms, command in draw(seed)]
        back_ms = max(at_ms for at_ms, command in actions if "partition" in command)
        before = tuple(a for a in actions if a[0] < back_ms)
        played = play_schedule(Schedule(CLUSTER, ((0, "load 20"), *before, (back_ms, "heads"))))
        engines = [host.engine for host in played.cluster.hosts.values() if host.engine]
        found += sum(engine.replica.is_leading for engine in engines) > 1
    assert found > 2


def test_it_is_for_engines_that_watch_their_leader() -> None:
    assert "usurped-leader" not in choose_features((), lies=True) - list_senseless(
        catalog.get("pbft")
    )
    assert "usurped-leader" in choose_features((), lies=False) - list_senseless(PAXOS)
    assert list_proposals(PAXOS.messages) == ("Accept",)
