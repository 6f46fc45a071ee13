"""The record of decided heights that every chain of agreements keeps: plain values, and predicates.

What bounds the memory: `window` decided heights for those who missed them, outcomes and votes of the
next `window` heights, `CHECKPOINTS_KEPT` checkpoint heights.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from consensus.chaining.messages import (
    Checkpoint,
    CheckpointCertificate,
    Learned,
    Outcome,
)
from consensus.committee import Committee, ReplicaId
from consensus.message import NULL_VALUE, Digest, Height, Signed, compute_digest


class Role(Enum):
    """What this replica may say."""

    VOTER = "voter"
    FOLLOWER = "follower"
    """Outside the committee: hears nothing, takes decided heights from its host."""
    OBSERVER = "observer"
    """A member that does not know what it has said: it learns."""
    HALTED = "halted"
    """Its own block id differs from a certified one."""


@dataclass(slots=True)
class Result:
    """What a height came to, while the host does not hold all of it or the seal is not complete."""

    values: tuple[bytes, ...]
    seal: Any = None
    missing: set[Digest] = field(default_factory=set)
    """Values that the host was asked for and has not confirmed."""
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What differs between families: where members may lie, seals are proofs (`proves`)."""

    window: int
    checkpoint_interval: int
    proves: bool


@dataclass(slots=True)
class Keeper:
    """One replica's chain; `me` is None for a follower."""

    me: ReplicaId | None
    committee: Committee
    terms: Terms
    role: Role = Role.FOLLOWER
    started: bool = False
    decided: Height = 0
    applied: Height = 0
    results: dict[Height, Result] = field(default_factory=dict)
    """Above the decided height, what is known to have been decided."""
    history: dict[Height, Learned] = field(default_factory=dict)
    """The last decided heights, for those who missed them."""
    outcomes: dict[Height, dict[ReplicaId, Signed[Outcome]]] = field(default_factory=dict)
    """Votes for what undecided heights came to, where seals are proofs."""
    known: Height = 0
    """Somebody has decided so much."""
    claims: dict[ReplicaId, Height] = field(default_factory=dict)
    """What each member says it has decided."""
    fetching: Height = 0
    """The height last named in `Behind`."""
    certified: Height = 0
    certificate: CheckpointCertificate | None = None
    waiting: dict[Height, CheckpointCertificate] = field(default_factory=dict)
    """Certificates of heights that are not applied here yet."""
    checkpoints: dict[Height, dict[ReplicaId, Signed[Checkpoint]]] = field(default_factory=dict)
    own_checkpoints: dict[Height, bytes] = field(default_factory=dict)
    """The block ids derived here at checkpoint heights not yet certified."""
    pending: bool = False
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def is_voting(self) -> bool:
        """May this replica take part."""
        return self.role is Role.VOTER

    @property
    def ceiling(self) -> Height:
        """The greatest height of which anything is kept."""
        return self.decided + self.terms.window

    @property
    def is_behind(self) -> bool:
        """Have others decided what is missing here."""
        return self.known > self.decided

    @property
    def believed(self) -> int:
        """What so many members say, a correct one says."""
        return self.committee.weak_quorum if self.terms.proves else 1

    @property
    def certifying(self) -> int:
        """How many equal votes certify a block."""
        return self.committee.quorum if self.terms.proves else self.committee.majority

    def claim(self, member: ReplicaId, height: Height) -> None:
        """A member has decided so much, it says; enough of them are believed."""
        if height <= self.claims.get(member, 0):
            return
        self.claims[member] = height
        said = sorted(self.claims.values(), reverse=True)
        if len(said) >= self.believed:
            self.known = max(self.known, said[self.believed - 1])

    def unexecuted(self) -> tuple[Digest, ...]:
        """The values of decided heights that the ledger does not hold yet, in order."""
        return tuple(
            compute_digest(value)
            for height in range(self.applied + 1, self.decided + 1)
            if height in self.history
            for value in self.history[height].values or (NULL_VALUE,)
        )

    def count(self, name: str) -> None:
        """One more of a kind, for people and for probes."""
        self.counters[name] = self.counters.get(name, 0) + 1
