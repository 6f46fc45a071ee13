"""What adversaries do to honest miners, and what they cannot."""

import pytest

from consensus import catalog
from consensus.committee import Committee
from consensus.errors import ConsensusError
from consensus.pow.adversaries.registry import ADVERSARIES, STORMS
from consensus.pow.parameters import Parameters
from consensus.simulation.cluster import make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.stage import Stage
from tests.consensus.pow.adversaries.duels import (
    INTERVAL_MS,
    STILL,
    count_probe,
    duel,
    share_of,
    tree_of,
)


def test_a_double_spend_is_one_reorganisation_as_deep_as_the_payment_was() -> None:
    cluster = duel(400, "private-chain 2 30", seed=1)
    assert cluster.run_until(lambda: count_probe(cluster, "double_spent") == 1, 200 * INTERVAL_MS)
    before = count_probe(cluster, "reorganised_deep", 0)
    cluster.run(10)
    assert count_probe(cluster, "reorganised_deep", 0) == before + 1
    assert cluster.history.probes["head-moved-away"] >= 1


def test_an_attack_that_falls_behind_is_given_up_and_hurts_nobody() -> None:
    cluster = duel(100, "private-chain 6 6")
    assert cluster.run_until(
        lambda: count_probe(cluster, "attack_given_up") >= 5, 2_000 * INTERVAL_MS
    )
    assert count_probe(cluster, "reorganised_deep", 0) == 0


@pytest.mark.parametrize("seed", range(5))
def test_more_than_half_always_wins_whatever_the_depth(seed: int) -> None:
    cluster = duel(700, "majority 12", seed=seed)
    assert cluster.run_until(lambda: count_probe(cluster, "double_spent") >= 3, 2_000 * INTERVAL_MS)
    assert count_probe(cluster, "attack_given_up") == 0


@pytest.mark.parametrize("seed", range(3))
def test_beyond_the_bound_finality_breaks_and_is_noticed(seed: int) -> None:
    """A branch from below what the honest have finalized becomes heavier than theirs."""
    cluster = duel(700, "majority 12", seed=seed, depth=6, resend_ms=5_000)
    with pytest.raises(ViolationError) as caught:
        cluster.run(5_000 * INTERVAL_MS)
    assert caught.value.property_name == "no-divergence"


@pytest.mark.parametrize("seed", range(3))
def test_inside_the_bound_the_same_attack_does_not_reach_so_deep(seed: int) -> None:
    cluster = duel(200, "private-chain 12 12", seed=seed, depth=20, resend_ms=50_000)
    cluster.run(1_500 * INTERVAL_MS)
    assert tree_of(cluster).final > 900
    assert cluster.hosts[0].diverged is None


def test_selfishness_below_the_threshold_does_not_pay_and_above_it_does() -> None:
    poor, rich = duel(200, "selfish"), duel(450, "selfish")
    for cluster in (poor, rich):
        cluster.run(2_500 * INTERVAL_MS)
        assert count_probe(cluster, "selfish_won") > 50
    assert share_of(poor, 1) < 0.19
    assert share_of(rich, 1) > 0.5


def test_who_withholds_all_blocks_slows_the_others_down_by_its_share() -> None:
    cluster = duel(500, "withholder")
    cluster.run(2_000 * INTERVAL_MS)
    assert share_of(cluster, 1) == 0
    assert 0.43 * 2_000 < cluster.hosts[0].height < 0.57 * 2_000
    assert len(tree_of(cluster).stored) == cluster.hosts[0].height


def test_retargeting_makes_up_for_what_is_withheld() -> None:
    cluster = duel(500, "withholder", window=20)
    cluster.run(500 * INTERVAL_MS)
    before = cluster.hosts[0].height
    cluster.run(1_000 * INTERVAL_MS)
    assert 850 < cluster.hosts[0].height - before < 1_150


def test_times_ahead_of_all_clocks_are_held_and_come_too_late() -> None:
    """Within the drift a lie about time is accepted; beyond it, the block waits and goes stale."""
    near = duel(300, "time-warper 15000", drift_ms=30_000, window=20)
    far = duel(300, "time-warper 900000", drift_ms=30_000, window=20)
    for cluster in (near, far):
        cluster.run(1_000 * INTERVAL_MS)
    assert 0.2 < share_of(near, 1) < 0.4
    assert share_of(far, 1) < 0.05
    assert count_probe(far, "future_held", 0) > 100


def test_lies_about_time_do_not_make_blocks_come_faster() -> None:
    cluster = duel(300, "time-warper 25000", drift_ms=30_000, window=20)
    cluster.run(1_000 * INTERVAL_MS)
    assert 850 < cluster.hosts[0].height < 1_150


@pytest.mark.parametrize(
    "words",
    [
        "attack 0 nobody",
        "attack 0 selfish 1",
        "attack 0 private-chain",
        "attack 0 private-chain 0",
        "attack 0 private-chain 1 2 3",
        "attack 0 majority x",
        "attack 0 time-warper -5",
        "attack 9 selfish",
        "attack",
        "work 0",
        "work 0 fast",
    ],
)
def test_attacks_that_make_no_sense_are_refused(words: str) -> None:
    cluster = make_cluster("pow", 2)
    cluster.start()
    with pytest.raises(ConsensusError):
        Stage(cluster).do(words)


def test_engines_without_a_tree_have_no_such_adversaries() -> None:
    cluster = make_cluster("pbft", 4)
    cluster.start()
    with pytest.raises(ConsensusError, match="none for this engine"):
        Stage(cluster).do("attack 0 selfish")


def test_a_host_that_is_down_attacks_once_it_is_up_and_after_every_restart() -> None:
    cluster = make_cluster("pow", 2, parameters=STILL)
    stage = Stage(cluster)
    stage.do("attack 0 withholder")
    cluster.start()
    for _ in range(2):
        cluster.run(40 * INTERVAL_MS)
        cluster.crash(0)
        cluster.restart(0)
    assert share_of(cluster, 0, place=1) == 0
    with pytest.raises(ConsensusError, match="takes 0 numbers"):
        stage.do("attack 1 withholder 5")


def test_who_mines_at_a_target_of_its_own_is_refused() -> None:
    cluster = duel(300, "discounter 4")
    cluster.run(200 * INTERVAL_MS)
    assert share_of(cluster, 1) == 0
    assert cluster.hosts[0].refusals["header-wrong-target"] > 150


def test_storms_draw_adversaries_that_there_are() -> None:
    for words in STORMS:
        name, *arguments = words.split()
        ADVERSARIES[name](
            catalog.get("pow").create(0, Committee.of(4, 1), Parameters()), tuple(arguments)
        )


def test_all_adversaries_are_named_and_sorted() -> None:
    assert list(ADVERSARIES) == sorted(ADVERSARIES)
    assert len(ADVERSARIES) == 7
