"""Who misbehaved how much lately: penalties that halve with time, and bans that end.

Where an authority admits nodes only those with a certificate have a score, so nobody can fill the
table with made-up names; strangers are turned away by TLS and need none. In an open network keys cost
nothing: there the hosts that strangers call from have scores too.
"""

from collections.abc import Callable
from dataclasses import dataclass

from node.peers.limits import PeerLimits

REMEMBERED_MAX = 4_096
"""More nodes than a permissioned network has, or keys that an open one hears of in a while; the
mildest are forgotten first."""

FUTILE = "connection-futile"

WEIGHTS = {
    "frame-garbage": 34.0,
    "frame-unknown-tag": 34.0,
    "frame-malformed": 34.0,
    "frame-oversize": 50.0,
    "message-not-binary": 34.0,
    "message-oversize": 100.0,
    "message-protocol-error": 100.0,
    "hello-again": 34.0,
    "answer-unknown": 20.0,
    "answer-wrong-kind": 50.0,
    "requests-too-many": 5.0,
    FUTILE: 3.0,
}
"""Penalty points by reason. Three strikes within a minute are out, and what ends the stream anyway
is out at once. A correct node can earn only the last two: by a late answer, and by connections that
come to nothing, one each four to eight seconds when it keeps to its pauses: that stays below 70."""


@dataclass(slots=True)
class _Record:
    penalty: float = 0.0
    updated_at: float = 0.0
    banned_until: float = 0.0


class Scores:
    """Penalties by peer id; `clock` gives seconds and never goes back."""

    def __init__(self, limits: PeerLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._records: dict[bytes, _Record] = {}

    def penalise(self, peer: bytes, weight: float) -> bool:
        """Add a penalty; True when a ban begins with it."""
        now = self._clock()
        record = self._records.setdefault(peer, _Record(updated_at=now))
        record.penalty = self._decayed(record, now) + weight
        record.updated_at = now
        self._forget_the_mildest(now)
        if record.penalty < self._limits.ban_threshold or record.banned_until > now:
            return False
        record.banned_until = now + self._limits.ban_s
        return True

    def penalty(self, peer: bytes) -> float:
        """What is left of a peer's penalties; 0 is good."""
        record = self._records.get(peer)
        return 0.0 if record is None else self._decayed(record, self._clock())

    def banned_for_s(self, peer: bytes) -> float:
        """How long a peer stays shut out; 0 when it is not."""
        record = self._records.get(peer)
        return 0.0 if record is None else max(0.0, record.banned_until - self._clock())

    def count_banned(self) -> int:
        """How many are shut out now."""
        now = self._clock()
        return sum(record.banned_until > now for record in self._records.values())

    def _decayed(self, record: _Record, now: float) -> float:
        elapsed_s = now - record.updated_at
        return float(record.penalty * 0.5 ** (elapsed_s / self._limits.half_life_s))

    def _forget_the_mildest(self, now: float) -> None:
        if len(self._records) <= REMEMBERED_MAX:
            return
        mildest = min(
            self._records.items(),
            key=lambda item: (item[1].banned_until, self._decayed(item[1], now)),
        )
        del self._records[mildest[0]]
