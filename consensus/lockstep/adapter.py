"""The lockstep adapter: one synchronous agreement in the contract of `agreement`.

Rounds are steps of the host's clock, counted from the genesis. Round r of an agreement that begins at
step s is said at step s + r - 1 and closes at the next; a step of `delta_ms` is at least the greatest
delay, twice the skew, and what processing takes. So the assumption is a timer, and can be seen to break:
a message of a closed round, a step that was skipped, too few voices, or a voice after silence raise
an alarm, and this participant says no more and decides nothing.

It writes that it takes part before its first word. A restarted one has crashed as far as the others
can tell, and it must not decide: it listens to nobody. Who has no value when its time comes stays away.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from consensus.agreement import AgreementEffect, Decided, Event, Opened, Propose
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Ignore, Persist, SetTimer
from consensus.events import Elapsed, Received, Timer
from consensus.lockstep.alarms import Alarm
from consensus.lockstep.algorithms import ALGORITHMS
from consensus.lockstep.messages import Participating, Spoken
from consensus.lockstep.refusals import Refusal
from consensus.lockstep.running import Run, close_round, hear

ROUND: Timer = ("round",)


@dataclass(slots=True)
class Lockstep:
    """One participant; it begins at step `first_tick` of `delta_ms` milliseconds each."""

    me: ReplicaId
    committee: Committee
    algorithm: str
    """One of `ALGORITHMS`."""
    delta_ms: int
    first_tick: int
    tick: int = 0
    """The last step that was taken."""
    value: bytes | None = None
    run: Run | None = None
    early: dict[ReplicaId, Spoken] | None = None
    """Of the next round, from members whose clocks are a little ahead."""
    alarm: Alarm | None = None
    has_decided: bool = False
    is_over: bool = False
    """It has said its last, was restarted, or stays away."""

    @property
    def is_taking_part(self) -> bool:
        """Does it speak and listen."""
        return self.run is not None and self.alarm is None and not self.is_over

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        match event:
            case Opened(records):
                self.is_over = bool(records)
                yield SetTimer(ROUND, 0, align_ms=self.delta_ms)
            case Propose(value) if self.value is None:
                self.value = value
            case Elapsed(timer, tick) if timer == ROUND:
                yield from on_tick(self, tick)
            case Received(sender, Spoken() as spoken) if self.committee.is_member(sender):
                yield from on_spoken(self, sender, spoken)
            case _:
                yield Ignore(event, Refusal.UNKNOWN)


def on_tick(lockstep: Lockstep, tick: int) -> Iterator[AgreementEffect]:
    """A step of the clock: one round ends, the next begins."""
    has_skipped = tick > lockstep.tick + 1
    lockstep.tick = tick
    if lockstep.run is None and tick == lockstep.first_tick and not lockstep.is_over:
        yield from begin(lockstep)
    elif lockstep.is_taking_part:
        if has_skipped:
            lockstep.alarm = Alarm.LATE_TIMER
        else:
            yield from pass_round(lockstep)
    lockstep.is_over = lockstep.is_over or (lockstep.run is None and tick >= lockstep.first_tick)
    if not lockstep.is_over and lockstep.alarm is None:
        yield SetTimer(ROUND, 0, align_ms=lockstep.delta_ms)


def begin(lockstep: Lockstep) -> Iterator[AgreementEffect]:
    """Round 1, for whoever has a value."""
    if lockstep.value is None:
        return
    create = ALGORITHMS[lockstep.algorithm]
    lockstep.run = Run(create(lockstep.me, lockstep.committee, lockstep.value))
    yield Persist(Participating())
    yield from speak(lockstep, lockstep.run)


def pass_round(lockstep: Lockstep) -> Iterator[AgreementEffect]:
    """Learn, decide or go on."""
    run = lockstep.run
    assert run is not None
    lockstep.alarm = close_round(run)
    participant = run.participant
    if lockstep.alarm is not None:
        return
    if participant.decision is not None and not lockstep.has_decided:
        lockstep.has_decided = True
        yield Decided((participant.decision,))
    lockstep.is_over = lockstep.has_decided and participant.has_halted
    if not lockstep.is_over:
        yield from speak(lockstep, run)


def speak(lockstep: Lockstep, run: Run) -> Iterator[AgreementEffect]:
    """Say the round's word, and take what others have said already."""
    body = run.participant.send(run.in_round)
    yield Broadcast(Spoken(run.in_round, run.participant.has_halted, body))
    for sender, spoken in sorted((lockstep.early or {}).items()):
        hear(run, sender, spoken)
    lockstep.early = None


def on_spoken(lockstep: Lockstep, sender: ReplicaId, spoken: Spoken) -> Iterator[AgreementEffect]:
    """A word of the open round or of the next; any other breaks the assumption."""
    run = lockstep.run
    at = lockstep.first_tick + spoken.in_round - 1
    if lockstep.is_over or lockstep.alarm is not None:
        yield Ignore(spoken, Refusal.NOT_TAKING_PART)
    elif at == lockstep.tick + 1:
        lockstep.early = {**(lockstep.early or {}), sender: spoken}
    elif run is None:
        yield Ignore(spoken, Refusal.NOT_TAKING_PART)
    elif at == lockstep.tick:
        hear(run, sender, spoken)
    elif at < lockstep.tick and sender not in run.missed:
        yield Ignore(spoken, Refusal.DUPLICATE)
    else:
        lockstep.alarm = Alarm.LATE_MESSAGE if at < lockstep.tick else Alarm.EARLY_MESSAGE
        yield Ignore(spoken, Refusal.SYNCHRONY)
