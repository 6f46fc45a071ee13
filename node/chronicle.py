"""What a person who reads the log wants to be told: changes of state, and now and then the pace.

The chronicle looks at the node as often as its gauges are refreshed and logs what has changed since:
views, catch-up, standing still with work to do and going on again. A block by itself is a line at
`debug` (`node.lifecycle`); at `info` there is one line for all blocks of ten seconds.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from node.api.backend import NodeState

_log = structlog.get_logger(__name__)

PACE_S = 10.0
"""So often the log tells what has become final, if anything has."""
STILL_S = 10.0
"""Without a final block though transactions wait; told again after twice as long each time."""


class Facts(NamedTuple):
    """How a node stands at one moment; `target` is where its peers are, as far as it believes them."""

    state: NodeState
    height: int
    target: int
    view: int
    leader: str | None
    pending: int
    peers: int
    transactions: int


class Chronicle:
    """`look` is called a few times a second; `explain` says why the engine is not moving."""

    def __init__(
        self, explain: Callable[[], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._explain = explain
        self._clock = clock
        self._last: Facts | None = None
        self._moved_at = clock()
        self._still_told_s = 0.0
        self._paced: tuple[float, Facts] | None = None
        self._behind: tuple[float, int] | None = None
        self._view_height = -1
        """Where the chain stood when the view last changed."""

    def look(self, facts: Facts) -> None:
        """Tell what has changed since the last look."""
        now, last = self._clock(), self._last
        self._last = facts
        if last is None:
            self._paced, self._moved_at = (now, facts), now
        elif facts.view > last.view:
            self._tell_view(facts, last.view)
        self._tell_state(now, facts)
        self._tell_standstill(now, facts, last)
        self._tell_pace(now, facts)

    def _tell_view(self, facts: Facts, before: int) -> None:
        """A second change without a block in between helps nobody."""
        tell = _log.warning if facts.height == self._view_height else _log.info
        tell("view changed", view=facts.view, before=before, leader=facts.leader)
        self._view_height = facts.height

    def _tell_state(self, now: float, facts: Facts) -> None:
        is_behind = facts.state is NodeState.CATCHING_UP
        if is_behind and self._behind is None:
            self._behind = now, facts.height
            _log.info("catch-up begins", target=facts.target)
        elif not is_behind and self._behind is not None:
            began, height = self._behind
            self._behind = None
            _log.info("catch-up ends", blocks=facts.height - height, seconds=round(now - began, 1))

    def _tell_standstill(self, now: float, facts: Facts, last: Facts | None) -> None:
        has_moved = last is not None and facts.height > last.height
        if has_moved and self._still_told_s:
            _log.info("blocks become final again", seconds=round(now - self._moved_at, 1))
        if has_moved or not facts.pending:
            self._moved_at, self._still_told_s = now, 0.0
        elif now - self._moved_at >= max(STILL_S, 2 * self._still_told_s):
            self._still_told_s = now - self._moved_at
            _log.warning(
                "no block becomes final",
                seconds=round(self._still_told_s, 1),
                pending=facts.pending,
                why=self._explain(),
            )

    def _tell_pace(self, now: float, facts: Facts) -> None:
        assert self._paced is not None
        since, then = self._paced
        if now - since < PACE_S:
            return
        self._paced = now, facts
        if facts.height > then.height:
            _log.info(
                "progress",
                blocks=facts.height - then.height,
                transactions=facts.transactions - then.transactions,
                tx_per_second=round((facts.transactions - then.transactions) / (now - since), 1),
                pending=facts.pending,
                peers=facts.peers,
            )
