"""Stale blocks: valid, and off the adopted branch for ever.

A block is counted when it cannot come back any more: its branch leaves the chain below the final
block. Only heights of late are kept apart, so memory is bounded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consensus.message import Height
from consensus.pow.block_tree import Node

HEIGHTS_MAX = 1_000
"""The longest window over which a rate is told."""


@dataclass(slots=True)
class StaleBlocks:
    """How many there are, in all and at the latest final heights."""

    total: int = 0
    by_height: dict[Height, int] = field(default_factory=dict)

    def note(self, nodes: Iterable[Node], final: Height) -> None:
        """These have become stale, now that `final` is."""
        for node in nodes:
            self.total += 1
            self.by_height[node.height] = self.by_height.get(node.height, 0) + 1
        for height in [h for h in self.by_height if h <= final - HEIGHTS_MAX]:
            del self.by_height[height]

    def count(self, final: Height, window: int) -> int:
        """Those of the last heights that are final."""
        return sum(n for h, n in self.by_height.items() if final - window < h <= final)
