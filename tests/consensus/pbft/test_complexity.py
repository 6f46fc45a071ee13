"""Formulas of cost and of progress, held against the simulator."""

from typing import Any

import pytest

from consensus import catalog
from consensus.errors import ModelError
from consensus.message import Signed
from consensus.pbft.complexity import (
    compute_progress_bound_ms,
    compute_short_timeouts_ms,
    count_good_case_messages,
    count_view_change_messages,
)
from consensus.pbft.messages import NewView
from consensus.pbft.parameters import Parameters, compute_largest_delay_ms
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality

NERVOUS = {"timeout_ms": 600, "timeout_max_ms": 4_800, "idle_block_ms": 150}


@pytest.mark.parametrize("size", [4, 5, 6, 7, 10, 13])
def test_replacing_a_crashed_primary_costs_what_the_formula_says(size: int) -> None:
    cluster = make_cluster(size=size)
    cluster.start()
    cluster.crash(0)
    cluster.submit("pay")
    assert cluster.run_until(lambda: cluster.have_executed("pay"), 10_000)
    expected = count_view_change_messages(size)
    assert {kind: cluster.sent[kind] for kind in expected} == expected
    assert set(cluster.sent) == {*expected, "PrePrepare", "Prepare", "Commit"}


@pytest.mark.parametrize("size", [4, 5, 7, 10, 16])
def test_a_height_costs_what_the_formula_says(size: int) -> None:
    cluster = make_cluster(size=size)
    cluster.start()
    for number in range(5):
        cluster.submit(f"pay{number}")
        assert cluster.run_until(lambda: len(set(cluster.heights())) == 1, 10_000)
        cluster.run(100)
    heights = cluster.heights()[0]
    assert heights >= 5
    expected = count_good_case_messages(size)
    assert {kind: cluster.sent[kind] for kind in expected} == {
        kind: heights * count for kind, count in expected.items()
    }


def test_a_height_costs_2n_times_n_minus_1() -> None:
    for size in range(1, 65):
        assert catalog.get("pbft").model.messages(size) == 2 * size * (size - 1)


@pytest.mark.parametrize(
    ("timeout_ms", "delay_ms", "expected"),
    [
        (600, 100, []),
        (600, 101, [600]),
        (600, 200, [600]),
        (600, 201, [600, 1_200]),
        (600, 800, [600, 1_200, 2_400]),
        (4_800, 800, []),
    ],
)
def test_views_that_fail_because_their_timeout_is_short(
    timeout_ms: int, delay_ms: int, expected: list[int]
) -> None:
    parameters = Parameters(timeout_ms=timeout_ms, timeout_max_ms=4_800, idle_block_ms=100)
    assert compute_short_timeouts_ms(parameters, delay_ms) == expected


@pytest.mark.parametrize(("size", "faults"), [(1, 0), (4, 1), (7, 2), (10, 3)])
def test_the_bound_on_progress_grows_with_delay_and_faults_and_ends_where_timeouts_do(
    size: int, faults: int
) -> None:
    parameters = Parameters()
    largest_ms = compute_largest_delay_ms(parameters)
    delays = (1, 100, 1_000, largest_ms)
    bounds = [compute_progress_bound_ms(parameters, size, faults, delay) for delay in delays]
    assert bounds == sorted(set(bounds))
    assert compute_progress_bound_ms(parameters, size + 3, faults + 1, 1) > bounds[0]
    with pytest.raises(ModelError, match="do not stand"):
        compute_progress_bound_ms(parameters, size, faults, largest_ms + 1)


def is_new_view(message: Any) -> bool:
    return isinstance(message, Signed) and isinstance(message.body, NewView)


def find_view(cluster: Cluster) -> int:
    engines = (host.engine for host in cluster.hosts.values() if host.engine)
    return max(cluster.spec.account(engine).view for engine in engines)


def make_exhausted(size: int, delay_ms: int) -> Cluster:
    """No view has opened for so long that all timeouts are at their cap; then the next f primaries crash."""
    cluster = make_cluster(size=size, parameters=NERVOUS)
    cluster.links.quality = Quality(delay_ms, delay_ms)
    cluster.links.filters.append(lambda _a, _b, message: not is_new_view(message))
    cluster.hosts[0].habits.answers_requests = False
    cluster.start()
    cluster.submit("pay")
    cluster.run(41_000)
    assert cluster.heights() == (0,) * size
    view = find_view(cluster)
    for later in range(1, cluster.committee.faults + 1):
        cluster.crash(cluster.committee.primary(view + later))
    return cluster


@pytest.mark.parametrize("size", [4, 7, 10])
@pytest.mark.parametrize("delay_ms", [20, 400])
def test_progress_after_healing_keeps_its_bound_and_comes_near_it(size: int, delay_ms: int) -> None:
    cluster = make_exhausted(size, delay_ms)
    cluster.links.heal()
    healed_ms = cluster.now_ms
    bound_ms = catalog.get("pbft").model.progress_bound_ms(
        cluster.hosts[0].parameters, size, cluster.committee.faults, delay_ms
    )
    assert cluster.run_until(lambda: cluster.have_executed("pay"), bound_ms)
    assert cluster.now_ms - healed_ms > bound_ms / 12
