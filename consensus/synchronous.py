"""The synchronous agreements that can be explored, by name: beside `agreements`, for rounds.

Inputs are single bytes, or anything else; `create(me, committee, value)` makes a participant.
"""

from collections.abc import Callable
from dataclasses import dataclass

from consensus.committee import Committee, ReplicaId
from consensus.errors import UnknownEngineError
from consensus.lockstep.algorithms import ALGORITHMS
from consensus.lockstep.claims import CLAIMS
from consensus.lockstep.protocol import RoundBased
from consensus.model.claims import Claims
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
    claims: Claims | None = None
    """What it costs where nobody fails; None for what is not claimed."""

    @property
    def is_signed(self) -> bool:
        """Does it rest on signatures: unsigned, liars take n > 3f."""
        return self.fault_kind is FaultKind.BYZANTINE and self.multiple < 3


_CRASH, _LIES = FaultKind.CRASH, FaultKind.BYZANTINE
_PROPOSED, _CORRECT, _ALL = Validity.PROPOSED, Validity.UNANIMOUS_CORRECT, Validity.UNANIMOUS_START


def describe(
    name: str,
    words: str,
    fault_kind: FaultKind,
    multiple: int,
    validity: Validity,
    *,
    is_sound: bool = True,
) -> SynchronousSpec:
    """The entry of one algorithm."""
    create = ALGORITHMS[name]
    claims = CLAIMS.get(name)
    return SynchronousSpec(name, create, words, fault_kind, multiple, validity, is_sound, claims)


_SPECS = (
    describe("flood-set", "FloodSet, plurality", _CRASH, 2, _CORRECT),
    describe("flood-set-min", "FloodSet, least value", _CRASH, 1, _PROPOSED),
    describe("opt-flood-set", "OptFloodSet", _CRASH, 1, _ALL),
    describe("early", "early stopping, uniform", _CRASH, 2, _CORRECT),
    describe("early-fast", "early stopping, fast path", _CRASH, 2, _CORRECT),
    describe("flood-min", "FloodMin, k = 1", _CRASH, 1, _PROPOSED),
    describe("flood-min-2", "FloodMin, k = 2", _CRASH, 1, _PROPOSED),
    describe("phase-king", "the king algorithm", _LIES, 3, _CORRECT),
    describe("gathering", "EIG, unsigned", _LIES, 3, _CORRECT),
    describe("dolev-strong", "signed broadcasts", _LIES, 2, _CORRECT),
    describe("signed-broadcast", "one signed broadcast", _LIES, 1, _ALL),
    describe("majority", "5.1, guard mended", _CRASH, 1, _PROPOSED),
    describe("majority-printed", "5.1 as it is printed", _CRASH, 1, _PROPOSED, is_sound=False),
    describe("flood-set-short", "FloodSet with f rounds", _CRASH, 1, _PROPOSED, is_sound=False),
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
