"""What an engine of block trees says of its branches, and of the work behind them, as values.

Times are those that blocks tell of themselves, so nothing here needs a clock, and all replicas with
the same tree say the same. What a host sees with its own clock it measures itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from consensus.message import Height


@dataclass(frozen=True, slots=True)
class Branch:
    """One tip of the tree, and where its branch leaves the adopted one."""

    tip: bytes
    height: Height
    fork_height: Height
    """The last height that it shares with the adopted branch; its own for that branch itself."""
    work: int
    """Hashes from the root on, as expected."""
    is_adopted: bool
    is_stored: bool
    """Are all bodies of the branch here, or some headers only."""


@dataclass(frozen=True, slots=True)
class ForkMeasures:
    """Branches, stale blocks, reorganisations, and how hard the network works.

    A block is stale once it can never come back: its branch left the chain below the final block.
    """

    branches: tuple[Branch, ...]
    """The adopted one first, then by work."""
    stale_blocks: int
    fork_rates: Mapping[int, float]
    """Window -> stale blocks among all of the latest final heights, as many as the window."""
    reorganisations: Mapping[int, int]
    """Blocks undone -> how often."""
    orphans: int
    """Blocks that wait for their parent."""
    difficulty: int
    """Hashes that the next block takes on average."""
    hash_rate_per_s: float | None
    """What the pace of the latest blocks says; None for too few of them, or none of it credible."""
    interval_ms: float | None
    """Mean time between the same blocks."""
    finality_ms: float | None
    """Mean time from a block to the one that made it final; None before there is one."""
