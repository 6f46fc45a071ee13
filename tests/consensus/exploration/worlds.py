"""Small worlds to explore."""

from collections.abc import Sequence

from consensus import agreements
from consensus.agreement import Opened, Propose
from consensus.committee import Committee
from consensus.exploration.asynchronous import Configuration, Liberties, World
from consensus.exploration.table import Table

THREE = Committee.of(3, 1)


def open_world(
    name: str,
    inputs: Sequence[int | None],
    liberties: Liberties | None = None,
    committee: Committee = THREE,
) -> tuple[World, Configuration]:
    """Participants with these inputs; those with None propose nothing."""
    spec = agreements.get(name)
    world = World(Table(committee), liberties or Liberties(timers=False), spec.is_stale)
    openings = [[Opened()] if bit is None else [Opened(), Propose(bytes([bit]))] for bit in inputs]
    start = world.begin([spec.create(me, committee) for me in committee.members], openings)
    return world, start
