"""Lies in a running cluster: within the bound they change nothing."""

import pytest

from consensus.simulation.byzantine.registry import BEHAVIOURS, KINDS
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality
from consensus.simulation.stage import Stage

PARAMETERS = {"timeout_ms": 500, "timeout_max_ms": 4_000, "idle_block_ms": 100, "resend_ms": 100}
WITHIN_MS = 60_000
EVERY_DRAW = [(name, words) for name in BEHAVIOURS for words in KINDS[name].draws]


def run_with(
    liars: tuple[int, ...], behaviour: str, *arguments: str, size: int = 4, seed: int = 0
) -> Cluster:
    """A cluster with liars in which clients want something done."""
    quality = Quality(1, 20, loss_permille=20, duplicates_permille=20)
    cluster = make_cluster(size=size, seed=seed, parameters=PARAMETERS, quality=quality)
    cluster.start()
    for name in liars:
        Stage(cluster).do(" ".join([f"behave {name} {behaviour}", *arguments]))
    for number in range(12):
        cluster.submit(f"item{number}")
        cluster.run(100)
    return cluster


@pytest.mark.parametrize(("name", "words"), EVERY_DRAW)
def test_one_liar_of_four_does_no_harm(name: str, words: tuple[str, ...]) -> None:
    cluster = run_with((0,), name, *words)
    assert cluster.run_until(lambda: cluster.have_executed("item0", "item11"), WITHIN_MS)


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_neither_do_two_of_seven_that_lead_in_a_row(name: str) -> None:
    cluster = run_with((0, 1), name, size=7)
    assert cluster.run_until(lambda: cluster.have_executed("item0", "item11"), WITHIN_MS)
