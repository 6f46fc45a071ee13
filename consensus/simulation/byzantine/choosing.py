"""Random subsets."""

from collections.abc import Sequence

from consensus.committee import ReplicaId
from consensus.simulation.chance import Chance


def draw_some(members: Sequence[ReplicaId], chance: Chance) -> frozenset[ReplicaId]:
    """At least one of the members, and not all of them where there are two or more."""
    if len(members) < 2:
        return frozenset(members)
    rest = list(members)
    count = chance.between(1, len(rest) - 1)
    return frozenset(rest.pop(chance.below(len(rest))) for _ in range(count))
