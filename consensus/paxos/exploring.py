"""What of Multi-Paxos can still matter, for whoever goes through all of its configurations.

Up to some round of ballots, for one height, no checkpoint and no reads. Timeouts are left out of
account: the election timer runs out whenever it may, the failure detector says what it likes, and a
candidate may stand again at any time. What is only counted or shown is forgotten, and so is whatever
says when to look around, for nobody does here.

Supporters count while a replica canvasses, promises while it prepares, voices until there is an
outcome; of a promise its ballot is known.

Mail that is left out where nothing is lost (`is_heard`). A `Nack` makes a candidate give up, which it
may do anyway, and says what to exceed, which it finds by standing again. A heartbeat that wants an
answer and `Alive` say who is there; whom a replica follows it also learns from proposals. `Lack`, and
`Learned` that answers it, bring a value that the leader's announcement decides too.
"""

from dataclasses import dataclass
from typing import Any

from consensus.committee import ReplicaId
from consensus.events import Event, Timer
from consensus.paxos.engine import MultiPaxos
from consensus.paxos.messages import Alive, Heartbeat, Lack, Learned, Nack
from consensus.paxos.replica import Phase, Replica, Slot
from consensus.paxos.timing import ELECTION, LEARN


@dataclass(frozen=True, slots=True)
class UpTo:
    """What matters up to `round_max`."""

    round_max: int

    @property
    def openings(self) -> tuple[Event, ...]:
        """Nothing has to be said beforehand."""
        return ()

    def find_round(self, engine: MultiPaxos) -> int:
        """The round of the highest ballot that this replica knows of."""
        replica = engine.replica
        return max(replica.seen.round, replica.bar.round, replica.candidate.round)

    def count_leaders(self, size: int) -> int:
        """Everybody may stand, and ballots order them."""
        return size

    def describe(self, engine: MultiPaxos) -> Any:
        """All that a later step can depend on."""
        replica = engine.replica
        wish, clock = replica.ordering, replica.clock
        return (
            (replica.role, replica.started, replica.promised, replica.leader, replica.watched),
            (replica.suspects, replica.seen, replica.phase, replica.candidate),
            describe_support(replica),
            {height: describe_slot(slot) for height, slot in replica.slots.items()},
            (replica.decided, replica.applied, replica.chosen, replica.pending),
            replica.unapplied,
            {height: learned.values for height, learned in replica.history.items()},
            (wish.next_height, wish.requested, wish.required, wish.decided_elsewhere),
            (wish.imposed, wish.imposed_to, wish.announced),
            (clock.election, clock.learn),
        )

    def resemble(self, message: Any) -> Any:
        """Every message says what stands in it."""
        return message

    def is_heard(self, _sender: ReplicaId, message: Any) -> bool:
        """Can a message bring about what nothing else does."""
        if isinstance(message, Heartbeat):
            return message.beat == 0
        return not isinstance(message, Nack | Alive | Lack | Learned)

    def tidy(self, engine: MultiPaxos) -> None:
        """Nobody counts beats."""
        engine.replica.leading.beats = 0
        engine.replica.leading.beat_voices.clear()
        engine.replica.leading.spoke.clear()

    def may_fire(self, _engine: MultiPaxos, timer: Timer) -> bool:
        """Candidates stand, and leaders say what is chosen; resending is in vain."""
        return timer in {ELECTION, LEARN}

    def is_welcome(self, _engine: MultiPaxos, _sender: ReplicaId, _message: Any) -> bool:
        """A promise or a vote that comes early may be one too many."""
        return False


def describe_support(replica: Replica) -> Any:
    """Who stands behind a candidate."""
    if replica.phase is Phase.CANVASSING:
        return replica.supporters
    return replica.promises if replica.phase is Phase.PREPARING else None


def describe_slot(slot: Slot) -> Any:
    """What is known of one height."""
    proposal = slot.proposal
    return (
        (proposal.ballot, proposal.digest, proposal.imposed) if proposal else None,
        slot.accepted,
        slot.voices if slot.outcome is None else None,
        slot.judgements,
        slot.outcome.digest if slot.outcome else None,
    )
