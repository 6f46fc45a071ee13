"""Who takes part in an exploration, and what is known about them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from consensus.committee import Committee, ReplicaId
from consensus.errors import ConsensusError
from consensus.events import Timer
from consensus.message import Height

Place: TypeAlias = int
"""Where a participant sits; twins have one name and two places."""


class ExplorationError(ConsensusError):
    """What cannot be explored."""

    reason = "bad-exploration"


@dataclass(frozen=True, slots=True)
class Seat:
    """One participant before its first event."""

    name: ReplicaId
    openings: tuple[Any, ...]
    """What it takes first."""
    values: tuple[bytes, ...] = ()
    """What its clients want ordered."""
    is_liar: bool = False
    """Do its words bind nobody: a twin's."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is exact about one protocol; each default takes nothing away.

    `describe` names what of a participant's state can still matter: states with one description are
    one. `resemble` does the same for messages, `is_heard` tells which of them are carried at all.
    """

    describe: Callable[[Any], Any] = lambda participant: participant
    resemble: Callable[[Any], Any] = lambda message: message
    is_heard: Callable[[ReplicaId, Any], bool] = lambda _sender, _message: True
    tidy: Callable[[Any], None] = lambda _participant: None
    """Takes away what makes a participant do less than it might."""
    may_fire: Callable[[Any, Timer], bool] = lambda _participant, _timer: True
    """May a timer run out now; one that may not is forgotten."""
    is_welcome: Callable[[Any, ReplicaId, Any], bool] = lambda _participant, _sender, _message: (
        False
    )
    """Would a participant, if it took this message of an honest sender and said nothing, be able to do
    whatever it could do before."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The participants by place, and the bounds that are put on them."""

    committee: Committee
    create: Callable[[ReplicaId], Any]
    seats: tuple[Seat, ...]
    knowledge: Knowledge = Knowledge()
    find_round: Callable[[Any], int] = lambda _participant: 0
    """The round, ballot or view that a participant has come to."""
    rounds_max: int | None = None
    heights_max: Height | None = None
    restarts_max: int = 0
    """So often each participant may crash and come back with its journal."""
    restart: Callable[[Any], tuple[Any, ...]] | None = None
    """From a journal: the first events of the next incarnation."""
    permutations: tuple[tuple[Place, ...], ...] = ()
    """Who may stand for whom; each is checked before it is believed."""

    @property
    def size(self) -> int:
        """How many participants there are, twins included."""
        return len(self.seats)
