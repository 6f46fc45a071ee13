"""The common subset as an engine where members crash: a slice of its storms, and what breaks at n = 2f."""

import pytest

from consensus.simulation.cluster import make_cluster
from consensus.simulation.request import Request
from consensus.simulation.run import run_seed


@pytest.mark.parametrize("common_coin", [0, 1])
@pytest.mark.parametrize("seed", range(6))
def test_a_storm_breaks_nothing(seed: int, common_coin: int) -> None:
    request = Request(engine="benor", nodes=3, parameters={"common_coin": common_coin})
    outcome = run_seed(request, seed)
    assert outcome.violation is None
    assert outcome.decided > 0


@pytest.mark.parametrize("crashed", [(), (2, 3)])
def test_at_n_equal_to_2f_nobody_decides(crashed: tuple[int, ...]) -> None:
    """n - f = 2 ballots end a round, and f + 1 = 3 would decide."""
    cluster = make_cluster("benor", 4, faults=2)
    cluster.start()
    for place in crashed:
        cluster.crash(place)
    cluster.submit("item")
    cluster.run(600)
    assert cluster.heights() == (0, 0, 0, 0)
