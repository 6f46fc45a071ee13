"""The host's side of block trees: the store, the clock, and the virtual miner."""

import pytest

from consensus.events import Stored, Verdict
from consensus.simulation.chance import Chance
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.links import Quality
from consensus.simulation.stage import Stage
from consensus.simulation.tree_host import draw_exponential_ms, finalize

QUICK = {"interval_ms": 500, "window": 1_000, "depth": 6, "resend_ms": 200}


def open_cluster(size: int = 4, *, seed: int = 0, **parameters: int) -> Cluster:
    cluster = make_cluster(
        "pow", size, seed=seed, quality=Quality(1, 5), parameters={**QUICK, **parameters}
    )
    cluster.start()
    return cluster


def test_waiting_times_have_the_mean_and_the_spread_of_a_memoryless_one() -> None:
    chance = Chance(5)
    times = [draw_exponential_ms(chance, 1_000) for _ in range(20_000)]
    mean = sum(times) / len(times)
    assert mean == pytest.approx(1_000, rel=0.03)
    assert sum(t > 1_000 for t in times) / len(times) == pytest.approx(0.3679, abs=0.015)
    assert sum((t - mean) ** 2 for t in times) / len(times) == pytest.approx(1e6, rel=0.08)
    assert min(times) >= 1


def test_a_network_finds_a_block_per_interval_at_the_first_target() -> None:
    cluster = open_cluster()
    cluster.run(500 * 400)
    assert 340 < cluster.hosts[0].height < 460


def test_each_finds_its_share() -> None:
    cluster = open_cluster()
    Stage(cluster).do("work 0 3000")
    Stage(cluster).do("work 1 0")
    cluster.run(500 * 400)
    found = [host.miner.found for host in cluster.hosts.values()]
    assert found[1] == 0
    assert 2 < found[0] / (found[2] + found[3]) * 2 < 4.5


@pytest.mark.parametrize("power", [4_000, 250])
def test_retargeting_follows_a_rate_that_quadruples_and_one_that_falls_to_a_quarter(
    power: int,
) -> None:
    cluster = open_cluster(window=20)
    cluster.run(500 * 100)
    for place in range(4):
        Stage(cluster).do(f"work {place} {power}")
    cluster.run(500 * 200)
    before = cluster.hosts[0].height
    cluster.run(500 * 300)
    assert 240 < cluster.hosts[0].height - before < 380


def test_a_paused_or_dead_miner_finds_nothing() -> None:
    cluster = open_cluster(2)
    stage = Stage(cluster)
    stage.do("pause 0")
    stage.do("crash 1")
    cluster.run(20_000)
    assert [host.miner.found for host in cluster.hosts.values()] == [0, 0]
    stage.do("resume 0")
    cluster.run(20_000)
    assert cluster.hosts[0].miner.found > 5


def test_a_follower_verifies_and_does_not_mine() -> None:
    cluster = make_cluster("pow", 2, followers=1, parameters=QUICK)
    cluster.start()
    cluster.run(30_000)
    assert cluster.hosts[2].miner.found == 0
    assert cluster.hosts[2].height >= cluster.hosts[0].height - 1 > 10


def test_what_is_not_durable_is_not_said() -> None:
    cluster = open_cluster(2)
    cluster.hosts[0].habits.sync_ms = 40
    cluster.hosts[1].miner.power_permille = 0
    cluster.hosts[1].miner.number += 1
    assert cluster.run_until(lambda: cluster.hosts[0].miner.found == 1, 60_000)
    found_ms = cluster.now_ms
    assert cluster.hosts[0].height == 0
    assert cluster.run_until(lambda: cluster.hosts[1].height == 1, 60_000)
    assert 41 <= cluster.now_ms - found_ms <= 45


def test_power_that_fails_before_the_sync_takes_the_block() -> None:
    cluster = open_cluster(1)
    host = cluster.hosts[0]
    host.habits.sync_ms = 40
    assert cluster.run_until(lambda: host.miner.found == 1, 60_000)
    cluster.crash(0, power=True)
    assert cluster.history.probes["blocks-lost"] == 1
    cluster.restart(0)
    assert host.height == 0
    cluster.run(60_000)
    assert host.height > 20


@pytest.mark.parametrize(("where", "height"), [("before", 0), ("torn", 0), ("after", 1)])
def test_a_crash_at_a_write_leaves_the_block_or_not(where: str, height: int) -> None:
    cluster = open_cluster(1)
    Stage(cluster).do(f"fuse 0 1 {where}")
    assert cluster.run_until(lambda: not cluster.hosts[0].is_up, 60_000)
    cluster.restart(0)
    assert cluster.hosts[0].height == height


def test_a_clock_that_is_fast_makes_blocks_that_others_hold_for_a_while() -> None:
    cluster = open_cluster(2, drift_ms=50)
    cluster.hosts[0].habits.drift_permille = 300
    cluster.hosts[1].miner.power_permille = 0
    cluster.hosts[1].miner.number += 1
    assert cluster.run_until(lambda: cluster.hosts[0].height == 1, 60_000)
    found_ms = cluster.now_ms
    assert cluster.run_until(lambda: cluster.hosts[1].height == 1, 60_000)
    assert cluster.now_ms - found_ms == 250
    account = cluster.spec.account(cluster.hosts[1].engine)
    assert account.counters["future_held"] == 1


def test_a_partition_heals_to_the_heavier_side_and_nothing_is_lost() -> None:
    cluster = open_cluster(4, seed=2, depth=40)
    cluster.links.partition({0}, {1, 2, 3})
    cluster.submit("left", [0])
    cluster.submit("right", [1, 2, 3])
    cluster.run(8_000)
    assert cluster.hosts[0].application.executed.keys() == {"left"}
    short, long = cluster.hosts[0].height, cluster.hosts[1].height
    assert 0 < short < long
    cluster.links.heal()
    cluster.submit("left", [1, 2, 3])
    assert cluster.run_until(lambda: cluster.have_executed("left", "right"), 60_000)
    cluster.run(1_000)
    ids = [{b.block_id for b in host.application.blocks[:long]} for host in cluster.hosts.values()]
    assert all(one == ids[0] for one in ids)
    assert cluster.spec.account(cluster.hosts[0].engine).counters["reorganised_deep"] >= 1


def test_a_partition_longer_than_the_depth_breaks_finality_and_is_noticed() -> None:
    """Outside the model: both sides finalize, and one of them was wrong."""
    cluster = open_cluster(4, depth=3)
    cluster.links.partition({0, 1}, {2, 3})
    with pytest.raises(ViolationError, match="agree"):
        cluster.run(60_000)


def test_finality_comes_in_order() -> None:
    cluster = open_cluster(1)
    assert cluster.run_until(lambda: cluster.hosts[0].height == 3, 60_000)
    with pytest.raises(ViolationError, match="integrity"):
        finalize(cluster.hosts[0], 2)


def test_one_block_is_one_flood() -> None:
    """n(n-1) messages: everybody tells everybody else, and nobody twice."""
    cluster = open_cluster(5, resend_ms=600_000, interval_ms=100_000)
    assert cluster.run_until(lambda: cluster.heights() == (1,) * 5, 2_000_000)
    cluster.run(20)
    assert cluster.sent["TreeBlock"] == 5 * 4 == cluster.spec.model.messages(5)


def test_an_answer_nobody_asked_for_changes_nothing() -> None:
    cluster = open_cluster(1)
    cluster.hosts[0].feed(Stored(b"nobody", Verdict.VALID))
    assert cluster.hosts[0].height == 0
