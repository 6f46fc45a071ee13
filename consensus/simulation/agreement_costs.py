"""What one agreement costs, measured: nobody fails, every message takes one unit of time.

The good case of each: all have the same input (see `Claims` for those of which something is said with
different ones, or with one proposer), and coins show what was proposed.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import msgspec

from consensus import agreements, synchronous
from consensus.agreement import Decided, Opened, Propose
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Check, Persist, Send, Toss
from consensus.events import Checked, Received, Tossed, Verdict
from consensus.exploration.synchronous import execute
from consensus.message import compute_digest, encode, sign_message
from consensus.simulation.meters import compute_state_bytes
from consensus.simulation.signatures import make_sign
from consensus.simulation.telling import name_message

ONE = b"\x01"


class Outlay(msgspec.Struct, frozen=True):
    """The cost of one agreement; messages to oneself are left out."""

    messages: dict[str, int]
    bytes_total: int
    rounds: int
    """Causal depth of the last decision, or the round at whose end it came."""
    writes: int
    """Durable ones of all members."""
    state_bytes_peak: int

    @property
    def messages_total(self) -> int:
        """Of all kinds."""
        return sum(self.messages.values())


@dataclass(slots=True)
class Purse:
    """Counts what is spent."""

    messages: Counter[str] = field(default_factory=Counter)
    bytes_total: int = 0
    rounds: int = 0
    writes: int = 0
    state_bytes_peak: int = 0

    def pay(self, message: Any) -> None:
        """One copy leaves."""
        self.messages[name_message(message)] += 1
        self.bytes_total += len(encode(message))

    def weigh(self, participant: Any) -> None:
        """Its state, after a step."""
        self.state_bytes_peak = max(self.state_bytes_peak, compute_state_bytes(participant))

    def read(self) -> Outlay:
        """All of it."""
        messages = dict(sorted(self.messages.items()))
        return Outlay(messages, self.bytes_total, self.rounds, self.writes, self.state_bytes_peak)


@dataclass(slots=True)
class Market:
    """Participants without a clock, and the mail between them, oldest first."""

    committee: Committee
    participants: dict[ReplicaId, Any]
    purse: Purse = field(default_factory=Purse)
    depths: Counter[ReplicaId] = field(default_factory=Counter)
    mail: deque[tuple[ReplicaId, ReplicaId, Any, int]] = field(default_factory=deque)

    def tell(self, me: ReplicaId, event: Any) -> None:
        """One event, and what its host answers at once."""
        inbox = deque([event])
        participant = self.participants[me]
        while inbox:
            for effect in list(participant.react(inbox.popleft())):
                self.perform(me, effect, inbox)
            self.purse.weigh(participant)

    def perform(self, me: ReplicaId, effect: Any, inbox: deque[Any]) -> None:
        """Do what a participant asks; timers never run out here."""
        match effect:
            case Send(to, message) if to == me:
                inbox.append(Received(me, message))
            case Send(to, message):
                self.post(me, to, message)
            case Broadcast(message):
                for to in self.committee.members:
                    if to != me:
                        self.post(me, to, message)
                inbox.append(Received(me, message))
            case Persist():
                self.purse.writes += 1
            case Toss(tag):
                inbox.append(Tossed(tag, ONE[0]))
            case Check(_, digest):
                inbox.append(Checked(digest, Verdict.VALID))
            case Decided():
                self.purse.rounds = max(self.purse.rounds, self.depths[me])

    def post(self, me: ReplicaId, to: ReplicaId, message: Any) -> None:
        """Put a copy on a link."""
        signed = sign_message(message, make_sign(me))
        self.purse.pay(signed)
        self.mail.append((me, to, signed, self.depths[me] + 1))

    def run(self) -> None:
        """Until nothing is on its way."""
        while self.mail:
            sender, to, message, depth = self.mail.popleft()
            self.depths[to] = max(self.depths[to], depth)
            self.tell(to, Received(sender, message))


def measure_agreement(name: str, committee: Committee) -> Outlay:
    """One of `agreements`."""
    spec = agreements.get(name)
    claims = spec.claims
    market = Market(committee, {me: spec.create(me, committee) for me in committee.members})
    for me in committee.members:
        market.tell(me, Opened())
    for me in committee.members[: 1 if claims and claims.has_one_proposer else None]:
        market.tell(me, Propose(ONE))
    market.run()
    return market.purse.read()


def measure_synchronous(name: str, committee: Committee) -> Outlay:
    """One of `synchronous`, in perfect step."""
    spec, purse = synchronous.get(name), Purse()
    participants = {
        me: spec.create(
            me,
            committee,
            compute_digest(bytes([me if spec.claims and spec.claims.is_mixed else 0])),
        )
        for me in committee.members
    }

    def hear(_round: int, sender: ReplicaId, _to: ReplicaId, message: Any) -> Any:
        if message is not None:
            purse.pay(message)
            purse.weigh(participants[sender])
        return message

    execution = execute(participants, alter=hear)
    purse.rounds = max(execution.decided_in.values())
    return purse.read()
