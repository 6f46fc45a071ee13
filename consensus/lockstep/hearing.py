"""What other members say in rounds: in time, or a sign that the assumption is broken."""

from collections.abc import Iterator

from consensus.chaining.refusals import Refusal as ChainRefusal
from consensus.committee import ReplicaId
from consensus.effects import Effect, Ignore
from consensus.lockstep.alarms import Alarm
from consensus.lockstep.deciding import settle_confirmed
from consensus.lockstep.messages import Confirm, Report, Said
from consensus.lockstep.paced import Paced, raise_alarm
from consensus.lockstep.refusals import Refusal
from consensus.lockstep.running import hear


def on_said(paced: Paced, sender: ReplicaId, said: Said) -> Iterator[Effect]:
    """A word of some round."""
    keeper = paced.keeper
    keeper.claim(sender, said.height - 1)
    if not keeper.is_voting:
        yield Ignore(said, ChainRefusal.NOT_VOTING)
        return
    step = paced.find_step(said)
    if said.in_round > paced.rounds or not paced.tick:
        yield Ignore(said, Refusal.UNKNOWN if paced.tick else Refusal.NOT_TAKING_PART)
    elif (sender, step) in paced.heard:
        yield Ignore(said, Refusal.DUPLICATE)
    else:
        if step <= paced.tick + 1:
            paced.heard.add((sender, step))
        yield from take_in_turn(paced, sender, said, step)


def take_in_turn(paced: Paced, sender: ReplicaId, said: Said, step: int) -> Iterator[Effect]:
    """Of this round, of the next, or at a time when it should not be heard."""
    if step == paced.tick:
        yield from take_letter(paced, sender, said)
    elif step == paced.tick + 1:
        paced.early[sender] = said
    elif step < paced.tick:
        if sender != paced.keeper.me:
            raise_alarm(paced, Alarm.LATE_MESSAGE, said.slot)
        yield Ignore(said, Refusal.SYNCHRONY)
    else:
        if step > paced.ahead.get(sender, 0):
            paced.ahead[sender] = step
            raise_alarm(paced, Alarm.EARLY_MESSAGE)
        yield Ignore(said, Refusal.SYNCHRONY)


def take_letter(paced: Paced, sender: ReplicaId, said: Said) -> Iterator[Effect]:
    """In time: it counts if it is about the slot and height that this replica works on."""
    slot = paced.slot
    if slot is None or slot.alarm is not None:
        yield Ignore(said, Refusal.NOT_TAKING_PART)
    elif (said.slot, said.height) != (slot.number, slot.height):
        yield Ignore(said, Refusal.OTHER_HEIGHT)
    else:
        hear(slot.run, sender, said)
        if isinstance(said.body, Report):
            slot.reports.setdefault(sender, said.body.digest)
        elif isinstance(said.body, Confirm):
            slot.confirms.setdefault(sender, said.body.digest)
            yield from settle_confirmed(paced, slot)
