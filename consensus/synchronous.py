"""The synchronous agreements that can be explored, by name: beside `agreements`, for rounds.

Inputs are single bytes, or anything else; `create(me, committee, value)` makes a participant.
"""

from collections.abc import Callable
from dataclasses import dataclass

from consensus.committee import Committee, ReplicaId
from consensus.errors import UnknownEngineError
from consensus.lockstep import (
    dolev_strong,
    early,
    flood_min,
    flood_set,
    gathering,
    phase_king,
    textbook,
)
from consensus.lockstep.choosing import Rule
from consensus.lockstep.protocol import RoundBased
from consensus.message import NULL_VALUE
from consensus.model.faults import FaultKind
from consensus.model.validity import Validity


@dataclass(frozen=True, slots=True)
class SynchronousSpec:
    """One algorithm: n > `multiple` f for the bound, `validity` inside it."""

    name: str
    create: Callable[[ReplicaId, Committee, bytes], RoundBased]
    words: str
    fault_kind: FaultKind
    multiple: int
    validity: Validity
    is_sound: bool = True
    """False for what is here to be broken."""

    @property
    def is_signed(self) -> bool:
        """Does it rest on signatures: unsigned, liars take n > 3f."""
        return self.fault_kind is FaultKind.BYZANTINE and self.multiple < 3


def create_minimum(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """FloodSet that decides the least value."""
    return flood_set.create(me, committee, value, Rule.MIN)


def create_short(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """FloodSet with one round too few."""
    return flood_set.create(me, committee, value, rounds=max(1, committee.faults))


def create_fast(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """Early stopping with the one-round fast path."""
    return early.create(me, committee, value, fast_path=True)


def create_opt(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """OptFloodSet; several values come to the null value."""
    return flood_set.create_opt(me, committee, value, NULL_VALUE)


def create_broadcast(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """Dolev and Strong's broadcast by the first member."""
    return dolev_strong.create_broadcast(me, committee, value, committee.members[0])


def create_pairs(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """FloodMin for two values."""
    return flood_min.create(me, committee, value, k=2)


_CRASH, _LIES = FaultKind.CRASH, FaultKind.BYZANTINE
_PROPOSED, _CORRECT, _ALL = Validity.PROPOSED, Validity.UNANIMOUS_CORRECT, Validity.UNANIMOUS_START

_SPECS = (
    SynchronousSpec("flood-set", flood_set.create, "FloodSet, plurality", _CRASH, 2, _CORRECT),
    SynchronousSpec("flood-set-min", create_minimum, "FloodSet, least value", _CRASH, 1, _PROPOSED),
    SynchronousSpec("opt-flood-set", create_opt, "OptFloodSet", _CRASH, 1, _ALL),
    SynchronousSpec("early", early.create, "early stopping, uniform", _CRASH, 2, _CORRECT),
    SynchronousSpec("early-fast", create_fast, "early stopping, fast path", _CRASH, 2, _CORRECT),
    SynchronousSpec("flood-min", flood_min.create, "FloodMin, k = 1", _CRASH, 1, _PROPOSED),
    SynchronousSpec("flood-min-2", create_pairs, "FloodMin, k = 2", _CRASH, 1, _PROPOSED),
    SynchronousSpec("phase-king", phase_king.create, "the king algorithm", _LIES, 3, _CORRECT),
    SynchronousSpec("gathering", gathering.create, "EIG, unsigned", _LIES, 3, _CORRECT),
    SynchronousSpec("dolev-strong", dolev_strong.create, "signed broadcasts", _LIES, 2, _CORRECT),
    SynchronousSpec("signed-broadcast", create_broadcast, "one signed broadcast", _LIES, 1, _ALL),
    SynchronousSpec("majority", textbook.create_mended, "5.1, guard mended", _CRASH, 1, _PROPOSED),
    SynchronousSpec(
        "majority-printed",
        textbook.create_printed,
        "5.1 as it is printed",
        _CRASH,
        1,
        _PROPOSED,
        is_sound=False,
    ),
    SynchronousSpec(
        "flood-set-short",
        create_short,
        "FloodSet with f rounds",
        _CRASH,
        1,
        _PROPOSED,
        is_sound=False,
    ),
)
_BY_NAME = {spec.name: spec for spec in _SPECS}


def names() -> tuple[str, ...]:
    """All that there are."""
    return tuple(_BY_NAME)


def get(name: str) -> SynchronousSpec:
    """Raises `UnknownEngineError`."""
    if name not in _BY_NAME:
        known = ", ".join(_BY_NAME)
        raise UnknownEngineError(f"no synchronous agreement {name[:80]!r}; there are: {known}")
    return _BY_NAME[name]
