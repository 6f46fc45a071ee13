"""An agreement that agrees on nothing: it says all it knows in every round, and never decides.

What it holds after R rounds is a view (see `views`), made of real messages in a real run: a second
opinion on whether two executions look alike to somebody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consensus.committee import Committee, ReplicaId
from consensus.message import Message


class Everything(Message, tag="bounds-everything", frozen=True):
    """All that the sender knows: nested tuples of names and views."""

    view: tuple[Any, ...]


@dataclass(slots=True)
class Teller:
    """One participant."""

    me: ReplicaId
    rounds: int
    view: tuple[Any, ...]
    decision: bytes | None = None
    has_halted: bool = False

    def send(self, _in_round: int) -> Everything:
        """All it knows."""
        return Everything(self.view)

    def receive(self, _in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """Whose views came in this round."""
        self.view = (self.me, *((sender, mail[sender].view) for sender in sorted(mail)))


def create(me: ReplicaId, committee: Committee, value: bytes) -> Teller:
    """A participant with its input, for f + 1 rounds."""
    return Teller(me, committee.faults + 1, (me, value))
