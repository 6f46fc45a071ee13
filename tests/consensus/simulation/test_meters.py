"""Meters against runs whose costs can be counted by hand."""

from typing import Any

import pytest

from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality
from consensus.simulation.meters import attach_meter, compute_state_bytes

DELAY_MS = 7


def open_cluster(size: int = 4, seed: int = 0, **parameters: int) -> Cluster:
    cluster = make_cluster(
        size=size, seed=seed, quality=Quality(DELAY_MS, DELAY_MS), parameters=parameters
    )
    cluster.start()
    cluster.run(50)
    return cluster


def order(cluster: Cluster, *items: str, to: list[int] | None = None) -> None:
    for item in items:
        cluster.submit(item, to)
    assert cluster.run_until(lambda: cluster.have_executed(*items), 60_000)


def test_one_height_of_four_replicas_by_hand() -> None:
    cluster = open_cluster()
    meter = attach_meter(cluster)
    order(cluster, "a")
    reading = meter.read()
    assert reading.messages == {"PrePrepare": 3, "Prepare": 9, "Commit": 12}
    assert reading.messages_total == 24
    assert reading.heights == 1
    assert reading.rounds == 3
    assert reading.writes == 8  # a vote and a certificate each
    assert reading.first_ms == reading.all_ms == (3 * DELAY_MS,)


def test_bytes_are_those_of_the_encoding_by_the_number_of_copies() -> None:
    cluster = open_cluster()
    meter = attach_meter(cluster)
    said: list[Any] = []

    def listen(_sender: int, _receiver: int, message: Any) -> bool:
        said.append(message)
        return True

    cluster.links.filters.append(listen)
    order(cluster, "a")
    reading = meter.read()
    assert len(said) == reading.messages_total
    assert reading.bytes_total == sum(len(cluster.spec.messages.encode(m)) for m in said)


def test_what_came_before_a_reset_does_not_count() -> None:
    cluster = open_cluster()
    meter = attach_meter(cluster)
    order(cluster, "a")
    first = meter.read()
    cluster.run(DELAY_MS)
    meter.reset()
    empty = meter.read()
    assert (empty.messages, empty.writes, empty.heights, empty.rounds) == ({}, 0, 0, None)
    assert empty.first_ms == empty.all_ms == ()
    order(cluster, "b")
    second = meter.read()
    assert second.messages == first.messages
    assert (second.rounds, second.writes) == (3, 8)


def test_a_replica_alone_decides_in_no_round_and_says_nothing() -> None:
    cluster = open_cluster(1)
    meter = attach_meter(cluster)
    order(cluster, "a")
    reading = meter.read()
    assert (reading.messages, reading.rounds, reading.all_ms) == ({}, 0, (0,))


def test_who_is_late_counts_in_the_time_to_all_and_not_in_the_time_to_first() -> None:
    cluster = open_cluster()
    meter = attach_meter(cluster)
    for other in (0, 1, 2):
        cluster.links.own[other, 3] = Quality(100, 100)
    order(cluster, "a")
    reading = meter.read()
    assert reading.first_ms == (3 * DELAY_MS,)
    assert reading.all_ms == (100 + 2 * DELAY_MS,)


def test_time_is_told_for_each_item_and_only_once_it_is_decided() -> None:
    cluster = open_cluster()
    meter = attach_meter(cluster)
    cluster.submit("a")
    assert meter.read().first_ms == ()
    cluster.run(2)
    cluster.submit("b")
    cluster.submit("a")
    assert cluster.run_until(lambda: cluster.have_executed("a", "b"), 1_000)
    reading = meter.read()
    assert reading.first_ms[0] == 3 * DELAY_MS
    assert len(reading.first_ms) == len(reading.all_ms) == 2


def test_times_to_all_leave_out_those_who_are_down() -> None:
    cluster = open_cluster()
    cluster.crash(3)
    meter = attach_meter(cluster)
    order(cluster, "a")
    assert meter.read().all_ms == (3 * DELAY_MS,)


def test_depth_follows_the_longest_chain_of_messages() -> None:
    cluster = open_cluster()
    meter = attach_meter(cluster)
    cluster.links.own[0, 3] = Quality(1_000, 1_000)  # 3 learns what was proposed from elsewhere
    order(cluster, "a")
    assert (meter.read().rounds or 0) >= 3
    depths = [host.depth for host in cluster.hosts.values()]
    assert depths[3] == max(depths)


def test_a_meter_changes_nothing_of_a_run() -> None:
    plain, metered = open_cluster(seed=9), open_cluster(seed=9)
    attach_meter(metered)
    for cluster in (plain, metered):
        order(cluster, *"abcdefgh")
        cluster.run(3_000)
    assert plain.digest() == metered.digest()


def test_state_grows_with_what_a_replica_holds_and_its_peak_stays() -> None:
    cluster = open_cluster()
    before = compute_state_bytes(cluster.hosts[0].engine)
    meter = attach_meter(cluster)
    order(cluster, "a")
    peak = meter.read().state_bytes_peak
    assert peak > before
    cluster.run(10_000)  # comes to rest, certified, and forgets what it does not need
    assert meter.read().state_bytes_peak >= peak
    assert meter.read().state_bytes_peak > compute_state_bytes(cluster.hosts[0].engine)


def test_states_are_measured_only_on_demand() -> None:
    cluster = open_cluster()
    meter = attach_meter(cluster, measures_state=False)
    order(cluster, "a")
    assert meter.read().state_bytes_peak == 0
    assert all(host.gauge is None for host in cluster.hosts.values())


@pytest.mark.parametrize("size", [4, 7])
def test_state_is_at_least_what_its_votes_take(size: int) -> None:
    cluster = open_cluster(size)
    meter = attach_meter(cluster)
    order(cluster, "a")
    reading = meter.read()
    vote_bytes = reading.bytes["Commit"] // reading.messages["Commit"]
    assert reading.state_bytes_peak > 2 * (size - 1) * vote_bytes


def test_writes_are_counted_once_they_are_durable() -> None:
    cluster = open_cluster()
    meter = attach_meter(cluster)
    for host in cluster.hosts.values():
        host.habits.sync_ms = 40
    cluster.submit("a")
    cluster.run(30)
    assert meter.read().writes == 0
    assert cluster.run_until(lambda: cluster.have_executed("a"), 1_000)
    assert meter.read().writes == 8
