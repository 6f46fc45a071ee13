"""What happened to transactions where the head may move: each one's story, for the latest of them.

In memory only: after a restart a story begins with where the transaction stands then.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

STORIES_MAX = 20_000
"""About 20 MB; the transactions that nothing has happened to for longest are forgotten."""
CHAPTERS_MAX = 32
"""Of one story; beyond, what lies in the middle is left out."""


class Turn(StrEnum):
    """What can happen to a transaction; the value is the text clients see."""

    SUBMITTED = "submitted"
    """A client gave it to this node, which has it on disk."""
    PENDING = "pending"
    """A peer brought it."""
    GOSSIPED = "gossiped"
    """This node told its peers of it."""
    PROPOSED = "proposed"
    """A value that orders it came up for agreement."""
    INCLUDED = "included"
    """A block of the adopted branch ordered it."""
    RETURNED = "returned"
    """That block was undone: the transaction is back in the mempool."""
    FINAL = "final"
    """Its block became irreversible."""
    DROPPED = "dropped"
    """It left the mempool without a block."""


class Chapter(msgspec.Struct, frozen=True, gc=False):
    """One turn of a story; `at_ms` is this node's clock."""

    turn: Turn
    at_ms: int
    height: int | None = None
    block_id: bytes | None = None
    reason: str | None = None


def read_clock_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class Stories:
    """The stories by transaction id."""

    def __init__(
        self, count_max: int = STORIES_MAX, clock_ms: Callable[[], int] = read_clock_ms
    ) -> None:
        self._count_max = count_max
        self._clock_ms = clock_ms
        self._stories: OrderedDict[bytes, tuple[Chapter, ...]] = OrderedDict()

    def tell(
        self,
        ids: Iterable[bytes],
        turn: Turn,
        height: int | None = None,
        block_id: bytes | None = None,
        reason: str | None = None,
    ) -> None:
        """Something happened to all of these at once."""
        chapter = Chapter(turn, self._clock_ms(), height, block_id, reason)
        stories = self._stories
        for id_ in ids:
            told = (*stories.get(id_, ()), chapter)
            if len(told) > CHAPTERS_MAX:
                told = told[: CHAPTERS_MAX // 2] + told[-CHAPTERS_MAX // 2 :]
            stories[id_] = told
            stories.move_to_end(id_)
        while len(stories) > self._count_max:
            stories.popitem(last=False)

    def get(self, id_: bytes) -> tuple[Chapter, ...]:
        """What is remembered of a transaction, oldest first."""
        return self._stories.get(id_, ())
