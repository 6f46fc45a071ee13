"""A synchronous network whose wiring may be wrong, and some of whose members are not what they seem.

Participants are the round-based agreements that nodes run (`lockstep.protocol`), and rounds are those of
`exploration.synchronous`. Nothing is left to chance, so a run is a function of its plan.

Participants stand at *places*, and whom a name leads to depends on where one stands: in a network as it
should be, place and name are the same; in the ring of `hexagon` they are not. A *puppet* stands where
no participant does and says what it was given, to each receiver its own. What a puppet says with the
signature of somebody who never gave it is thrown away, as links and hosts would do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from consensus.bounds.views import Crash
from consensus.committee import Committee, ReplicaId
from consensus.exploration import synchronous
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

    def reaches(self, place: Place, to: Place) -> bool:
        """Is this place meant by its name over there."""
        return self.route(to, self.name(place)) == place


@dataclass(slots=True)
class Standing:
    """A participant at its place: it signs with its name, and hears whom names lead to from there."""

    plan: Plan
    place: Place
    inner: Any
    rounds: int
    made: set[tuple[ReplicaId, bytes]]
    """What was ever signed, by whom: nobody else can sign it."""
    heard: list[Heard] = field(default_factory=list)
    decision: bytes | None = None
    has_halted: bool = False

    def send(self, in_round: int) -> Any:
        """What it says, signed."""
        message = self.inner.send(in_round)
        self.has_halted = self.inner.has_halted
        if message is None:
            return None
        signed = sign_message(message, make_sign(self.plan.name(self.place)))
        self.made.update((part.signer, part.body) for part in signed.signed_parts())
        return signed

    def receive(self, in_round: int, mail: Mapping[Place, Any]) -> None:
        """What came from those who are meant here, under their names."""
        meant = {
            self.plan.name(place): message
            for place, message in mail.items()
            if self.plan.reaches(place, self.place)
        }
        ordered = dict(sorted(meant.items()))
        self.heard += [Heard(in_round, sender, message) for sender, message in ordered.items()]
        self.inner.receive(in_round, ordered)
        self.decision = self.inner.decision


@dataclass(slots=True)
class Puppet:
    """Takes no part: what it is said to have said is put on the links."""

    rounds: int = 0
    decision: bytes | None = None
    has_halted: bool = False

    def send(self, _in_round: int) -> None:
        """Nothing by itself."""

    def receive(self, _in_round: int, _mail: Mapping[Place, Any]) -> None:
        """It listens to nobody."""


@dataclass(slots=True)
class Run:
    """A run that has ended."""

    plan: Plan
    standing: dict[Place, Standing] = field(default_factory=dict)
    made: set[tuple[ReplicaId, bytes]] = field(default_factory=set)
    forged: int = 0
    """Messages of puppets that were thrown away."""
    decisions: dict[Place, bytes] = field(default_factory=dict)
    """Also of those who crashed afterwards."""

    def alter(self, in_round: int, sender: Place, to: Place, message: Any) -> Any:
        """What comes over a link instead of a message."""
        if (sender, to) in self.plan.cut:
            return None
        faces = self.plan.puppets.get(sender)
        if faces is None:
            return message
        said = faces.get((in_round, to))
        parts = [] if said is None else said.signed_parts()
        me = self.plan.name(sender)
        if any(part.signer != me and (part.signer, part.body) not in self.made for part in parts):
            self.forged += 1
            return None
        return said


def run(plan: Plan) -> Run:
    """Play all rounds."""
    ran = Run(plan)
    for place, value in plan.inputs.items():
        inner = plan.create(plan.name(place), plan.committee, value)
        ran.standing[place] = Standing(plan, place, inner, inner.rounds, ran.made)
    crashes = {
        place: synchronous.Crash(crash.round, frozenset(crash.reached))
        for place, crash in plan.crashes.items()
    }
    participants: dict[Place, Any] = {
        **ran.standing,
        **{puppet: Puppet() for puppet in plan.puppets},
    }
    executed = synchronous.execute(dict(sorted(participants.items())), crashes, ran.alter)
    ran.decisions = executed.decisions
    return ran
