"""What a network does to messages: delay, loss, duplication, partitions."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from consensus.committee import ReplicaId
from consensus.simulation.chance import Chance

Filter: TypeAlias = Callable[[ReplicaId, ReplicaId, Any], bool]
"""(from, to, message) -> is it let through."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the links are: delays in milliseconds, chances in thousandths.

    Each copy draws its own delay, so messages overtake each other whenever the bounds differ.
    """

    delay_ms_min: int = 5
    delay_ms_max: int = 5
    loss_permille: int = 0
    duplicates_permille: int = 0


@dataclass(slots=True)
class Links:
    """The links of a cluster; everything may change while it runs."""

    chance: Chance
    quality: Quality = field(default_factory=Quality)
    groups: tuple[frozenset[ReplicaId], ...] = ()
    filters: list[Filter] = field(default_factory=list)

    def partition(self, *groups: Collection[ReplicaId]) -> None:
        """Only members of one group reach each other; whoever is in none reaches nobody."""
        self.groups = tuple(frozenset(group) for group in groups)

    def heal(self) -> None:
        """No partition, no filter; the quality stays."""
        self.groups = ()
        self.filters.clear()

    def is_connected(self, sender: ReplicaId, receiver: ReplicaId) -> bool:
        """Does any path lead there now."""
        return not self.groups or any(sender in g and receiver in g for g in self.groups)

    def draw_delays_ms(self, sender: ReplicaId, receiver: ReplicaId, message: Any) -> list[int]:
        """When the copies of a message arrive from now; empty if it is lost."""
        if not self.is_connected(sender, receiver):
            return []
        if not all(let(sender, receiver, message) for let in self.filters):
            return []
        if self.chance.happens(self.quality.loss_permille):
            return []
        copies = 2 if self.chance.happens(self.quality.duplicates_permille) else 1
        least, most = self.quality.delay_ms_min, self.quality.delay_ms_max
        return [self.chance.between(least, most) for _ in range(copies)]
