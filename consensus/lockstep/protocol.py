"""The contract of rounds: what to say, what to learn (Lynch 1996, chapter 2).

All members begin round 1 together. In a round each says at most one message to all, and whatever a
member that is up says arrives before the round ends; a member that crashes in a round may reach some
and not others, and learns nothing from it. Algorithms are records of plain values, so that copying,
comparing and hashing them are generic (see `engine`). They see no clock: making rounds of one, and
noticing when the assumption breaks, is the lockstep adapter's business.

A decision stands when its round has ended, not before: only then is it certain that what the round
was to say has been said.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from consensus.committee import Committee, ReplicaId


class RoundBased(Protocol):
    """One participant of one agreement; it has its input from the start."""

    me: ReplicaId
    committee: Committee
    rounds: int
    """The round at whose end everybody has decided."""
    decision: bytes | None
    """The final word, once there is one."""
    has_halted: bool
    """Is the last message out: others must not count on hearing it again."""

    def send(self, in_round: int) -> Any | None:
        """What it says to all in this round, itself included; None for nothing."""
        ...

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """The round has ended: what each member that was heard has said."""
        ...
