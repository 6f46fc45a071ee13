"""What happened to transactions: each one's story, for the latest of them.

In memory only: after a restart a story begins with where the transaction stands then. Told a block at
a time, in a fraction of a microsecond for each transaction and turn: a turn is one dict, from ids to
the one chapter that they share, and only what returns from an undone block is kept one by one.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from enum import StrEnum

import msgspec

STORIES_MAX = 20_000
"""Transactions to which a turn is remembered; about 15 MB in all, the latest ones."""
RETURNED_MAX = 5_000
"""Transactions with turns before an undone block that are remembered one by one."""
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
        self._turns = {turn: _Generations(count_max) for turn in Turn}
        self._past: OrderedDict[bytes, tuple[Chapter, ...]] = OrderedDict()
        self._clock_ms = clock_ms
        self._told = 0

    def tell(
        self,
        ids: Collection[bytes],
        turn: Turn,
        height: int | None = None,
        block_id: bytes | None = None,
        reason: str | None = None,
    ) -> None:
        """Something happened to all of these at once; the same turn again replaces the one before.

        Unless they returned in between: then everything begins anew, and what was is kept too.
        """
        if not ids:
            return
        if turn is Turn.RETURNED:
            self._put_away(ids)
        self._told += 1
        chapter = Chapter(turn, self._clock_ms(), height, block_id, reason)
        self._turns[turn].put(ids, (self._told, chapter))

    def get(self, id_: bytes) -> tuple[Chapter, ...]:
        """What is remembered of a transaction, oldest first."""
        found = [told for turn in self._turns.values() if (told := turn.get(id_)) is not None]
        return (*self._past.get(id_, ()), *(chapter for _, chapter in sorted(found, key=_number)))

    def _put_away(self, ids: Collection[bytes]) -> None:
        """Keep what was told of these so far, so that the same turns can be told again."""
        for id_ in ids:
            story = self.get(id_)
            if len(story) >= CHAPTERS_MAX:
                story = story[: CHAPTERS_MAX // 4] + story[-CHAPTERS_MAX // 4 :]
            self._past[id_] = story
            self._past.move_to_end(id_)
            for turn in self._turns.values():
                turn.forget(id_)
        while len(self._past) > RETURNED_MAX:
            self._past.popitem(last=False)


_Told = tuple[int, Chapter]


def _number(told: _Told) -> int:
    return told[0]


class _Generations:
    """The latest entries: at least half of `count_max`, never more than all of it and one batch."""

    def __init__(self, count_max: int) -> None:
        self._half = max(1, count_max // 2)
        self._young: dict[bytes, _Told] = {}
        self._old: dict[bytes, _Told] = {}

    def put(self, ids: Collection[bytes], told: _Told) -> None:
        if len(self._young) >= self._half:
            self._young, self._old = {}, self._young
        self._young.update(dict.fromkeys(ids, told))

    def get(self, id_: bytes) -> _Told | None:
        return self._young.get(id_) or self._old.get(id_)

    def forget(self, id_: bytes) -> None:
        self._young.pop(id_, None)
        self._old.pop(id_, None)
