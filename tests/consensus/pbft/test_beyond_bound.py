"""Positive controls: what must break beyond the bound or a broken promise of the host, does break."""

from dataclasses import dataclass

import pytest

from consensus.committee import Committee
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.request import Request
from consensus.simulation.run import run_seed
from consensus.simulation.stage import Stage
from tests.consensus.mutants.planting import Mutant, planted
from tests.consensus.pbft.mutants.voting import change_quorum

PARAMETERS = {"timeout_ms": 500, "idle_block_ms": 100, "resend_ms": 100}


@dataclass(frozen=True, slots=True)
class NaiveCommittee(Committee):
    """2f + 1, as many descriptions have it: enough only where n = 3f + 1."""

    @property
    def quorum(self) -> int:
        return 2 * self.faults + 1


@dataclass(frozen=True, slots=True)
class LiveCommittee(Committee):
    """n - f: as many as can be waited for when f are silent."""

    @property
    def quorum(self) -> int:
        return self.size - self.faults


def run_with(committee: Committee, *lies: str) -> Cluster:
    """Who lies, and how; clients want to pay."""
    cluster = make_cluster(size=committee.size, committee=committee, parameters=PARAMETERS)
    cluster.start()
    for lie in lies:
        Stage(cluster).do(f"behave {lie}")
    cluster.submit("pay")
    cluster.run_until(lambda: cluster.have_executed("pay"), 30_000)
    return cluster


@pytest.mark.parametrize("size", [5, 6])
def test_a_two_faced_primary_splits_a_quorum_of_2f_plus_1(size: int) -> None:
    with pytest.raises(ViolationError, match="disagrees by height 1"):
        run_with(NaiveCommittee(tuple(range(size)), 1), "0 two-faced 1 2")


def test_a_two_faced_primary_splits_three_with_a_live_quorum() -> None:
    """DLS 1988: at n = 3f no quorum is both live and safe."""
    with pytest.raises(ViolationError, match="disagrees by height 1"):
        run_with(LiveCommittee((0, 1, 2), 1), "0 two-faced 1")


@pytest.mark.parametrize(("size", "half"), [(4, "1"), (5, "1 2"), (6, "1 2"), (7, "1 2 3")])
def test_the_shipped_quorum_holds(size: int, half: str) -> None:
    committee = Committee.of(size, (size - 1) // 3)
    assert run_with(committee, f"0 two-faced {half}").have_executed("pay")


def test_a_parrot_is_the_accomplice_that_splits_four() -> None:
    with pytest.raises(ViolationError, match="disagrees by height 1"):
        run_with(Committee.of(4, 1), "0 two-faced 1", "3 parrot")


def test_the_same_two_are_too_few_for_seven() -> None:
    cluster = run_with(Committee.of(7, 2), "0 two-faced 1 2", "6 parrot")
    assert cluster.have_executed("pay")


def test_one_silent_member_stops_a_quorum_of_all() -> None:
    """n = 3 and f = 1 with the shipped quorum: safe, and it stands still."""
    cluster = run_with(Committee.of(3, 1), "0 silent")
    assert cluster.heights() == (0, 0, 0)
    assert not cluster.have_executed("pay")


def split_three(cluster: Cluster) -> None:
    """With f = 0 two of three decide: 0 and 1 do, and then 1 and 2, to whom 0 is lost."""
    stage = Stage(cluster)
    stage.do("partition 0 1 | 2")
    stage.do("submit pay to 0 1")
    stage.do("run 40")
    assert cluster.heights() == (1, 1, 0)
    stage.do("power 1")
    stage.do("partition 0 | 1 2")
    assert cluster.hosts[1].height == 0


def go_on_without(cluster: Cluster, item: str) -> None:
    """Replica 1 is back; it and replica 2 have other work."""
    stage = Stage(cluster)
    stage.do("restart 1")
    stage.do(f"submit {item} to 1 2")
    stage.do("run 20000")


def three_of_two(**habits: int) -> Cluster:
    cluster = make_cluster(size=3, faults=0, parameters=PARAMETERS)
    for name, value in habits.items():
        setattr(cluster.hosts[1].habits, name, value)
    cluster.start()
    return cluster


def test_a_disk_that_keeps_its_votes_keeps_agreement() -> None:
    cluster = three_of_two()
    split_three(cluster)
    go_on_without(cluster, "other")
    assert cluster.hosts[2].application.blocks[0].values == (b"0/1: pay",)


def test_a_wiped_disk_that_votes_again_breaks_agreement() -> None:
    cluster = three_of_two()
    split_three(cluster)
    cluster.wipe(1)
    cluster.hosts[1].journal.is_lost = False
    with pytest.raises(ViolationError, match=r"agreement: host . disagrees by height 1"):
        go_on_without(cluster, "other")


def test_a_wiped_disk_that_knows_it_does_not_vote() -> None:
    cluster = three_of_two()
    split_three(cluster)
    cluster.wipe(1)
    go_on_without(cluster, "other")
    assert cluster.hosts[2].height == 0


def test_a_vote_sent_before_it_is_durable_breaks_agreement_after_a_crash() -> None:
    cluster = three_of_two(sync_ms=500, withholds=False)
    split_three(cluster)
    with pytest.raises(ViolationError, match=r"agreement: host . disagrees by height 1"):
        go_on_without(cluster, "other")


def test_a_vote_that_waits_for_the_disk_does_not() -> None:
    cluster = three_of_two(sync_ms=500)
    stage = Stage(cluster)
    stage.do("partition 0 1 | 2")
    stage.do("submit pay to 0 1")
    stage.do("run 40")
    assert cluster.heights() == (0, 0, 0)
    stage.do("power 1")
    stage.do("partition 0 | 1 2")
    go_on_without(cluster, "other")
    stage.do("heal")
    assert cluster.run_until(lambda: cluster.have_executed("pay", "other"), 60_000)


CROWD = Request(nodes=4, faulty=2, beyond_bound=True, duration_ms=2_000)


def test_a_campaign_beyond_the_bound_finds_it_without_being_told_how() -> None:
    found = {v.property for seed in range(40) if (v := run_seed(CROWD, seed).violation)}
    assert "agreement" in found or "uniform-agreement" in found, found


THREE = Request(nodes=3, f=1, faulty=1, beyond_bound=True, duration_ms=2_000)
LIVE = Mutant(
    "quorum-n-minus-f",
    "n - f votes are enough",
    ("agreement", "uniform-agreement"),
    change_quorum(lambda committee: committee.size - committee.faults),
    THREE,
)


def break_three(seeds: range) -> set[str]:
    """Which promises a campaign breaks; one liar of three."""
    return {v.property for seed in seeds if (v := run_seed(THREE, seed).violation)}


def test_a_campaign_splits_three_with_a_live_quorum() -> None:
    with planted(LIVE):
        broken = break_three(range(60))
    assert broken <= set(LIVE.breaks), broken
    assert broken


def test_a_campaign_stops_three_with_the_shipped_quorum_and_never_splits_it() -> None:
    assert break_three(range(40)) == {"bounded-progress"}
