"""The chapter's 5.1 as it is printed, and with its guard mended; for demonstrations.

Each round everybody says its value and, if enough messages came, takes the commonest. As printed,
enough is *more than* n - f: after a crash nobody learns anything any more. With n = 3, f = 1, inputs
0, 0, 1 and the first member dead from the start, the others decide 0 and 1. With *at least* n - f, which
always holds while at most f crash, the same algorithm has uniform agreement and V1 under crashes (not
under omissions): in the clean round all see the same values and take the same one, and keep it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consensus.committee import Committee, ReplicaId
from consensus.lockstep.choosing import choose_plurality
from consensus.lockstep.messages import Estimate


@dataclass(slots=True)
class Majority:
    """One participant; it learns in rounds in which at least `needed` members are heard."""

    me: ReplicaId
    committee: Committee
    rounds: int
    needed: int
    value: bytes
    decision: bytes | None = None
    has_halted: bool = False

    def send(self, in_round: int) -> Estimate:
        """The present value."""
        self.has_halted = in_round == self.rounds
        return Estimate(self.value)

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """The commonest value, if enough was heard."""
        heard = [said.value for said in mail.values() if isinstance(said, Estimate)]
        if len(heard) >= self.needed:
            self.value = choose_plurality(heard)
        if in_round == self.rounds:
            self.decision = self.value


def create_printed(me: ReplicaId, committee: Committee, value: bytes) -> Majority:
    """With the chapter's guard: more than n - f."""
    needed = committee.size - committee.faults + 1
    return Majority(me, committee, committee.faults + 1, needed, value)


def create_mended(me: ReplicaId, committee: Committee, value: bytes) -> Majority:
    """With the guard that always holds: at least n - f."""
    needed = committee.size - committee.faults
    return Majority(me, committee, committee.faults + 1, needed, value)
