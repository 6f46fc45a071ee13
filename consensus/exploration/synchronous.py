"""Synchronous executions: rounds in perfect step, with whatever the adversary does to messages.

A participant is a `RoundBased` record. What crosses from one to another is signed by its sender on the
way, as far as it has signatures, and words with signatures that do not verify never arrive.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from consensus.committee import ReplicaId
from consensus.message import sign_message
from consensus.simulation.signatures import is_genuine, make_sign


class Participant(Protocol):
    """What is run; see `lockstep.protocol`."""

    rounds: int
    decision: bytes | None
    has_halted: bool

    def send(self, in_round: int) -> Any | None:
        """What it says to all in this round."""

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """What it heard in this round."""


@dataclass(frozen=True, slots=True)
class Crash:
    """A member stops in a round: its message of that round reaches `reached`, and it learns nothing."""

    in_round: int
    reached: frozenset[ReplicaId]


Alter: TypeAlias = Callable[[int, ReplicaId, ReplicaId, Any], Any]
"""(round, sender, receiver, message) to what arrives; None, either way, for nothing."""


@dataclass(slots=True)
class Execution:
    """What came of a run; rounds count from 1."""

    decisions: dict[ReplicaId, bytes] = field(default_factory=dict)
    """Of all who decided, before they crashed or not."""
    decided_in: dict[ReplicaId, int] = field(default_factory=dict)
    messages: int = 0
    """Sent to others, delivered or not."""


def execute(
    participants: Mapping[ReplicaId, Participant],
    crashes: Mapping[ReplicaId, Crash] | None = None,
    alter: Alter | None = None,
) -> Execution:
    """Run all rounds; the participants are changed. `alter` speaks for liars and broken links."""
    execution, stops = Execution(), crashes or {}
    for in_round in range(1, max(p.rounds for p in participants.values()) + 1):
        mail: dict[ReplicaId, dict[ReplicaId, Any]] = {member: {} for member in participants}
        for sender, stop in ((member, stops.get(member)) for member in participants):
            if stop is None or stop.in_round >= in_round:
                message = speak(participants[sender], sender, in_round)
                reached = participants if stop is None or stop.in_round > in_round else stop.reached
                for receiver in reached:
                    heard = message
                    if alter is not None and receiver != sender:
                        heard = alter(in_round, sender, receiver, message)
                    execution.messages += heard is not None and receiver != sender
                    if heard is not None and is_genuine(heard):
                        mail[receiver][sender] = heard
        for member, stop in ((member, stops.get(member)) for member in participants):
            if stop is None or stop.in_round > in_round:
                close(participants[member], member, in_round, mail[member], execution)
    return execution


def speak(participant: Participant, member: ReplicaId, in_round: int) -> Any | None:
    """What it says, signed where that is asked for."""
    message = participant.send(in_round)
    return None if message is None else sign_message(message, make_sign(member))


def close(
    participant: Participant,
    member: ReplicaId,
    in_round: int,
    mail: Mapping[ReplicaId, Any],
    execution: Execution,
) -> None:
    """A participant learns what it heard, and may decide; who has decided and halted is left alone."""
    if participant.decision is not None and participant.has_halted:
        return
    participant.receive(in_round, mail)
    if participant.decision is not None and member not in execution.decisions:
        execution.decisions[member] = participant.decision
        execution.decided_in[member] = in_round
