"""Theorem 2.1 as a table: which faults can be stood, under which timing, by how many.

Each cell names what is assumed and promised; the bound and its source come from `model.bounds`. Two runs
stand in it: one inside the bound, in which everything promised holds though the adversary does what it
can, and one outside, in which something breaks. Where f < n is the bound there is nobody left outside
it, so there the algorithm meets one fault more than it was made for.

The chapter states one bound for each kind of fault; it leaves out timing, and contradicts itself: with
its own validity (V2) crashes need n > 2f under synchrony, and n > 3f without.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from consensus.bounds import benign, late, lying, partition, simulated
from consensus.bounds.witness import Witness
from consensus.model.bounds import Assumptions, find_bound
from consensus.model.faults import FaultKind
from consensus.model.links import Authentication, Links, Loss, Order
from consensus.model.timing import Timing
from consensus.model.validity import Agreement, Validity

CHANNELS, SIGNATURES = Authentication.CHANNELS, Authentication.SIGNATURES
SYNCHRONOUS, PARTIAL = Timing.SYNCHRONOUS, Timing.PARTIALLY_SYNCHRONOUS
MakeWitness = Callable[[Assumptions], Witness]


class Cell(msgspec.Struct, frozen=True):
    """One statement of the theorem, and its two witnesses."""

    faults: str
    timing: str
    signed: bool
    validity: str
    agreement: str
    bound: str
    source: str
    inside: Witness
    outside: Witness

    @property
    def is_shown(self) -> bool:
        """Does it work inside, and break outside."""
        is_placed = self.inside.covered and not self.outside.covered
        return is_placed and self.inside.is_as_it_should_be and self.outside.is_as_it_should_be


@dataclass(frozen=True, slots=True)
class Statement:
    """What is claimed, and how its witnesses are made."""

    assumes: Assumptions
    make_inside: MakeWitness
    make_outside: MakeWitness


def assume(
    kind: FaultKind,
    timing: Timing,
    validity: Validity,
    *,
    agreement: Agreement = Agreement.UNIFORM,
    authentication: Authentication = CHANNELS,
    is_randomised: bool = False,
) -> Assumptions:
    """Links that lose nothing for good."""
    loss = Loss.RELIABLE if timing is SYNCHRONOUS else Loss.FAIR_LOSSY
    links = Links(loss, Order.NONE, timing, authentication)
    return Assumptions(links, kind, validity, agreement, is_randomised)


CRASH, OMISSION, LIES = FaultKind.CRASH, FaultKind.GENERAL_OMISSION, FaultKind.BYZANTINE
V0, V1, V2 = Validity.UNANIMOUS_START, Validity.PROPOSED, Validity.UNANIMOUS_CORRECT
CORRECT = Agreement.CORRECT

STATEMENTS: tuple[Statement, ...] = (
    Statement(
        assume(CRASH, SYNCHRONOUS, V1), benign.show_hiding_stood, benign.show_one_crash_too_many
    ),
    Statement(
        assume(CRASH, SYNCHRONOUS, V2), benign.show_correct_heard, benign.show_proposers_crash
    ),
    Statement(assume(CRASH, PARTIAL, V1), simulated.show_majority_left, simulated.show_halves),
    Statement(
        assume(CRASH, Timing.ASYNCHRONOUS, V2, is_randomised=True),
        lambda assumes: late.show_late_third("adopting", 4, 1, assumes),
        lambda assumes: late.show_late_third("adopting", 3, 1, assumes),
    ),
    Statement(
        assume(OMISSION, SYNCHRONOUS, V1), simulated.show_omission_stood, benign.show_cut_off
    ),
    Statement(assume(OMISSION, PARTIAL, V1), simulated.show_omission_stood, simulated.show_cut_off),
    Statement(
        assume(LIES, SYNCHRONOUS, V2, agreement=CORRECT),
        lambda assumes: lying.show_two_faces_stood("gathering", 4, 1, assumes),
        lambda assumes: lying.show_hexagon("gathering", 1, assumes),
    ),
    Statement(
        assume(LIES, SYNCHRONOUS, V0, agreement=CORRECT, authentication=SIGNATURES),
        lambda assumes: lying.show_two_faces_stood("signed-broadcast", 4, 2, assumes),
        lying.show_one_liar_too_many,
    ),
    Statement(
        assume(LIES, SYNCHRONOUS, V2, agreement=CORRECT, authentication=SIGNATURES),
        lambda assumes: lying.show_two_faces_stood("dolev-strong", 3, 1, assumes),
        lying.show_as_many_liars,
    ),
    Statement(
        assume(LIES, PARTIAL, Validity.EXTERNAL, agreement=CORRECT, authentication=SIGNATURES),
        lambda _: simulated.witness(partition.list_scripts()[partition.CONTROL]),
        lambda _: simulated.witness(partition.list_scripts()[partition.LIVE]),
    ),
    Statement(
        assume(LIES, Timing.ASYNCHRONOUS, V2, agreement=CORRECT, is_randomised=True),
        lambda assumes: late.show_two_faces("mmr", 4, 1, assumes),
        lambda assumes: late.show_two_faces("benor", 3, 1, assumes),
    ),
)


def make_cell(number: int) -> Cell:
    """One cell of the table, with both of its runs."""
    statement = STATEMENTS[number]
    assumes = statement.assumes
    bound = find_bound(assumes)
    return Cell(
        faults=assumes.fault_kind.value,
        timing=assumes.timing.value,
        signed=assumes.links.is_signed,
        validity=assumes.validity.value,
        agreement=assumes.agreement.value,
        bound=bound.text,
        source=bound.theorem.citation,
        inside=statement.make_inside(assumes),
        outside=statement.make_outside(assumes),
    )
