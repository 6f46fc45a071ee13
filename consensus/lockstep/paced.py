"""The record of one replica of a synchronous engine: plain values, and predicates."""

from dataclasses import dataclass, field

from consensus.chaining.keeper import Keeper
from consensus.committee import ReplicaId
from consensus.lockstep.alarms import GRAVE, Alarm
from consensus.lockstep.messages import Bound, Said
from consensus.lockstep.parameters import Parameters, count_rounds
from consensus.lockstep.running import Run
from consensus.message import NULL_VALUE, Digest, Height, compute_digest

ALARM_COUNTERS = {alarm: f"alarm_{alarm.replace('-', '_')}" for alarm in Alarm}


@dataclass(slots=True)
class Slot:
    """The agreement that is running: slot `number` of the clock, on one height."""

    number: int
    height: Height
    run: Run
    outcome: bytes | None = None
    """What the algorithm came to, the null value if nobody had any."""
    reports: dict[ReplicaId, Digest] = field(default_factory=dict)
    confirms: dict[ReplicaId, Digest] = field(default_factory=dict)
    has_reported: bool = False
    has_spoken_last: bool = False
    alarm: Alarm | None = None
    """Why this replica says and decides nothing more in this slot."""


@dataclass(slots=True)
class Wish:
    """What this replica would have decided next, and what it has asked its host for."""

    height: Height = 0
    value: bytes = NULL_VALUE
    requested: Height | None = None
    required: bool = False


@dataclass(slots=True)
class Paced:
    """One replica; `algorithm` names what runs in a slot."""

    algorithm: str
    parameters: Parameters
    keeper: Keeper
    tick: int = 0
    """The last step of the clock that was taken, 0 for none."""
    slot: Slot | None = None
    early: dict[ReplicaId, Said] = field(default_factory=dict)
    """Of the round that comes next, from members whose clocks are a little ahead."""
    present: set[ReplicaId] = field(default_factory=set)
    """Who was heard since the slot began."""
    standing: Height = 0
    """The greatest height that anybody said to have decided, since the slot began."""
    stood: Height = 0
    """The same of the slot before."""
    heard: set[tuple[ReplicaId, int]] = field(default_factory=set)
    """Who was heard at which step of the last two slots, so that a copy is not called late."""
    bound: dict[Height, Bound] = field(default_factory=dict)
    """The latest value that this replica was bound to, of heights that are not executed."""
    ahead: dict[ReplicaId, int] = field(default_factory=dict)
    """The furthest step that each member was heard at too early."""
    alerts: dict[Alarm, bool] = field(default_factory=dict)
    """What was seen to be broken since the slot began, and whether people were told."""
    wish: Wish = field(default_factory=Wish)
    idle_slots: int = 0
    """Slots in a row in which nobody had a value."""
    has_asked: bool = False
    """Has it asked for what is missing since the slot began."""

    @property
    def rounds(self) -> int:
        """The rounds of a slot."""
        return count_rounds(self.parameters, self.keeper.committee)

    @property
    def front(self) -> Height:
        """The first height of which this replica does not know what it came to."""
        height = self.keeper.decided + 1
        while height in self.keeper.results:
            height += 1
        return height

    @property
    def needed(self) -> int:
        """So many members are heard, and confirm: n - f, more than half."""
        return self.keeper.committee.size - self.keeper.committee.faults

    @property
    def is_behind(self) -> bool:
        """Does somebody who is there hold what is missing here; who was there once may have lost it."""
        return max(self.standing, self.stood) >= self.front

    @property
    def is_taking_part(self) -> bool:
        """Does it speak and listen in the slot that is running."""
        return self.slot is not None and self.slot.alarm is None

    def find_step(self, said: Said) -> int:
        """The step of the clock at which this was to be said."""
        return said.slot * self.rounds + said.in_round - 1

    def list_unexecuted(self) -> tuple[Digest, ...]:
        """The values above the ledger, in order, as far as they are known."""
        above = [
            compute_digest(value)
            for height in range(self.keeper.decided + 1, self.front)
            for value in self.keeper.results[height].values or (NULL_VALUE,)
        ]
        tentative = [compute_digest(self.tentative)] if self.tentative else []
        return (*self.keeper.unexecuted(), *above, *tentative)

    @property
    def tentative(self) -> bytes:
        """What the front height may well come to; the null value if nothing is known."""
        slot, bound = self.slot, self.bound.get(self.front)
        if slot is not None and slot.height == self.front and slot.outcome:
            return slot.outcome
        return NULL_VALUE if bound is None else bound.value


def raise_alarm(paced: Paced, alarm: Alarm, slot: int | None = None) -> None:
    """What was assumed is not so: let it be seen, and say no more in the slot if that is grave.

    A member that is late or silent for a moment counts as crashed in the slot, one of f; then n - f others
    are heard in time, and confirmations guard against what it may have told some of them. Without
    confirmations every alarm is grave, unless it is about an earlier `slot`.
    """
    paced.keeper.count("synchrony_violations")
    paced.alerts.setdefault(alarm, False)
    paced.keeper.count(ALARM_COUNTERS[alarm])
    if not paced.is_taking_part or (paced.parameters.confirms and alarm not in GRAVE):
        return
    assert paced.slot is not None
    if slot is None or slot == paced.slot.number:
        paced.slot.alarm = alarm
        paced.keeper.count("abstained")
