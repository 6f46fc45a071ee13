"""Watching one replica for an engine: when to say that it fell silent, and that it speaks again.

What both hosts share: a record of plain values that times are handed to, over a detector whose
patience grows with each of its mistakes (`AdaptiveTimeout`), up to PATIENCE_MAX times the first.
Patience with a replica outlives a change of who is watched; what was heard does not.

A word is due when the opinion changes, so the engine hears `Suspected` and `Trusted` by turns. Only
silence teaches: a suspicion that somebody else caused (a lost link) and that proves wrong does not
make the detector more patient. Time during which the host itself stood still is no silence.
"""

from dataclasses import dataclass

from consensus.committee import ReplicaId
from consensus.model.detectors import AdaptiveTimeout, make_adaptive

PATIENCE_MAX = 4
"""The longest silence that is borne, as a multiple of the first: an engine that waits for a
detector can count on a word after that, however often the detector was wrong."""


@dataclass(slots=True)
class Watching:
    """Who is watched and what is thought of it; `make_watching` makes one. Local milliseconds."""

    silence_ms: int
    """The silence that a replica is suspected for at first, and what a mistake adds to that."""
    detector: AdaptiveTimeout
    replica: ReplicaId | None = None
    is_suspected: bool = False
    number: int = 0
    """How often somebody, or nobody, was chosen: a word about an older choice is void."""

    def turn_to(self, replica: ReplicaId | None, now_ms: int) -> None:
        """Watch this replica from now on, as if it had just been heard; or nobody."""
        self.number += 1
        self.replica, self.is_suspected = replica, False
        if replica is not None:
            self.detector.timeouts_ms.setdefault(replica, self.silence_ms)
            self.detector.last_ms[replica] = now_ms

    def heard(self, replica: ReplicaId, now_ms: int) -> bool:
        """Something came from a replica: is it trusted again, after having been suspected."""
        if replica != self.replica:
            return False
        if self.is_suspected:
            self.detector.heard(replica, now_ms)  # which learns, if it was silence that it judged
        return self.trust(now_ms)

    def look(self, now_ms: int) -> bool:
        """Has the watched replica been silent for too long, and was not suspected yet."""
        return self.is_silent(now_ms) and self.suspect()

    def suspect(self) -> bool:
        """Suspect whoever is watched, for another reason than silence; is that news."""
        is_news = self.replica is not None and not self.is_suspected
        self.is_suspected = self.is_suspected or is_news
        return is_news

    def trust(self, now_ms: int) -> bool:
        """Count whoever is watched as heard now, and learn nothing from it; is that news."""
        if self.replica is None:
            return False
        was_suspected, self.is_suspected = self.is_suspected, False
        self.detector.last_ms[self.replica] = now_ms
        return was_suspected

    def is_silent(self, now_ms: int) -> bool:
        """Has somebody who is watched been silent for longer than is borne."""
        return self.replica is not None and self.detector.is_suspected(self.replica, now_ms)

    def excuse(self, away_ms: int) -> None:
        """So much of the silence was this host's own: it handled nothing meanwhile."""
        if self.replica is not None:
            self.detector.last_ms[self.replica] += away_ms

    def find_due_ms(self) -> int | None:
        """When `look` finds a silence too long if nothing is heard; None if it will find none."""
        if self.replica is None or self.is_suspected:
            return None
        last_ms, timeouts_ms = self.detector.last_ms, self.detector.timeouts_ms
        return last_ms[self.replica] + timeouts_ms[self.replica] + 1


def make_watching(silence_ms: int) -> Watching:
    """Nobody is watched yet; raises `ModelError` for a silence below 1 ms."""
    limit_ms = compute_silence_ms_max(silence_ms)
    return Watching(silence_ms, make_adaptive((), silence_ms, silence_ms, timeout_ms_max=limit_ms))


def compute_silence_ms_max(silence_ms: int) -> int:
    """The silence after which whoever is watched is suspected, whatever happened before."""
    return PATIENCE_MAX * silence_ms
