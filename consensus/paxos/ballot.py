"""Ballots: totally ordered, and no two proposers ever share one (Lamport 1998, 2.2).

A ballot is a round and the id of the one replica that may use it. Equal rounds are told apart by the
proposer, so ballots cannot collide; a proposer that has used a round never uses it again, since it
wrote the round down before it said it.
"""

from typing import Annotated

import msgspec

from consensus.committee import ReplicaId
from consensus.message import Message


class Ballot(Message, tag="paxos-ballot", frozen=True, order=True):
    """`round` counts first, then `proposer`."""

    round: Annotated[int, msgspec.Meta(ge=0)]
    proposer: Annotated[ReplicaId, msgspec.Meta(ge=0)]


NO_BALLOT = Ballot(-1, -1)
"""Below every ballot: nothing was promised or accepted yet."""


def compute_next_ballot(seen: Ballot, proposer: ReplicaId) -> Ballot:
    """The lowest ballot of `proposer` in a round above `seen`."""
    return Ballot(seen.round + 1, proposer)
