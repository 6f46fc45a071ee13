"""How good a failure detector was in one run (Chen, Toueg and Aguilera 2002).

detection time     from a crash to the suspicion that is never taken back
mistake rate       wrong suspicions a second and observed peer, while that peer was up
mistake duration   from a wrong suspicion to trust, or to the peer's crash

A run is a list of transitions (`watch` makes one) and the times of crashes; times are milliseconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from consensus.committee import ReplicaId
from consensus.model.detectors import Detector


@dataclass(frozen=True, slots=True)
class Transition:
    """From `at_ms` on a peer is suspected, or trusted again."""

    at_ms: int
    peer: ReplicaId
    suspected: bool


Arrival: TypeAlias = tuple[int, ReplicaId]
"""(now_ms, peer): something was heard."""


@dataclass(frozen=True, slots=True)
class Quality:
    """The measures of one run; times in milliseconds.

    `detections_ms` holds, for each peer that crashed, how long the final suspicion took, or None if
    there was none by the end; 0 if the peer was suspected already.
    """

    detections_ms: dict[ReplicaId, int | None]
    mistakes: int
    mistake_durations_ms: tuple[int, ...]
    observed_ms: int
    """Time of all peers together during which a suspicion would have been wrong."""

    @property
    def mistake_rate(self) -> float:
        """Mistakes a second of one correct peer."""
        return 1_000 * self.mistakes / self.observed_ms if self.observed_ms else 0.0

    @property
    def mistake_duration_ms(self) -> float:
        """The mean time that a mistake lasts; 0 if there was none."""
        durations = self.mistake_durations_ms
        return sum(durations) / len(durations) if durations else 0.0

    @property
    def accuracy(self) -> float:
        """The chance that, asked at a random time about a peer that is up, it is trusted."""
        wrong_ms = sum(self.mistake_durations_ms)
        return 1 - wrong_ms / self.observed_ms if self.observed_ms else 1.0


def watch(
    detector: Detector, arrivals: Iterable[Arrival], until_ms: int, every_ms: int = 1
) -> list[Transition]:
    """Let a detector hear `arrivals`, in order of time, and ask it `every_ms` until the end.

    What arrives at a moment is heard before the question of that moment.
    """
    waiting = sorted(arrivals, reverse=True)
    transitions: list[Transition] = []
    before: frozenset[ReplicaId] = frozenset()
    for now_ms in range(0, until_ms + 1, every_ms):
        while waiting and waiting[-1][0] <= now_ms:
            at_ms, peer = waiting.pop()
            detector.heard(peer, at_ms)
        after = detector.suspects(now_ms)
        changed = sorted(before ^ after)
        transitions += [Transition(now_ms, peer, peer in after) for peer in changed]
        before = after
    return transitions


def measure(
    transitions: Iterable[Transition],
    peers: Iterable[ReplicaId],
    crashed_at_ms: Mapping[ReplicaId, int],
    until_ms: int,
) -> Quality:
    """What a run from 0 to `until_ms` was worth; peers without a crash were correct."""
    by_peer: dict[ReplicaId, list[Transition]] = {peer: [] for peer in peers}
    for transition in transitions:
        by_peer[transition.peer].append(transition)
    durations: list[int] = []
    detections: dict[ReplicaId, int | None] = {}
    observed_ms = 0
    for peer, own in by_peer.items():
        end_ms = min(crashed_at_ms.get(peer, until_ms), until_ms)
        observed_ms += end_ms
        periods = find_periods(own, until_ms)
        durations += [min(to, end_ms) - since for since, to in periods if since < end_ms]
        if peer in crashed_at_ms:
            final = own[-1] if own and own[-1].suspected else None
            detections[peer] = max(0, final.at_ms - crashed_at_ms[peer]) if final else None
    return Quality(detections, len(durations), tuple(durations), observed_ms)


def find_periods(transitions: list[Transition], until_ms: int) -> list[tuple[int, int]]:
    """From when to when one peer was suspected."""
    moments = [transition.at_ms for transition in transitions]
    return [
        (transition.at_ms, end_ms)
        for transition, end_ms in zip(transitions, [*moments[1:], until_ms], strict=False)
        if transition.suspected
    ]
