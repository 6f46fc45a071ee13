"""What kinds of events there are, and which of them a subscriber wants."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """The kinds of events; the value is the text clients see."""

    BLOCK = "block"
    """The head moved up to a block."""
    FINAL = "final"
    """A block became irreversible."""
    REORGANISATION = "reorganisation"
    """Blocks were undone; those of the other branch follow as `block` events."""
    TRANSACTION = "transaction"
    """A transaction was admitted, included, returned, dropped, or became final or failed."""
    VIEW = "view"
    """The engine entered another view, ballot or round."""
    PEER = "peer"
    """A peer has come or gone."""
    COMMITTEE = "committee"
    """Another committee decides, or is to."""
    ALARM = "alarm"
    """Evidence of misbehaviour, or divergence."""
    NODE = "node"
    """This node started or stopped."""
    GAP = "gap"
    """Something is not told; `data` says what, and where to read it. Always sent."""


ALL_KINDS = frozenset(Kind)
ALWAYS = frozenset({Kind.GAP})


class Fate(StrEnum):
    """What a `transaction` event says of a transaction."""

    ADMITTED = "admitted"
    """It is in this node's mempool."""
    INCLUDED = "included"
    """A block ordered it that can still be undone."""
    RETURNED = "returned"
    """That block was undone: it waits again."""
    FINAL = "final"
    """It was applied in a block that is irreversible."""
    FAILED = "failed"
    """It is in such a block, without effect but for its fee; `reason` says why."""
    DROPPED = "dropped"
    """It left the mempool without a block; `reason` says why."""


class Filter(NamedTuple):
    """What one subscriber wants; those who want the same share all that is made for them.

    `accounts` (public keys) and `ids` narrow the transaction events alone: to those that are about
    one of either. Both empty means all transactions.
    """

    kinds: frozenset[Kind] = ALL_KINDS
    accounts: frozenset[bytes] = frozenset()
    ids: frozenset[bytes] = frozenset()

    @property
    def wants_transactions(self) -> bool:
        """Does any transaction matter."""
        return Kind.TRANSACTION in self.kinds

    @property
    def is_narrow(self) -> bool:
        """Do only some transactions matter."""
        return bool(self.accounts or self.ids)
