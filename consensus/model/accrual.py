"""The phi accrual failure detector: suspicion as a number (Hayashibara, Défago, Yared, Katayama 2004).

phi = -log10 P(interval > elapsed): with phi = 1 one suspicion in ten is a mistake, with phi = 8 one
in a hundred million, if intervals between messages were normally distributed with the mean and
deviation of the last `window` ones. They are not, so the deviation has a floor.

Two thresholds keep a peer at the edge from flapping. It is suspected when phi exceeds `suspect_phi`
while one waits for it. The message that ends the silence does not clear it by itself: it is trusted
again with the first message that comes when phi is still below `trust_phi`, that is, in a rhythm
that is ordinary by the window, which has learnt the silence meanwhile.

Intervals enter the window as they are, up to `interval_ms_max`: a crash of an hour must not make
the detector patient for the hours after it. Sums are integers, so the order of what is added does
not matter; `erfc` comes from the C library, the same in every process of a machine.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import erfc, inf, log10, sqrt

from consensus.committee import ReplicaId
from consensus.errors import ModelError
from consensus.model.detectors import check_positive


@dataclass(frozen=True, slots=True)
class Tuning:
    """The numbers of the detector; raises `ModelError` if they contradict each other.

    `first_interval_ms` is what the window holds before anything is heard.
    """

    suspect_phi: float = 8.0
    trust_phi: float = 1.0
    window: int = 200
    first_interval_ms: int = 1_000
    deviation_ms_min: int = 100
    interval_ms_max: int = 60_000

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_positive(
            trust_phi=self.trust_phi,
            window=self.window,
            first_interval_ms=self.first_interval_ms,
            deviation_ms_min=self.deviation_ms_min,
        )
        if self.trust_phi > self.suspect_phi:
            raise ModelError("trust_phi is at most suspect_phi")
        if self.interval_ms_max < self.first_interval_ms:
            raise ModelError("interval_ms_max is at least first_interval_ms")


@dataclass(slots=True)
class Rhythm:
    """When one peer is usually heard: the last intervals, with their sums."""

    last_ms: int
    intervals: deque[int]
    total: int = 0
    squares: int = 0
    was_suspected: bool = False
    """When it was last heard, and not cleared by that message."""

    def add(self, interval_ms: int) -> None:
        """Note an interval; the oldest falls out of a full window."""
        if len(self.intervals) == self.intervals.maxlen:
            oldest = self.intervals[0]
            self.total -= oldest
            self.squares -= oldest * oldest
        self.intervals.append(interval_ms)
        self.total += interval_ms
        self.squares += interval_ms * interval_ms

    @property
    def mean_ms(self) -> float:
        """The mean interval."""
        return self.total / len(self.intervals)

    @property
    def deviation_ms(self) -> float:
        """The standard deviation of the window."""
        count = len(self.intervals)
        return sqrt(count * self.squares - self.total * self.total) / count


@dataclass(slots=True)
class PhiAccrual:
    """Suspects by phi; at most `window` intervals per peer. Make one with `make_accrual`."""

    tuning: Tuning
    rhythms: dict[ReplicaId, Rhythm] = field(default_factory=dict)

    def heard(self, peer: ReplicaId, now_ms: int) -> None:
        """See `Detector.heard`."""
        rhythm = self.rhythms.get(peer)
        if rhythm is None:
            return
        phi = self.compute_phi(peer, now_ms)
        suspected = rhythm.was_suspected or phi > self.tuning.suspect_phi
        rhythm.was_suspected = suspected and phi >= self.tuning.trust_phi
        rhythm.add(min(max(0, now_ms - rhythm.last_ms), self.tuning.interval_ms_max))
        rhythm.last_ms = max(now_ms, rhythm.last_ms)

    def suspects(self, now_ms: int) -> frozenset[ReplicaId]:
        """See `Detector.suspects`."""
        return frozenset(
            peer
            for peer, rhythm in self.rhythms.items()
            if rhythm.was_suspected or self.compute_phi(peer, now_ms) > self.tuning.suspect_phi
        )

    def compute_phi(self, peer: ReplicaId, now_ms: int) -> float:
        """How unlikely it is that this silence is an ordinary one; infinite beyond 10 ** -308."""
        rhythm = self.rhythms[peer]
        deviation_ms = max(rhythm.deviation_ms, self.tuning.deviation_ms_min)
        surplus = (now_ms - rhythm.last_ms - rhythm.mean_ms) / deviation_ms
        chance = erfc(surplus / sqrt(2)) / 2
        return -log10(chance) if chance > 0 else inf


def make_accrual(
    peers: Iterable[ReplicaId], tuning: Tuning | None = None, now_ms: int = 0
) -> PhiAccrual:
    """A detector that counts everybody as heard now, in the rhythm of `first_interval_ms`."""
    tuning = tuning or Tuning()
    detector = PhiAccrual(tuning)
    for peer in peers:
        rhythm = detector.rhythms[peer] = Rhythm(now_ms, deque(maxlen=tuning.window))
        rhythm.add(tuning.first_interval_ms)
    return detector
