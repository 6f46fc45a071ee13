"""The king algorithm: agreement among liars without signatures, messages of one value.

Source: Berman, Garay and Perry 1989 (the form with three rounds a phase).

Model: synchronous, authenticated channels, f members lie. Bound: n > 3f. Validity V2, for any values.
A phase has three rounds: everybody says its value; who heard one from n - f members proposes it, and
who hears more than f proposals for one takes it; then the phase's king says its value, and whoever
did not hear n - f proposals for its own takes the king's.
Safety: two correct members never propose different values, since n - f votes for each would need more
than n + f votes, and n > 3f forbids that. If all correct members hold one value they keep it, for n - f
of them vote and propose it. Of f + 1 kings one is correct: if anybody keeps its value against that
king, n - 2f > f correct members proposed it, so the king holds it too, and after its phase all agree.

Cost: 3 (f + 1) rounds; in each phase at most (2n + 1)(n - 1) messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consensus.committee import Committee, ReplicaId
from consensus.lockstep.choosing import choose_plurality, count
from consensus.lockstep.messages import Estimate, Proposal

ROUNDS_A_PHASE = 3


@dataclass(slots=True)
class PhaseKing:
    """One participant."""

    me: ReplicaId
    committee: Committee
    rounds: int
    value: bytes
    votes: int = 0
    """How many members voted for the commonest value in this phase."""
    commonest: bytes = b""
    support: int = 0
    """How many proposed the own value in this phase."""
    decision: bytes | None = None
    has_halted: bool = False

    @property
    def enough(self) -> int:
        """So many members are heard whoever lies or is silent."""
        return self.committee.size - self.committee.faults

    def send(self, in_round: int) -> Estimate | Proposal | None:
        """A vote, a proposal, or the king's word."""
        self.has_halted = in_round == self.rounds
        phase, step = divmod(in_round - 1, ROUNDS_A_PHASE)
        match step:
            case 0:
                return Estimate(self.value)
            case 1:
                return Proposal(self.commonest) if self.votes >= self.enough else None
            case _:
                is_king = self.committee.primary(phase) == self.me
                return Estimate(self.value) if is_king else None

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """Count votes, then proposals, then listen to the king."""
        phase, step = divmod(in_round - 1, ROUNDS_A_PHASE)
        match step:
            case 0:
                heard = [said.value for said in mail.values() if isinstance(said, Estimate)]
                self.commonest = choose_plurality(heard)
                self.votes = heard.count(self.commonest)
            case 1:
                self.take_proposals(mail)
            case _:
                said = mail.get(self.committee.primary(phase))
                if self.support < self.enough and isinstance(said, Estimate):
                    self.value = said.value
        if in_round == self.rounds:
            self.decision = self.value

    def take_proposals(self, mail: Mapping[ReplicaId, Any]) -> None:
        """More than f proposals: a correct member made one."""
        counts = count(said.value for said in mail.values() if isinstance(said, Proposal))
        for value in sorted(counts):
            if counts[value] >= self.committee.weak_quorum:
                self.value = value
        self.support = counts.get(self.value, 0)


def create(me: ReplicaId, committee: Committee, value: bytes) -> PhaseKing:
    """A participant with its input."""
    rounds = ROUNDS_A_PHASE * (committee.faults + 1)
    return PhaseKing(me, committee, rounds, value)
