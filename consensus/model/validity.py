"""What a decision has to do with what was proposed, who has to agree, and since when it is final."""

from enum import Enum


class Validity(Enum):
    """What the decided value has to do with the proposed ones.

    V3 implies V1 and V2, and each of these V0. V4 stands aside: it says nothing of who proposed,
    and only means something beside V0, for else a constant would satisfy it.
    """

    UNANIMOUS_START = "V0"
    """If all replicas propose v, v is decided."""
    PROPOSED = "V1"
    """The decision was proposed by some replica."""
    UNANIMOUS_CORRECT = "V2"
    """If all correct replicas propose v, v is decided."""
    PROPOSED_BY_CORRECT = "V3"
    """The decision was proposed by a correct replica."""
    EXTERNAL = "V4"
    """A predicate holds for the decision (Cachin et al. 2001)."""

    def implies(self, other: "Validity") -> bool:
        """Does whoever keeps this level keep the other too."""
        return self is other or other in IMPLIED[self]


IMPLIED: dict[Validity, frozenset[Validity]] = {
    Validity.UNANIMOUS_START: frozenset(),
    Validity.PROPOSED: frozenset({Validity.UNANIMOUS_START}),
    Validity.UNANIMOUS_CORRECT: frozenset({Validity.UNANIMOUS_START}),
    Validity.PROPOSED_BY_CORRECT: frozenset(
        {Validity.UNANIMOUS_START, Validity.PROPOSED, Validity.UNANIMOUS_CORRECT}
    ),
    Validity.EXTERNAL: frozenset(),
}
"""What each level implies, besides itself."""


class Agreement(Enum):
    """Who may not decide differently."""

    CORRECT = "correct"
    """Any two correct replicas: all that can be asked where the faulty ones lie."""
    UNIFORM = "uniform"
    """Any two replicas that decide: one that answers a client and then fails has not lied."""


class Finality(Enum):
    """When a decision is irreversible."""

    IMMEDIATE = "immediate"
    PROBABILISTIC = "probabilistic"
