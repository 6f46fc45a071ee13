"""Synchronous runs with members that lie, with and without signatures."""

from consensus import synchronous
from consensus.bounds.hexagon import extract, list_pairs, run_ring, tell_corner
from consensus.bounds.liars import Wiring, list_two_faced, run_wired
from consensus.bounds.witness import Witness, make_witness
from consensus.model.bounds import Assumptions, judge
from consensus.model.outcomes import Outcome


def count_rounds(name: str, size: int, faults: int) -> int:
    """How many rounds an agreement takes that is made for f liars of n."""
    return int(synchronous.create(name, size, faults).rounds)


def make(
    name: str,
    assumes: Assumptions,
    size: int,
    made_for: int,
    outcome: Outcome,
    story: tuple[str, ...],
) -> Witness:
    """A witness; covered if no more lie than it was made for."""
    liars = len(outcome.liars)
    return make_witness(
        f"{synchronous.get(name).words}, made for {made_for} liars",
        (size, liars),
        outcome,
        story,
        covered=judge(assumes, size, liars).is_granted and liars <= made_for,
        validity=assumes.validity,
        uniform=False,
    )
