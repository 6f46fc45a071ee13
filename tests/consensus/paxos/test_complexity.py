"""Formulas of cost and of progress, held against the simulator."""

import pytest

from consensus import catalog
from consensus.errors import ModelError
from consensus.paxos.complexity import (
    compute_progress_bound_ms,
    count_good_case_messages,
    count_view_change_messages,
)
from consensus.paxos.parameters import Parameters, compute_largest_delay_ms
from consensus.simulation.cluster import make_cluster
from consensus.simulation.costs import measure_good_case, measure_view_change

MODEL = catalog.get("paxos").model
NERVOUS = {
    "heartbeat_ms": 40,
    "silence_ms": 120,
    "election_ms": 60,
    "election_max_ms": 4_800,
    "idle_block_ms": 100,
    "resend_ms": 100,
}


@pytest.mark.parametrize("size", range(2, 11))
def test_a_height_costs_what_the_formula_says(size: int) -> None:
    cost = measure_good_case("paxos", size)
    assert cost.is_equal, (cost.counted, cost.formula)
    assert cost.reading.rounds == 3
    assert cost.reading.messages_total == 3 * (size - 1)


@pytest.mark.parametrize("size", range(3, 11))
def test_a_change_of_leaders_costs_what_the_formula_says(size: int) -> None:
    cost = measure_view_change("paxos", size)
    assert cost.counted == count_view_change_messages(size)
    assert sum(cost.counted.values()) == 5 * size - 8


@pytest.mark.parametrize("size", [3, 5, 7])
def test_a_busy_leader_tells_the_news_with_the_next_proposal(size: int) -> None:
    """2(n - 1) messages a height: the third n - 1 are saved, as long as work does not end."""
    cluster = make_cluster("paxos", size, parameters={"learn_ms": 40, "pipeline": 1})
    cluster.start()
    cluster.run(20)
    before = dict(cluster.sent)
    for number in range(20):
        cluster.submit(f"w{number}")
        cluster.run(10)
    heights = cluster.heights()[0]
    assert heights >= 18
    sent = {kind: count - before.get(kind, 0) for kind, count in cluster.sent.items()}
    assert sent["Accept"] == pytest.approx(heights * (size - 1), abs=2 * size)
    assert sent["Accepted"] == pytest.approx(heights * (size - 1), abs=2 * size)
    assert sent["Heartbeat"] <= 4 * (size - 1)


def test_what_the_model_says() -> None:
    assert MODEL.messages(3) == 6
    assert sum(count_good_case_messages(10).values()) == 27
    assert MODEL.delays == 3
    assert count_view_change_messages(1) == {
        "Canvass": 0,
        "Support": 0,
        "Prepare": 0,
        "Promise": 0,
        "Alive": 0,
    }


@pytest.mark.parametrize(("size", "faults"), [(1, 0), (3, 1), (5, 2), (10, 4)])
def test_the_bound_on_progress_grows_with_the_delay_and_ends_where_timeouts_do(
    size: int, faults: int
) -> None:
    parameters = Parameters()
    largest_ms = compute_largest_delay_ms(parameters)
    bounds = [
        compute_progress_bound_ms(parameters, size, faults, delay_ms)
        for delay_ms in (1, 100, largest_ms)
    ]
    assert bounds == sorted(set(bounds))
    assert compute_progress_bound_ms(parameters, size + 2, faults + 1, 1) > bounds[0]
    with pytest.raises(ModelError, match="do not stand"):
        compute_progress_bound_ms(parameters, size, faults, largest_ms + 1)


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_progress_after_healing_keeps_its_bound(size: int, seed: int) -> None:
    """Nobody hears anybody for so long that all timeouts are at their cap; then f crash."""
    cluster = make_cluster("paxos", size, seed=seed, parameters=NERVOUS)
    cluster.start()
    cluster.links.partition()
    cluster.submit("pay")
    cluster.run(60_000)
    for place in range(cluster.committee.faults):
        cluster.crash(place)
    cluster.links.heal()
    bound_ms = MODEL.progress_bound_ms(cluster.parameters, size, cluster.committee.faults, 20)
    assert cluster.run_until(lambda: cluster.have_executed("pay"), bound_ms)


def test_a_crashed_leader_is_replaced_within_two_seconds_by_default() -> None:
    for seed in range(20):
        cluster = make_cluster("paxos", 3, seed=seed)
        cluster.start()
        cluster.run(1_000 + 37 * seed)
        cluster.crash(0)
        crashed_ms = cluster.now_ms
        cluster.submit("pay")
        assert cluster.run_until(lambda c=cluster: c.have_executed("pay"), 2_000)  # type: ignore[misc]
        assert cluster.now_ms - crashed_ms > 150
