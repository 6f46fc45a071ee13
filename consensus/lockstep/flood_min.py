"""FloodMin: at most k values are decided, in f // k + 1 rounds (k-set agreement, Chaudhuri 1993).

Source: Chaudhuri, Herlihy, Lynch and Tuttle 2000, who also show that no algorithm is faster.

Model: synchronous, reliable links, members crash for good. Bound: f < n. Validity V1.
Argument: in f // k + 1 rounds there is one with fewer than k crashes. Whoever holds something lesser
than another after it got that from a member that crashed in it, so there are at most k values left,
and the number never grows again.

k = 1 is agreement by `min` in f + 1 rounds, each member saying its least value only.
Cost: (f // k + 1) n (n - 1) messages of one value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consensus.committee import Committee, ReplicaId
from consensus.lockstep.messages import Estimate


@dataclass(slots=True)
class FloodMin:
    """One participant; fewer rounds than f // k + 1 are for showing what then breaks."""

    me: ReplicaId
    committee: Committee
    rounds: int
    value: bytes
    decision: bytes | None = None
    has_halted: bool = False

    def send(self, in_round: int) -> Estimate:
        """The least value known."""
        self.has_halted = in_round == self.rounds
        return Estimate(self.value)

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """Take what is less."""
        heard = [said.value for said in mail.values() if isinstance(said, Estimate)]
        self.value = min([self.value, *heard])
        if in_round == self.rounds:
            self.decision = self.value


def create(
    me: ReplicaId, committee: Committee, value: bytes, k: int = 1, rounds: int | None = None
) -> FloodMin:
    """A participant with its input; `k` is how many values may be decided."""
    lasting = committee.faults // k + 1 if rounds is None else rounds
    return FloodMin(me, committee, lasting, value)
