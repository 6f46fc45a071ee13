"""The node's failure detector: it watches one replica on this process's own clock.

Silence is what `consensus.model.watching` says it is; a link that is lost is better evidence. The
kernel closes the connections of a process that was killed, so its peers hear of that at once; a
suspicion follows after a tenth of a second, unless the link is back by then. A link that comes back
later is corrected as everything is, by the next message. Whoever is not suspected when its link
comes up has greeted just now, and was silent for want of a link.

A busy or stopped process cannot tell that others were silent. So the silence is measured in short
steps, and what a step takes longer than it was asked to is not counted. After one such step nothing
is judged until the next, for whatever waits in the sockets is to be handled first; after several in
a row it is, or a process that is always busy would suspect nobody.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from consensus.committee import ReplicaId
from consensus.errors import ContractError
from consensus.events import Suspected, Trusted
from consensus.model.watching import Watching, make_watching

_log = structlog.get_logger(__name__)

STEPS = 8
"""Looks during the first silence that is borne."""
LATE_MS = 20
"""A step may be so late on a busy event loop without being anybody's pause."""
LOST_MS = 100
"""From the loss of a link to the suspicion: a peer that calls again at once is not suspected."""

SILENT = "silent"
LINK_LOST = "link-lost"
SUSPICION_REASONS = (SILENT, LINK_LOST)


class Detecting:
    """Tells `say(word, number)`; `is_current(number)` is asked when the word's turn has come.

    `silence_ms` is 0 for an engine that never watches.
    """

    def __init__(
        self,
        silence_ms: int,
        say: Callable[[Suspected | Trusted, int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watching: Watching | None = make_watching(silence_ms) if silence_ms else None
        self._say = say
        self._clock = clock
        self._step_ms = max(silence_ms // STEPS, 1)
        self._asked_ms = 0
        self._was_late = False
        self._next: asyncio.TimerHandle | None = None
        self._lost: set[ReplicaId] = set()
        """Whose link was lost and is not back."""
        self.suspicions: dict[str, int] = dict.fromkeys(SUSPICION_REASONS, 0)
        """How often somebody began to be suspected, by reason."""
        self.corrections = 0
        """How often a suspicion was taken back."""
        self._grace: asyncio.TimerHandle | None = None

    def watch(self, replica: ReplicaId | None) -> None:
        """Perform `Watch`; raises `ContractError` if the engine's entry states no silence."""
        if self._watching is None:
            raise ContractError("an engine that watches has to state its `silence_ms`")
        self._watching.turn_to(replica, self._now_ms())
        self._look_later()
        self._doubt_link()

    def heard(self, replica: ReplicaId) -> None:
        """A message of somebody has come."""
        if self._watching is not None and self._watching.heard(replica, self._now_ms()):
            self.corrections += 1
            _log.info("heard again", replica=replica)
            self._say(Trusted(replica), self._watching.number)
            self._look_later()

    def on_link(self, replica: ReplicaId, *, is_up: bool) -> None:
        """The link to somebody was lost, or is there."""
        if self._watching is None:
            return
        if is_up:
            self._lost.discard(replica)
        else:
            self._lost.add(replica)
        if replica != self._watching.replica:
            return
        self._doubt_link()
        if is_up and not self._watching.is_suspected:
            self._watching.trust(self._now_ms())

    @property
    def is_suspecting(self) -> bool:
        """Is whoever is watched suspected now."""
        watching = self._watching
        return watching is not None and watching.replica is not None and watching.is_suspected

    def is_current(self, number: int) -> bool:
        """Is a word still about the replica that is watched now."""
        return self._watching is not None and self._watching.number == number

    def close(self) -> None:
        """Say nothing more."""
        self._stop_looking()
        self._stop_doubting()

    def _now_ms(self) -> int:
        return int(self._clock() * 1_000)

    def _look_later(self) -> None:
        """The next step, towards the moment when the silence would be too long."""
        self._stop_looking()
        if self._watching is not None and (due_ms := self._watching.find_due_ms()) is not None:
            left_ms = max(due_ms - self._now_ms(), 0)
            self._look_after(min(self._step_ms, left_ms))

    def _look_after(self, step_ms: int) -> None:
        self._asked_ms = self._now_ms() + step_ms
        self._next = asyncio.get_running_loop().call_later(step_ms / 1_000, self._look)

    def _look(self) -> None:
        assert self._watching is not None
        now_ms = self._now_ms()
        late_ms = now_ms - self._asked_ms
        was_late, self._was_late = self._was_late, late_ms > LATE_MS
        if self._was_late:
            self._watching.excuse(late_ms)
        if self._was_late and not was_late:
            self._look_after(self._step_ms)
        elif self._watching.look(now_ms):
            self._tell_suspicion(SILENT)
        else:
            self._look_later()

    def _doubt_link(self) -> None:
        """Suspect whoever is watched when its link has been lost for a moment."""
        self._stop_doubting()
        if self._watching is not None and self._watching.replica in self._lost:
            loop = asyncio.get_running_loop()
            self._grace = loop.call_later(LOST_MS / 1_000, self._give_up)

    def _give_up(self) -> None:
        assert self._watching is not None
        if self._watching.suspect():
            self._stop_looking()
            self._tell_suspicion(LINK_LOST)

    def _tell_suspicion(self, reason: str) -> None:
        assert self._watching is not None
        assert self._watching.replica is not None
        self.suspicions[reason] += 1
        _log.warning("suspected", replica=self._watching.replica, reason=reason)
        self._say(Suspected(self._watching.replica), self._watching.number)

    def _stop_looking(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _stop_doubting(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
