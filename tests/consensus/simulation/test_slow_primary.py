"""A faulty primary that stays just under the timeout: what it leaves of the throughput.

It leaves a fifth at least, or it loses its view. Who waits until others are about to lose patience,
for each height anew, would otherwise hold a busy chain down to `pipeline` heights for each timeout
(Clement et al. 2009, section 4: the performance of PBFT is then 1 over the timeout).
"""

from typing import NamedTuple

import pytest

from consensus import catalog
from consensus.simulation.schedule import Schedule, play_schedule

ENGINES = tuple(
    name for name in catalog.names() if catalog.get(name).stands_liars and catalog.get(name).causes
)
"""Those in which somebody leads who may lie."""
LASTS_MS = 12_000
PART = 5
"""One part of so many has to be left."""
SLOW = (500, 700, 900, 990)
"""Thousandths of the patience by which the first primary holds everything back."""


class Pace(NamedTuple):
    """Items and heights for each virtual second at a backup, and the view that it came to."""

    items: float
    heights: float
    view: int


def measure(engine: str, nodes: int, load: int, slow: int = 0, seed: int = 1) -> Pace:
    """A steady load, with a slow primary for the whole run or without."""
    lie = [(0, f"behave 0 slow {slow}")] if slow else []
    actions = [*lie, (0, f"load {load}"), (LASTS_MS, "load 0"), (LASTS_MS, "run 1")]
    line = f"cluster {engine} n={nodes} seed={seed} delay=1..20"
    played = play_schedule(Schedule(line, tuple(actions)))
    assert played.violation is None
    backup = played.cluster.hosts[1]
    seconds = LASTS_MS / 1_000
    view = played.cluster.spec.account(backup.engine).view
    return Pace(len(backup.application.executed) / seconds, backup.height / seconds, view)


def explain(slow: Pace, free: Pace) -> str:
    part = slow.items / free.items
    return f"{slow.items:.1f} of {free.items:.1f} items a second, {part:.0%}, in view {slow.view}"


LOADS = [
    (4, 5),
    (4, 20),
    (4, 40),
    (7, 20),
    (7, 40),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("nodes", "load"), LOADS)
def test_a_slow_primary_leaves_a_fifth_or_loses_its_view(
    engine: str, nodes: int, load: int
) -> None:
    free = measure(engine, nodes, load)
    for permille in SLOW:
        slow = measure(engine, nodes, load, permille)
        assert slow.view > 0 or PART * slow.items >= free.items, explain(slow, free)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("load", [5, 40])
def test_an_honest_primary_keeps_its_view_under_load(engine: str, load: int) -> None:
    free = measure(engine, 4, load)
    assert free.view == 0
    assert free.items == pytest.approx(load, rel=0.05)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_slower_than_the_patience_of_others_loses_its_view(engine: str) -> None:
    assert measure(engine, 4, 20, 1_000).view > 0
