"""Rounds of one agreement, as they pass: mail, silence, and the signs of a broken assumption.

Nobody calls a message late here: whoever owns the clock does (see `adapter` and `pacing`).
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

from consensus.committee import ReplicaId
from consensus.lockstep.alarms import Alarm
from consensus.lockstep.protocol import RoundBased


class Letter(Protocol):
    """A message of a round: see `messages.Said` and `messages.Spoken`."""

    @property
    def last(self) -> bool:
        """Does the sender say no more."""

    @property
    def body(self) -> Any:
        """What the algorithm says, or None."""


@dataclass(slots=True)
class Run:
    """One participant of one agreement, and the round that is open."""

    participant: RoundBased
    in_round: int = 1
    mail: dict[ReplicaId, Any] = field(default_factory=dict)
    """Letters of the open round, the first of each sender."""
    quiet: set[ReplicaId] = field(default_factory=set)
    """Who has said its last."""
    missed: set[ReplicaId] = field(default_factory=set)
    """Who was not heard in some round, and has therefore crashed."""

    @property
    def needed(self) -> int:
        """So many are heard in every round while no more than f have crashed."""
        committee = self.participant.committee
        return committee.size - committee.faults


def hear(run: Run, sender: ReplicaId, letter: Letter) -> None:
    """A letter of the open round; the first of each sender counts."""
    run.mail.setdefault(sender, letter)


def close_round(run: Run) -> Alarm | None:
    """The open round is over: the algorithm learns what its members said, if enough were heard.

    Who was missed once has crashed, and is not listened to again. What it says is a sign that it has
    not, which the caller may hold for a reason to stop.
    """
    letters = {sender: m for sender, m in run.mail.items() if sender not in run.missed}
    returned = len(letters) < len(run.mail)
    heard = letters.keys() | run.quiet
    run.missed |= set(run.participant.committee.members) - heard
    run.quiet |= {sender for sender, letter in letters.items() if letter.last}
    run.mail = {}
    if len(heard) < run.needed:
        return Alarm.TOO_FEW
    participant = run.participant
    if participant.decision is None or not participant.has_halted:
        bodies = {sender: m.body for sender, m in letters.items() if m.body is not None}
        participant.receive(run.in_round, bodies)
    run.in_round += 1
    return Alarm.RETURNED if returned else None
