"""The steps of the clock: rounds end and begin, and with the last one the slot.

All steps are counted from the genesis, so everybody knows which round of which slot a step is. Who is
not up to date, or hears too few members, stays away from a slot; whoever takes part and sees the
assumption broken says nothing more in it. Both ask the others what was decided.
"""

from collections.abc import Iterator

from consensus.chaining import catch_up, checkpoint
from consensus.effects import Broadcast, Check, Effect, Ignore, SetTimer
from consensus.events import Elapsed, Timer
from consensus.lockstep.alarms import Alarm
from consensus.lockstep.algorithms import ALGORITHMS
from consensus.lockstep.choosing import Candidate, pack, unpack
from consensus.lockstep.deciding import conclude, settle_unconfirmed
from consensus.lockstep.hearing import take_letter
from consensus.lockstep.messages import Said
from consensus.lockstep.paced import Paced, Slot, raise_alarm
from consensus.lockstep.refusals import Refusal
from consensus.lockstep.running import Run, close_round
from consensus.message import NULL_VALUE, compute_digest

STEP: Timer = ("step",)


def set_step(paced: Paced) -> SetTimer:
    """Until the next step of the clock."""
    return SetTimer(STEP, 0, align_ms=paced.parameters.delta_ms)


def on_step(paced: Paced, event: Elapsed) -> Iterator[Effect]:
    """A step: close the round that was open, begin the next one."""
    if event.timer != STEP or event.tick <= paced.tick:
        yield Ignore(event, Refusal.UNKNOWN)
        if event.timer == STEP:
            yield set_step(paced)
        return
    has_skipped, paced.tick = 0 < paced.tick < event.tick - 1, event.tick
    if has_skipped:
        raise_alarm(paced, Alarm.LATE_TIMER)
    elif paced.is_taking_part:
        yield from pass_round(paced)
    number, in_round = divmod(event.tick, paced.rounds)
    if in_round == 0 or (paced.slot is not None and paced.slot.number != number):
        end_slot(paced)
    if in_round == 0:
        yield from begin_slot(paced, number)
    elif paced.is_taking_part:
        yield from speak(paced)
    paced.early = {}
    yield set_step(paced)


def pass_round(paced: Paced) -> Iterator[Effect]:
    """The open round is over: learn, and perhaps come to a value."""
    slot = paced.slot
    assert slot is not None
    alarm = close_round(slot.run)
    decision = slot.run.participant.decision
    if alarm is not None:
        raise_alarm(paced, alarm)
    if slot.alarm is None and decision is not None and slot.outcome is None:
        slot.outcome = unpack(decision).value
        if slot.outcome != NULL_VALUE:
            yield Check(slot.height, compute_digest(slot.outcome), slot.outcome, forced=True)
            yield from settle_unconfirmed(paced, slot)


def end_slot(paced: Paced) -> None:
    """Nothing of it counts any more; a value that was not confirmed binds whoever confirmed it."""
    slot = paced.slot
    paced.slot = None
    if slot is None or slot.height < paced.front:
        paced.idle_slots = 0
        return
    if slot.outcome and slot.alarm is None:
        paced.slot = slot
        raise_alarm(paced, Alarm.UNCONFIRMED)
        paced.slot = None
    is_idle = slot.alarm is None and slot.outcome == NULL_VALUE
    paced.idle_slots = paced.idle_slots + 1 if is_idle else 0


def may_take_part(paced: Paced, number: int) -> bool:
    """Up to date, among enough others, and not in a slot that this replica was bound in."""
    keeper, height = paced.keeper, paced.front
    bound = paced.bound.get(height)
    is_due = bound is None or bound.slot < number
    is_current = height <= keeper.ceiling and not paced.is_behind
    me = keeper.me
    return keeper.is_voting and is_current and is_due and len(paced.present | {me}) >= paced.needed


def begin_slot(paced: Paced, number: int) -> Iterator[Effect]:
    """Take part with the value that binds this replica, or else with its wish."""
    keeper, height = paced.keeper, paced.front
    paced.stood, paced.standing = paced.standing, 0
    takes_part = may_take_part(paced, number)
    paced.present, paced.has_asked = set(), False
    paced.alerts = {alarm: told for alarm, told in paced.alerts.items() if not told}
    oldest = paced.tick - 2 * paced.rounds
    paced.heard = {(sender, step) for sender, step in paced.heard if step >= oldest}
    if takes_part:
        assert keeper.me is not None
        bound = paced.bound.get(height)
        wish = paced.wish.value if paced.wish.height == height else NULL_VALUE
        if bound is not None:
            keeper.count("bound_carried")
        rank = (keeper.committee.members.index(keeper.me) - height) % keeper.committee.size
        candidate = Candidate(bound.slot, 0, bound.value) if bound else Candidate(0, rank, wish)
        create = ALGORITHMS[paced.algorithm]
        participant = create(keeper.me, keeper.committee, pack(candidate))
        paced.slot = Slot(number, height, Run(participant))
        keeper.count("slots")
        yield from speak(paced)
    else:
        keeper.count("stayed_away")
        yield from ask(paced)
    if checkpoint.lacks_certificate(keeper):
        yield from checkpoint.repeat_votes(keeper)


def ask(paced: Paced) -> Iterator[Effect]:
    """Say what is missing here, once a slot; that this replica is there is news too."""
    if not paced.has_asked:
        paced.has_asked = True
        yield from catch_up.ask(paced.keeper)


def speak(paced: Paced) -> Iterator[Effect]:
    """The word of the round that begins: the algorithm's, the confirmation, or a sign of life."""
    slot = paced.slot
    assert slot is not None
    if slot.has_spoken_last:
        return
    run = slot.run
    if slot.outcome is not None and slot.run.participant.has_halted:
        yield from conclude(paced, slot)
    else:
        body = run.participant.send(run.in_round)
        yield Broadcast(Said(slot.number, slot.height, run.in_round, False, body))
    for sender, said in sorted(paced.early.items()):
        yield from take_letter(paced, sender, said)
