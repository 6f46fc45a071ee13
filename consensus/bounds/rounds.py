"""A synchronous network of a few participants, round by round, and an adversary with a plan.

Participants are the round-based agreements that nodes run (`lockstep.protocol`): in a round everybody
says one message to all, and what was said arrives before the round ends. Nothing is left to chance, so
a run is a function of its plan.

Participants stand at *places*, and whom a name leads to depends on where one stands: in a network as it
should be, place and name are the same; in the ring of `hexagon` they are not. A *puppet* stands where
no participant does and says what it was given, to each receiver its own. What a puppet says with the
signature of somebody who never gave it is thrown away, as links and hosts would do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from consensus.bounds.views import Crash, hears
from consensus.committee import Committee, ReplicaId
from consensus.message import sign_message
from consensus.simulation.signatures import make_sign

Place: TypeAlias = int
Create: TypeAlias = Callable[[ReplicaId, Committee, bytes], Any]
"""A round-based participant with its input."""
Route: TypeAlias = Callable[[Place, ReplicaId], Place]
"""From where one stands and whom one names, to the place that is meant."""
Faces: TypeAlias = Mapping[tuple[int, Place], Any]
"""What a puppet says: by round and receiver."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it came to somebody, in which round."""

    round: int
    sender: ReplicaId
    message: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """Who takes part, and what happens to them.

    `inputs` are by place, and so are `names`; a place without a participant is in `puppets`.
    """

    committee: Committee
    create: Create
    inputs: Mapping[Place, bytes]
    crashes: Mapping[Place, Crash] = field(default_factory=dict)
    puppets: Mapping[Place, Faces] = field(default_factory=dict)
    cut: frozenset[tuple[Place, Place]] = frozenset()
    """Directed links on which everything is lost: omissions of one of their ends."""
    names: Mapping[Place, ReplicaId] | None = None
    route: Route = lambda _place, name: name

    def name(self, place: Place) -> ReplicaId:
        """What whoever stands at a place is called."""
        return place if self.names is None else self.names[place]


@dataclass(slots=True)
class Run:
    """A run, up to some round."""

    plan: Plan
    round: int = 0
    participants: dict[Place, Any] = field(default_factory=dict)
    """Those who are up."""
    heard: dict[Place, list[Heard]] = field(default_factory=dict)
    decisions: dict[Place, bytes] = field(default_factory=dict)
    """Also of those who crashed afterwards."""
    made: set[tuple[ReplicaId, bytes]] = field(default_factory=set)
    """What was ever signed, by whom: nobody else can sign it."""
    forged: int = 0
    """Messages of puppets that were thrown away."""

    def advance(self) -> None:
        """One round."""
        self.round += 1
        mail: dict[Place, dict[ReplicaId, Any]] = {place: {} for place in self.participants}
        for place, participant in self.participants.items():
            message = self.sign(place, participant.send(self.round))
            for name in self.plan.committee.members if message is not None else ():
                to = self.plan.route(place, name)
                if to in mail and self.reaches(place, to):
                    mail[to][self.plan.name(place)] = message
        for puppet, faces in self.plan.puppets.items():
            self.speak(puppet, faces, mail)
        for place, crash in self.plan.crashes.items():
            if crash.round == self.round:
                del self.participants[place]
        for place, participant in self.participants.items():
            self.receive(place, participant, mail[place])

    def reaches(self, place: Place, to: Place) -> bool:
        """Does a message get there: from a place that is meant by its name there, and not cut short."""
        plan = self.plan
        is_meant = plan.route(to, plan.name(place)) == place
        crash = plan.crashes.get(place)
        return is_meant and (place, to) not in plan.cut and hears(crash, self.round, to, place)

    def sign(self, place: Place, message: Any) -> Any:
        """What leaves is signed by whoever says it."""
        if message is None:
            return None
        signed = sign_message(message, make_sign(self.plan.name(place)))
        self.made.update((part.signer, part.body) for part in signed.signed_parts())
        return signed

    def speak(self, puppet: Place, faces: Faces, mail: dict[Place, dict[ReplicaId, Any]]) -> None:
        """What a puppet says in this round; its own name it may sign for, and no other."""
        me = self.plan.name(puppet)
        for place, heard in mail.items():
            message = faces.get((self.round, place))
            if message is None:
                continue
            parts = [part for part in message.signed_parts() if part.signer != me]
            if all((part.signer, part.body) in self.made for part in parts):
                heard[me] = message
            else:
                self.forged += 1

    def receive(self, place: Place, participant: Any, mail: dict[ReplicaId, Any]) -> None:
        """The round has ended for somebody."""
        for sender in sorted(mail):
            self.heard.setdefault(place, []).append(Heard(self.round, sender, mail[sender]))
        participant.receive(self.round, dict(sorted(mail.items())))
        if participant.decision is not None and place not in self.decisions:
            self.decisions[place] = participant.decision


def run(plan: Plan, rounds: int) -> Run:
    """Play so many rounds."""
    begun = Run(plan)
    for place, value in plan.inputs.items():
        begun.participants[place] = plan.create(plan.name(place), plan.committee, value)
        begun.heard[place] = []
    while begun.round < rounds:
        begun.advance()
    return begun
