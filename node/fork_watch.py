"""What the API is told where the head may move: risks of reversal, measures of forks, the tree."""

from collections import OrderedDict
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from consensus.engine_spec import TreeRules
from consensus.fork_measures import ForkMeasures
from ledger.block import Header
from ledger.tree_chain import TreeChain
from node.api.backend import ForksView, RiskView, TreeBlockView

SHARES = (Fraction(1, 10), Fraction(1, 4), Fraction(2, 5))
"""Attackers for whom a risk is told, by their share of all work."""
CONFIRMATIONS_MAX = 200
"""Beyond so many the risk is told as that of so many, which is more: exact numbers grow long."""
SIDE_SEEN_MAX = 256
"""Blocks beside the adopted branch that are remembered after finality cleared them away."""


class ForkWatch:
    """Reads the engine's measures and the ledger; `is_started` says if there are any yet."""

    def __init__(
        self,
        rules: TreeRules,
        engine: Any,
        chain: TreeChain,
        *,
        is_started: Callable[[], bool],
    ) -> None:
        self._rules = rules
        self._engine = engine
        self._chain = chain
        self._seen: OrderedDict[bytes, TreeBlockView] = OrderedDict()
        self._is_started = is_started
        self._compute_risks = lru_cache(maxsize=CONFIRMATIONS_MAX)(self._compute)

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

    def list_tree(self, lowest: int) -> list[TreeBlockView]:
        """The blocks from a height up, by height: the adopted branch, and what was seen beside it.

        Of the blocks that finality has cleared away those seen since this node's start are told.
        """
        chain = self._chain
        adopted: list[TreeBlockView] = []
        block_id, height = chain.head_id, chain.height
        while height >= max(lowest, 0):
            header = chain.header(height)
            adopted.append(_show_header(block_id, header, is_adopted=True))
            block_id, height = header.parent, height - 1
        known = {block.id for block in adopted}
        beside = [
            block
            for block in self._seen.values()
            if block.height >= lowest and block.id not in known
        ]
        return sorted([*adopted, *beside], key=lambda block: (block.height, not block.is_adopted))

    def remember(self) -> None:
        """Note what stands beside the adopted branch now; finality will clear it away."""
        for id_, node in self._chain.side.items():
            if id_ not in self._seen:
                self._seen[id_] = _show_header(id_, node.header, is_adopted=False)
        while len(self._seen) > SIDE_SEEN_MAX:
            self._seen.popitem(last=False)


def _show_header(block_id: bytes, header: Header, *, is_adopted: bool) -> TreeBlockView:
    return TreeBlockView(
        id=block_id,
        parent=header.parent,
        height=header.height,
        timestamp_ms=header.timestamp_ms,
        proposer=header.proposer,
        is_adopted=is_adopted,
    )
