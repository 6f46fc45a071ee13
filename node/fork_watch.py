"""What the API is told where the head may move: stories, risks of reversal, measures of forks."""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from consensus.catalog import TreeRules
from consensus.fork_measures import ForkMeasures
from ledger.tree_chain import TreeChain
from node.api.backend import ForksView, RiskView
from node.stories import Chapter, Stories

SHARES = (Fraction(1, 10), Fraction(1, 4), Fraction(2, 5))
"""Attackers for whom a risk is told, by their share of all work."""
CONFIRMATIONS_MAX = 200
"""Beyond so many the risk is told as that of so many, which is more: exact numbers grow long."""


class ForkWatch:
    """Reads the engine's measures and the ledger; `is_started` says if there are any yet."""

    def __init__(
        self,
        rules: TreeRules,
        engine: Any,
        chain: TreeChain,
        *,
        stories: Stories,
        is_started: Callable[[], bool],
    ) -> None:
        self._rules = rules
        self._engine = engine
        self._chain = chain
        self._stories = stories
        self._is_started = is_started
        self._compute_risks = lru_cache(maxsize=CONFIRMATIONS_MAX)(self._compute)

    def get_story(self, id_: bytes) -> tuple[Chapter, ...]:
        """What happened to a transaction, as far as it is remembered."""
        return self._stories.get(id_)

    def compute_risks(self, confirmations: int) -> tuple[RiskView, ...]:
        """The exact chance that a block under so many, its own counted, is undone."""
        return self._compute_risks(min(confirmations, CONFIRMATIONS_MAX))

    def _compute(self, confirmations: int) -> tuple[RiskView, ...]:
        reversal = self._rules.compute_reversal
        return tuple(RiskView(float(q), float(reversal(confirmations, q))) for q in SHARES)

    def measure(self) -> ForkMeasures | None:
        """What the engine tells of its tree."""
        return self._rules.measure(self._engine) if self._is_started() else None

    def view(self) -> ForksView | None:
        """The same, and what the ledger keeps of it."""
        if (measures := self.measure()) is None:
            return None
        side = self._chain.side
        return ForksView(
            measures,
            len(side),
            sum(node.size_bytes for node in side.values()),
            self._chain.branch_limits.side_blocks_max,
            self._chain.branch_limits.side_bytes_max,
        )
