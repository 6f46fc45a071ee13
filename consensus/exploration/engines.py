"""Engines of the catalog as casts: all replicas have the same work, and each would order it itself.

One height is looked at. A checkpoint lies beyond it, and each replica has suspected its leader from
the beginning if it waits for one: suspicion takes nothing away, and so need not be told apart.
"""

import itertools
from typing import Any

from consensus import catalog
from consensus.committee import Committee
from consensus.events import Pending, Started
from consensus.exploration.cast import Cast, ExplorationError, Knowledge, Place, Seat
from consensus.simulation.application import GENESIS_ID, make_value

FAR = {"checkpoint_interval": 1_024, "window": 2_048}
"""No checkpoint within what is looked at."""
ITEM = "a"
"""The work."""


def names() -> tuple[str, ...]:
    """The engines that can be explored."""
    return tuple(name for name in catalog.names() if catalog.get(name).exploring is not None)


def make_cast(name: str, nodes: int, twins: int, rounds_max: int, *, restarts_max: int = 0) -> Cast:
    """`twins` replicas, the first leaders, have a second half; raises `ConsensusError`."""
    spec = catalog.get(name)
    if spec.exploring is None:
        raise ExplorationError(f"{name} cannot be explored; there are: {', '.join(names())}")
    if not 0 <= twins <= nodes:
        raise ExplorationError(f"{twins} of {nodes} nodes cannot have twins")
    committee = Committee.of(nodes, spec.default_faults(nodes))
    parameters = catalog.parse_parameters(spec, FAR)
    knowledge = spec.exploring(rounds_max)
    holders = [*committee.members, *range(twins)]
    seats = tuple(
        Seat(
            holder,
            (*list_openings(committee, (), fresh=True), *knowledge.openings),
            (make_value(place, 1, [ITEM]),),
            is_liar=holder < twins,
        )
        for place, holder in enumerate(holders)
    )
    return Cast(
        committee,
        lambda me: spec.create(me, committee, parameters),
        seats,
        Knowledge(
            knowledge.describe,
            knowledge.resemble,
            knowledge.is_heard,
            knowledge.tidy,
            knowledge.may_fire,
            knowledge.is_welcome,
        ),
        find_round=knowledge.find_round,
        rounds_max=rounds_max,
        heights_max=1,
        restarts_max=restarts_max,
        restart=lambda journal: list_openings(committee, journal, fresh=False),
        permutations=list_permutations(nodes, twins, knowledge.count_leaders(nodes)),
    )


def list_openings(committee: Committee, records: Any, *, fresh: bool) -> tuple[Any, ...]:
    """The first events of an incarnation."""
    started = Started(tuple(records), 0, GENESIS_ID, committee, fresh=fresh)
    return (started, Pending(some=True))


def list_permutations(nodes: int, twins: int, leaders: int) -> tuple[tuple[Place, ...], ...]:
    """Members that lead no round, the last ones, may stand for each other, and the halves of a twin too."""
    same = range(max(twins, leaders), nodes)
    pairs = [*itertools.pairwise(same), *((at, nodes + at) for at in range(twins))]
    return tuple(swap(nodes + twins, a, b) for a, b in pairs)


def swap(size: int, a: Place, b: Place) -> tuple[Place, ...]:
    """Two change places."""
    places = list(range(size))
    places[a], places[b] = b, a
    return tuple(places)
