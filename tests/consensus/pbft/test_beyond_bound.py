"""What the quorum (n + f) // 2 + 1 is for: with 2f + 1, and more liars than f, agreement breaks."""

from dataclasses import dataclass

import pytest

from consensus.committee import Committee
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.stage import Stage

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
