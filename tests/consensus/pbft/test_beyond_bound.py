"""What the quorum (n + f) // 2 + 1 is for: with 2f + 1, and more liars than f, agreement breaks."""

from dataclasses import dataclass

import pytest

from consensus.committee import Committee
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.history import ViolationError
from tests.consensus.pbft.attacks import Accomplice, Disguise, TwoFaces

PARAMETERS = {"timeout_ms": 500, "idle_block_ms": 100, "resend_ms": 100}


@dataclass(frozen=True, slots=True)
class NaiveCommittee(Committee):
    """2f + 1, as many descriptions have it."""

    @property
    def quorum(self) -> int:
        return 2 * self.faults + 1


@dataclass(frozen=True, slots=True)
class LiveCommittee(Committee):
    """n - f: as many as can be waited for when f are silent."""

    @property
    def quorum(self) -> int:
        return self.size - self.faults


def run_two_faced(committee: Committee, left: set[int], liars: tuple[int, ...] = (0,)) -> Cluster:
    """The primary shows the members in `left` another value than the rest; the rest is honest."""
    cluster = make_cluster(size=committee.size, committee=committee, parameters=PARAMETERS)
    for liar in liars:
        cluster.behave(liar, Disguise(TwoFaces(liar, frozenset(left)).say))
    cluster.start()
    cluster.submit("pay")
    cluster.run(3_000)
    return cluster


@pytest.mark.parametrize(("size", "left"), [(5, {1, 2}), (6, {1, 2})])
def test_2f_plus_1_breaks_agreement(size: int, left: set[int]) -> None:
    with pytest.raises(ViolationError, match="disagrees by height 1"):
        run_two_faced(NaiveCommittee(tuple(range(size)), 1), left)


@pytest.mark.parametrize(("size", "left"), [(4, {1}), (5, {1, 2}), (6, {1, 2}), (7, {1, 2, 3})])
def test_the_shipped_quorum_holds(size: int, left: set[int]) -> None:
    cluster = run_two_faced(Committee.of(size, (size - 1) // 3), left)
    assert max(cluster.heights()) >= 1


def test_three_replicas_with_a_live_quorum_split() -> None:
    """DLS 1988: at n = 3f no quorum is both live and safe. This one is live."""
    with pytest.raises(ViolationError, match="disagrees"):
        run_two_faced(LiveCommittee((0, 1, 2), 1), {1})


def test_three_replicas_with_a_safe_quorum_stand_still() -> None:
    """And this one is safe."""
    cluster = make_cluster(size=3, faults=1, parameters=PARAMETERS)
    assert cluster.committee.quorum == 3
    cluster.start()
    cluster.crash(0)
    cluster.submit("pay")
    cluster.run(20_000)
    assert cluster.heights() == (0, 0, 0)


def test_two_liars_of_four_break_agreement() -> None:
    """n = 4 stands one; replica 3 supports both faces of the primary."""
    with pytest.raises(ViolationError, match="disagrees"):
        run_colluding(Committee.of(4, 1))


def test_two_liars_of_seven_do_not() -> None:
    cluster = run_colluding(Committee.of(7, 2))
    assert cluster.have_executed("pay")


def run_colluding(committee: Committee) -> Cluster:
    """Two replicas lie together: both vote for whatever each side was shown."""
    cluster = make_cluster(size=committee.size, committee=committee, parameters=PARAMETERS)
    half = frozenset(range(1, (committee.size) // 2))
    cluster.behave(0, Disguise(TwoFaces(0, half).say))
    last = committee.size - 1
    accomplice = Accomplice(last)
    cluster.behave(last, Disguise(accomplice.say, accomplice.hear))
    cluster.start()
    cluster.submit("pay")
    cluster.run_until(lambda: cluster.have_executed("pay"), 30_000)
    return cluster
