"""The lockstep adapter: rounds are steps of a clock, and a clock that lies is noticed."""

from typing import Any

import pytest

from consensus.agreement import Decided, Opened, Propose, step
from consensus.committee import Committee
from consensus.effects import Broadcast, Ignore, Persist, SetTimer
from consensus.events import Elapsed, Received
from consensus.lockstep.adapter import ROUND, Lockstep
from consensus.lockstep.alarms import Alarm
from consensus.lockstep.algorithms import ALGORITHMS
from consensus.lockstep.messages import Flood, Pair, Participating, Spoken
from consensus.lockstep.refusals import Refusal

DELTA_MS = 100
FIRST = 5


def make(algorithm: str = "flood-set", size: int = 3, faults: int = 1) -> list[Lockstep]:
    committee = Committee.of(size, faults)
    members = [Lockstep(me, committee, algorithm, DELTA_MS, FIRST) for me in range(size)]
    for me, member in enumerate(members):
        assert step(member, Opened()) == [SetTimer(ROUND, 0, align_ms=DELTA_MS)]
        step(member, Propose(b"%d" % (me % 2)))
    return members


def pass_step(members: list[Lockstep], tick: int, lost: Any = None) -> dict[int, list[Any]]:
    """One step of everybody's clock; what is said arrives before the next, unless it is lost."""
    effects = {me: step(member, Elapsed(ROUND, tick)) for me, member in enumerate(members)}
    for sender, said in effects.items():
        for effect in said:
            if isinstance(effect, Broadcast):
                for receiver, member in enumerate(members):
                    if lost is None or not lost(sender, receiver):
                        step(member, Received(sender, effect.message))
    return effects


def words(effects: list[Any]) -> list[Decided]:
    return [effect for effect in effects if isinstance(effect, Decided)]


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_rounds_are_steps(algorithm: str) -> None:
    size, faults = (4, 1) if algorithm in {"phase-king", "gathering"} else (3, 1)
    members = make(algorithm, size, faults)
    decided: dict[int, Decided] = {}
    for tick in range(FIRST - 2, FIRST + 8):
        for me, effects in pass_step(members, tick).items():
            for word in words(effects):
                assert me not in decided
                decided[me] = word
    assert len(decided) == size
    assert len(set(decided.values())) == 1
    assert all(member.alarm is None for member in members)


def test_it_writes_before_its_first_word() -> None:
    (first, _, _) = make()
    assert step(first, Elapsed(ROUND, FIRST - 1)) == [SetTimer(ROUND, 0, align_ms=DELTA_MS)]
    effects = step(first, Elapsed(ROUND, FIRST))
    assert effects[0] == Persist(Participating())
    assert isinstance(effects[1], Broadcast)


def test_who_was_restarted_is_dead_to_this_agreement() -> None:
    again = Lockstep(0, Committee.of(3, 1), "flood-set", DELTA_MS, FIRST)
    step(again, Opened((Participating(),)))
    step(again, Propose(b"x"))
    assert step(again, Elapsed(ROUND, FIRST)) == []
    assert isinstance(step(again, Received(1, Spoken(1, False, None)))[0], Ignore)


def test_who_has_no_value_in_time_stays_away() -> None:
    late = Lockstep(0, Committee.of(3, 1), "flood-set", DELTA_MS, FIRST)
    step(late, Opened())
    step(late, Elapsed(ROUND, FIRST))
    step(late, Propose(b"x"))
    assert step(late, Elapsed(ROUND, FIRST + 1)) == []


def test_a_late_message_raises_the_alarm_and_ends_it() -> None:
    members = make()
    kept: list[Any] = []

    def lose(sender: int, receiver: int) -> bool:
        return (sender, receiver) == (2, 0)

    kept = pass_step(members, FIRST, lose)[2]
    pass_step(members, FIRST + 1)
    # Heard again after silence: that is no crash.
    assert words(step(members[0], Elapsed(ROUND, FIRST + 2))) == []
    assert members[0].alarm is Alarm.RETURNED
    (said,) = [effect.message for effect in kept if isinstance(effect, Broadcast)]
    assert step(members[0], Received(2, said)) == [Ignore(said, Refusal.NOT_TAKING_PART)]
    other = make()
    pass_step(other, FIRST, lose)
    step(other[0], Elapsed(ROUND, FIRST + 1))
    assert step(other[0], Received(2, said)) == [Ignore(said, Refusal.SYNCHRONY)]
    assert other[0].alarm is Alarm.LATE_MESSAGE
    assert step(other[0], Elapsed(ROUND, FIRST + 2)) == []


def test_a_skipped_step_and_too_few_voices_raise_it_too() -> None:
    members = make()
    pass_step(members, FIRST)
    step(members[0], Elapsed(ROUND, FIRST + 2))
    assert members[0].alarm is Alarm.LATE_TIMER
    lonely = make()
    pass_step(lonely, FIRST, lambda sender, receiver: sender != receiver)
    step(lonely[0], Elapsed(ROUND, FIRST + 1))
    assert lonely[0].alarm is Alarm.TOO_FEW


def test_a_clock_a_little_ahead_is_waited_for() -> None:
    members = make()
    ahead = Spoken(1, False, Flood((Pair(1, b"1"),)))
    assert step(members[0], Elapsed(ROUND, FIRST - 1)) != []
    assert step(members[0], Received(1, ahead)) == []
    step(members[0], Elapsed(ROUND, FIRST))
    assert members[0].run is not None
    assert 1 in members[0].run.mail
    far = Spoken(3, False, None)
    assert step(members[0], Received(2, far)) == [Ignore(far, Refusal.SYNCHRONY)]
    assert members[0].alarm is Alarm.EARLY_MESSAGE


def test_a_copy_is_no_late_message() -> None:
    members = make()
    effects = pass_step(members, FIRST)
    (said,) = [e.message for e in effects[1] if isinstance(e, Broadcast)]
    step(members[0], Elapsed(ROUND, FIRST + 1))
    assert step(members[0], Received(1, said)) == [Ignore(said, Refusal.DUPLICATE)]
    assert members[0].alarm is None
