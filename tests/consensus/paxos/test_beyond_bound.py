"""Positive controls: what must break beyond the bound or a broken promise of the host, does break."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from consensus.committee import Committee, ReplicaId
from consensus.effects import Persist
from consensus.engine import step
from consensus.events import Received
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import Entry, Prepare, Promise, Promised
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.stage import Stage
from tests.consensus.mutants.hunting import strike
from tests.consensus.mutants.planting import Ground, Mutant, planted
from tests.consensus.paxos.mutants import memory, voting
from tests.consensus.paxos.mutants.storms import THREE

PARAMETERS = {"election_ms": 50, "resend_ms": 60, "idle_block_ms": 60_000}
SPLIT = r"agreement: host . disagrees by height 1"


@dataclass(frozen=True, slots=True)
class LiveCommittee(Committee):
    """n - f: as many as can be waited for when f are silent."""

    @property
    def majority(self) -> int:
        return self.size - self.faults


def tell(cluster: Cluster, *lines: str) -> None:
    """What happens."""
    stage = Stage(cluster)
    for line in lines:
        stage.do(line)


def plant(change: Callable[[Ground], None]) -> Mutant:
    """A bug for a moment."""
    return Mutant("control", "a rule is broken", (), change, THREE)


def make_three(**habits: int) -> Cluster:
    """Three replicas, with such disks."""
    cluster = make_cluster("paxos", 3, parameters=PARAMETERS)
    for host in cluster.hosts.values():
        for name, value in habits.items():
            setattr(host.habits, name, value)
    cluster.start()
    return cluster


# The schedule of the chapter: 9 is accepted by one in a low ballot, 1 is chosen by the others in a
# higher one, and the next leader hears of both.


def elect(cluster: Cluster, place: ReplicaId, *supporters: ReplicaId) -> None:
    """One replica leads, and these follow it; the rest is cut off."""
    rest = " ".join(str(p) for p in cluster.hosts if p not in {place, *supporters})
    side = " ".join(map(str, (place, *supporters)))
    tell(cluster, "heal", f"partition {side} | {rest}" if rest else "heal")
    if supporters:
        tell(cluster, f"drop Canvass from {' '.join(map(str, supporters))}")
    tell(cluster, f"suspect {side} for 2000")
    engine = cluster.hosts[place].engine
    assert cluster.run_until(lambda: engine.replica.is_leading, 5_000)  # type: ignore[union-attr]
    tell(cluster, f"trust {side} for 1")


def play_chapter() -> Cluster:
    """9 is accepted at 2 alone, 1 is chosen by 0 and 1, and then 2 and 0 go on."""
    cluster = make_three()
    elect(cluster, 2, 1)
    tell(cluster, "drop Accept from 2", "submit nine to 2", "run 20")
    replica = cluster.hosts[2].engine.replica  # type: ignore[union-attr]
    assert replica.slots[1].accepted is not None
    tell(cluster, "crash 2")
    elect(cluster, 1, 0)
    tell(cluster, "drop Heartbeat from 1 to 0", "submit one to 1", "run 14")
    assert cluster.heights() == (0, 1, 0)
    tell(cluster, "crash 1", "restart 2")
    elect(cluster, 0, 2)
    tell(cluster, "run 1000")
    return cluster


def test_the_schedule_of_the_chapter_is_safe_here() -> None:
    cluster = play_chapter()
    assert cluster.hosts[0].application.blocks[0].values == (b"1/1: one",)
    assert cluster.hosts[2].application.blocks[0].values == (b"1/1: one",)


def test_the_rule_of_the_chapter_chooses_a_second_value() -> None:
    with planted(plant(voting.take_greatest_value)), pytest.raises(ViolationError, match=SPLIT):
        play_chapter()


def test_so_does_the_lowest_ballot() -> None:
    with planted(plant(voting.take_lowest_ballot)), pytest.raises(ViolationError, match=SPLIT):
        play_chapter()


# A disk that forgets: an acceptor that has voted for a value votes for another one.


def decide_at_two(cluster: Cluster, *, wipes: bool = False, knows: bool = False) -> Cluster:
    """0 and 1 decide; 1 loses power, and then it and 2 go on without 0."""
    tell(cluster, "partition 0 1 | 2", "submit pay to 0 1", "run 13")
    assert cluster.heights() == (1, 0, 0)
    tell(cluster, "power 1", "partition 0 | 1 2")
    if wipes:
        cluster.wipe(1)
        cluster.hosts[1].journal.is_lost = knows
    tell(cluster, "restart 1", "submit other to 1 2", "run 6000")
    return cluster


def test_a_disk_that_keeps_its_votes_keeps_agreement() -> None:
    cluster = decide_at_two(make_three())
    assert cluster.hosts[2].application.blocks[0].values == (b"0/1: pay",)


def test_a_wiped_disk_that_votes_again_breaks_agreement() -> None:
    """Amnesia: one majority shares with the other a member that remembers nothing."""
    with pytest.raises(ViolationError, match=SPLIT):
        decide_at_two(make_three(), wipes=True)


def test_a_wiped_disk_that_knows_it_does_not_vote() -> None:
    cluster = decide_at_two(make_three(), wipes=True, knows=True)
    assert cluster.heights()[1:] == (0, 0)


def test_an_accepted_value_said_before_it_is_durable_is_lost_with_the_power() -> None:
    with pytest.raises(ViolationError, match=SPLIT):
        decide_at_two(make_three(sync_ms=100, withholds=False))


# A promise that is not on disk when it is given.


def go_back_on_promise(cluster: Cluster, *, restart: str = "power 2") -> None:
    """2 promises 1 a ballot and restarts; the old leader, and then the new one, are heard by it."""
    tell(cluster, "run 250")
    replica = cluster.hosts[1].engine.replica  # type: ignore[union-attr]
    tell(cluster, "drop Canvass from 2", "partition 0 | 1 2", "suspect 1 2 for 2000")
    assert cluster.run_until(lambda: replica.is_leading, 480)
    tell(cluster, restart, "restart 2", "heal", "partition 1 | 0 2", "submit old to 0", "run 60")
    tell(cluster, "heal", "partition 0 | 1 2", "submit new to 1", "run 2000")


def test_a_promise_that_was_synced_holds() -> None:
    cluster = make_three()
    go_back_on_promise(cluster)
    assert cluster.hosts[0].height == 0
    assert cluster.hosts[1].application.blocks[0].values == (b"1/1: new",)


def test_a_promise_that_was_not_synced_before_the_answer_is_broken_after_a_power_failure() -> None:
    cluster = make_three(sync_ms=200, withholds=False)
    with pytest.raises(ViolationError, match=SPLIT):
        go_back_on_promise(cluster)


def test_nor_does_one_hold_that_was_never_written() -> None:
    lost = memory.never_write(lambda r: isinstance(r, Promised) and r.ballot.round > 0)
    with planted(plant(lost)), pytest.raises(ViolationError, match=SPLIT):
        go_back_on_promise(make_three(), restart="crash 2")


# n = 2f: no progress, but safe; and with a quorum that could make progress, two values.


def halve(committee: Committee) -> Cluster:
    """Half are cut off from the other half, and both have work."""
    cluster = make_cluster("paxos", committee.size, committee=committee, parameters=PARAMETERS)
    cluster.start()
    half = committee.size // 2
    one = " ".join(map(str, range(half)))
    other = " ".join(map(str, range(half, committee.size)))
    tell(cluster, f"partition {one} | {other}")
    tell(cluster, f"submit a to {one}", f"submit b to {other}", "run 10000")
    return cluster


@pytest.mark.parametrize("size", [2, 4, 6])
def test_half_of_2f_stand_still_and_agree(size: int) -> None:
    cluster = halve(Committee.of(size, size // 2))
    assert cluster.heights() == (0,) * size
    tell(cluster, "heal")
    assert cluster.run_until(lambda: cluster.have_executed("a"), 20_000)


@pytest.mark.parametrize("size", [2, 4, 6])
def test_with_a_quorum_of_n_minus_f_they_choose_two_values(size: int) -> None:
    with pytest.raises(ViolationError, match=SPLIT):
        halve(LiveCommittee(tuple(range(size)), size // 2))


# Ballots that collide: one number, two proposers, two values.


COLLIDING = plant(voting.share_ballots)


def find_splits(seeds: range) -> set[str]:
    """Which promises storms break."""
    return {v.property for seed in seeds if (v := strike(COLLIDING, seed))}


def test_colliding_ballots_choose_two_values() -> None:
    """Without the proposer's id in it a number is shared by two, and each finds a majority."""
    with planted(COLLIDING):
        assert find_splits(range(4)) & {"agreement", "uniform-agreement"}


def test_ballots_with_ids_do_not() -> None:
    assert find_splits(range(8)) == set()


# The acceptor's two rules, in so many words.


def test_the_word_of_an_acceptor_is_on_disk_before_it_is_given() -> None:
    cluster = make_three()
    engine = cluster.hosts[2].engine
    assert engine is not None
    ballot = Ballot(4, 1)
    effects = step(engine, Received(1, Prepare(ballot, 1)))
    kinds = [
        type(e.record if isinstance(e, Persist) else getattr(e, "message", e)) for e in effects
    ]
    assert kinds.index(Promised) < kinds.index(Promise)
    assert Entry not in kinds
