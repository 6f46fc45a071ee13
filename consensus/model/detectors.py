"""Failure detectors: who is suspected, by what was heard and when.

A detector is complete if every crash is suspected for good in the end, and accurate as far as it
does not suspect others (Chandra and Toueg 1996): P never suspects a correct replica; eventually
perfect, it stops doing so at some time; eventually strong, it stops suspecting one of them. The
last is enough for consensus with n > 2f. No detector touches safety: each may lie.

    FixedTimeout      P under synchrony (timeout > period + bound), nothing elsewhere
    AdaptiveTimeout   eventually perfect under partial synchrony
    PhiAccrual        eventually perfect if its deviation grows with what is seen: see `accrual`

They are records of plain values like engines: time comes in, sets of suspects go out, and the
answer depends on what was heard alone, not on when or how often one asked. Memory is one entry per
peer of the list given at the start; whoever is not on it is not noted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from consensus.committee import ReplicaId
from consensus.errors import ModelError


class Detector(Protocol):
    """What all detectors can be asked; times are milliseconds of one local clock, never falling."""

    def heard(self, peer: ReplicaId, now_ms: int) -> None:
        """Something came from `peer`: a heartbeat, or anything else."""

    def suspects(self, now_ms: int) -> frozenset[ReplicaId]:
        """Who is suspected to have crashed."""


@dataclass(slots=True)
class FixedTimeout:
    """Suspects whoever was silent for longer than `timeout_ms`. Make one with `make_fixed`."""

    timeout_ms: int
    last_ms: dict[ReplicaId, int]

    def heard(self, peer: ReplicaId, now_ms: int) -> None:
        """See `Detector.heard`."""
        if peer in self.last_ms:
            self.last_ms[peer] = max(now_ms, self.last_ms[peer])

    def suspects(self, now_ms: int) -> frozenset[ReplicaId]:
        """See `Detector.suspects`."""
        return frozenset(
            peer for peer, last in self.last_ms.items() if now_ms - last > self.timeout_ms
        )


@dataclass(slots=True)
class AdaptiveTimeout:
    """Suspects like `FixedTimeout`, but each mistake makes it more patient with that peer.

    Whoever is heard after having been suspected was suspected wrongly: its timeout grows by
    `step_ms`, up to `timeout_ms_max` if that is given. Once the timeout exceeds the period plus the
    bound no mistake follows, so there are at most (period + bound - first) / step of them after
    stabilisation. A cap below that gives the promise up. Make one with `make_adaptive`.
    """

    step_ms: int
    last_ms: dict[ReplicaId, int]
    timeouts_ms: dict[ReplicaId, int]
    timeout_ms_max: int | None = None
    mistakes: dict[ReplicaId, int] = field(default_factory=dict)
    """How often each was suspected wrongly."""

    def heard(self, peer: ReplicaId, now_ms: int) -> None:
        """See `Detector.heard`."""
        if peer not in self.last_ms:
            return
        if self.is_suspected(peer, now_ms):
            self.mistakes[peer] = self.mistakes.get(peer, 0) + 1
            longer_ms = self.timeouts_ms[peer] + self.step_ms
            most_ms = longer_ms if self.timeout_ms_max is None else self.timeout_ms_max
            self.timeouts_ms[peer] = min(longer_ms, most_ms)
        self.last_ms[peer] = max(now_ms, self.last_ms[peer])

    def suspects(self, now_ms: int) -> frozenset[ReplicaId]:
        """See `Detector.suspects`."""
        return frozenset(peer for peer in self.last_ms if self.is_suspected(peer, now_ms))

    def is_suspected(self, peer: ReplicaId, now_ms: int) -> bool:
        """Has this peer been silent for longer than its own timeout."""
        return now_ms - self.last_ms[peer] > self.timeouts_ms[peer]


def make_fixed(peers: Iterable[ReplicaId], timeout_ms: int, now_ms: int = 0) -> FixedTimeout:
    """A detector that counts everybody as heard now; raises `ModelError` on a timeout below 1."""
    check_positive(timeout_ms=timeout_ms)
    return FixedTimeout(timeout_ms, dict.fromkeys(peers, now_ms))


def make_adaptive(
    peers: Iterable[ReplicaId],
    timeout_ms: int,
    step_ms: int,
    now_ms: int = 0,
    *,
    timeout_ms_max: int | None = None,
) -> AdaptiveTimeout:
    """A detector that starts with `timeout_ms` for all; raises `ModelError` on impossible numbers."""
    check_positive(timeout_ms=timeout_ms, step_ms=step_ms)
    if timeout_ms_max is not None and timeout_ms_max < timeout_ms:
        raise ModelError("the greatest timeout is at least the first")
    last_ms = dict.fromkeys(peers, now_ms)
    return AdaptiveTimeout(step_ms, last_ms, dict.fromkeys(last_ms, timeout_ms), timeout_ms_max)


def check_positive(**numbers: float) -> None:
    """Raise `ModelError` that names the first number that is not positive."""
    for name, number in numbers.items():
        if number <= 0:
            raise ModelError(f"{name} must be positive, but is {number}")
