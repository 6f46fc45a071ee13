"""Randomised agreement among members that may lie, with a common coin: the chapter's 6.1, for ledgers.

Source: Mostéfaoui, Moumen and Raynal 2014, with the third step (CONF) that the flaw found by MacBrough
in its first deployment asks for.

Model: asynchronous; what is repeated arrives; f members lie, others may crash and come back with their
journals. Inputs are bits. A common coin, whose face nobody knows before a correct member asks for it.
Bound: n > 3f. Validity V2: if all correct members have one input, that is decided.

A round. Every member says which value it holds (`Backed`), and also backs what f + 1 others back. What
2f + 1 back is *accepted*: a correct member held it, and everybody accepts it sooner or later. Each
says the first value that it accepts (`Seen`), waits for n - f such words about accepted values, and
says which values they name (`Confirmed`). With n - f of those, about accepted values only, it asks for
the coin. If all of them name one value it holds that, and decides it where the coin shows it; else it
holds what the coin shows.

Agreement. Two correct members cannot be left with one value each, and different ones: n - f words each
meet in a correct member. So when v is decided everybody holds v, from the words or from the coin,
and from then on only v is accepted.
Binding, and with it termination: a correct member's `Confirmed` names both values or v, the same v for
all. Whoever asks first for the coin has n - f of them: one that names v, and nobody ends with the other
value; or f + 1 correct ones that name both, which meet every n - f, so nobody ends with a single value.
So the coin hits what is bound with a chance of one half, whatever the scheduler does: four expected
rounds. Without the third step (`confirms` is false, for the demonstration alone) a scheduler that
learns the coin early leads some member to the other value, in every round.

`given` faces stand in for the first coins. They are known beforehand, so a scheduler may waste these
rounds, and no others; but members that agree from the start decide without any coin.

Who decides says so (`Settled`) and goes on, for the others may need its words; f + 1 such words decide
too, 2f + 1 end it: f + 1 correct members said so, so everybody will.
Written before it is said: every word. A restart says all again. Coins are not written: a common one
shows the same again, and what followed from it is the next round's first word.

Cost: with one input everywhere and a given face that shows it, 5n(n-1) messages: three steps, the
first of the next round, and the word that it is settled.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consensus.agreement import AgreementEffect, Decided, Event, Opened, Propose
from consensus.benor.agreement import ROUNDS_AHEAD
from consensus.benor.messages import BOTH, Backed, Confirmed, Seen, Settled, Word
from consensus.benor.refusals import Refusal
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Ignore, Persist, Toss
from consensus.events import Received, Tossed

BITS = (0, 1)


@dataclass(slots=True)
class Stage:
    """What was said in one round; of `Seen` and `Confirmed` the first word of each member."""

    said: set[int] = field(default_factory=set)
    """The values that this member backs."""
    backers: dict[int, set[ReplicaId]] = field(default_factory=dict)
    seen: dict[ReplicaId, int] = field(default_factory=dict)
    confirmed: dict[ReplicaId, int] = field(default_factory=dict)
    has_seen: bool = False
    has_confirmed: bool = False


@dataclass(slots=True)
class Mmr:
    """One participant; `value` is None before it has an input."""

    me: ReplicaId
    committee: Committee
    given: tuple[int, ...] = ()
    confirms: bool = True
    value: int | None = None
    round: int = 0
    is_tossing: bool = False
    found: int | None = None
    """While the coin is in the air: the one value that was found, or `BOTH`."""
    decided: int | None = None
    has_halted: bool = False
    stages: dict[int, Stage] = field(default_factory=dict)
    settled: dict[ReplicaId, int] = field(default_factory=dict)

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        match event:
            case Received(sender, message) if not self.committee.is_member(sender):
                yield Ignore(message, Refusal.NOT_A_MEMBER)
            case Received(sender, Backed() | Seen() | Confirmed() as word):
                yield from on_word(self, sender, word)
            case Received(sender, Settled() as word):
                yield from on_settled(self, sender, word)
            case Received(_, message):
                yield Ignore(message, Refusal.UNKNOWN)
            case Propose(value) if self.value is None and value in {b"\x00", b"\x01"}:
                yield from begin_round(self, value[0])
            case Propose():
                yield Ignore(event, Refusal.UNWANTED)
            case Tossed((round_,), face) if self.is_tossing and round_ == self.round:
                yield from on_coin(self, face)
            case Opened(records):
                yield from restore(self, records)
            case _:
                yield Ignore(event, Refusal.UNKNOWN)
        yield from advance(self)


def on_word(
    mmr: Mmr, sender: ReplicaId, word: Backed | Seen | Confirmed
) -> Iterator[AgreementEffect]:
    """Keep it; both values may be backed by one member."""
    if is_stale(mmr, word):
        yield Ignore(word, Refusal.LEFT_PHASE)
    elif word.round > mmr.round + ROUNDS_AHEAD:
        yield Ignore(word, Refusal.BEYOND_WINDOW)
    elif not keep(mmr.stages.setdefault(word.round, Stage()), sender, word):
        yield Ignore(word, Refusal.DUPLICATE)


def keep(stage: Stage, sender: ReplicaId, word: Backed | Seen | Confirmed) -> bool:
    """Note a word; False for one that comes again, or after another one of the same kind."""
    if isinstance(word, Backed):
        backers = stage.backers.setdefault(word.value, set())
        is_new = sender not in backers
        backers.add(sender)
        return is_new
    words, said = (
        (stage.seen, word.value) if isinstance(word, Seen) else (stage.confirmed, word.only)
    )
    is_new = sender not in words
    words.setdefault(sender, said)
    return is_new


def is_stale(mmr: Mmr, message: object) -> bool:
    """Can this message change nothing any more, now or later."""
    if mmr.has_halted:
        return True
    stage = mmr.stages.get(getattr(message, "round", 0), Stage())
    match message:
        case Backed():
            return message.round < mmr.round and message.value in stage.said
        case Seen():
            return message.round < mmr.round or stage.has_confirmed
        case Confirmed():
            return message.round < mmr.round or (stage.has_confirmed and mmr.is_tossing)
        case _:
            return False


def begin_round(mmr: Mmr, value: int) -> Iterator[AgreementEffect]:
    """Step 1 of the next round."""
    mmr.value = value
    if mmr.round in mmr.stages:
        left = mmr.stages[mmr.round]
        left.seen, left.confirmed = {}, {}
    mmr.round += 1
    yield from back(mmr, mmr.round, value)


def back(mmr: Mmr, round_: int, value: int) -> Iterator[AgreementEffect]:
    """Back a value, once."""
    stage = mmr.stages.setdefault(round_, Stage())
    if value not in stage.said:
        stage.said.add(value)
        yield from say(Backed(round_, value))


def say(word: Backed | Seen | Confirmed) -> Iterator[AgreementEffect]:
    """Written down before it is said, so that a restart says nothing else."""
    yield Persist(word)
    yield Broadcast(word)


def advance(mmr: Mmr) -> Iterator[AgreementEffect]:
    """After every step: whatever the words heard allow, also in rounds that this member has left."""
    if mmr.has_halted or not mmr.round:
        return
    yield from relay(mmr)
    stage = mmr.stages[mmr.round]
    accepted = list_accepted(mmr, stage)
    if accepted and not stage.has_seen:
        stage.has_seen = True
        yield from say(Seen(mmr.round, accepted[0]))
    seen = [value for value in stage.seen.values() if value in accepted]
    if len(seen) >= mmr.committee.awaited and not stage.has_confirmed:
        stage.has_confirmed = True
        if not mmr.confirms:
            yield from toss(mmr, unite(seen))
            return
        yield from say(Confirmed(mmr.round, unite(seen)))
    if stage.has_confirmed and not mmr.is_tossing:
        words = [only for only in stage.confirmed.values() if is_within(only, accepted)]
        if len(words) >= mmr.committee.awaited:
            yield from toss(mmr, unite(words))


def relay(mmr: Mmr) -> Iterator[AgreementEffect]:
    """Back what f + 1 others back: one of them is correct."""
    enough = mmr.committee.weak_quorum
    for round_ in sorted(mmr.stages):
        stage = mmr.stages[round_]
        if round_ > mmr.round or len(stage.said) == len(BITS):
            continue
        for value in BITS:
            if value not in stage.said and len(stage.backers.get(value, ())) >= enough:
                yield from back(mmr, round_, value)


def list_accepted(mmr: Mmr, stage: Stage) -> list[int]:
    """The values that are backed so well that all correct members will accept them."""
    enough = mmr.committee.lasting_quorum
    return [value for value in BITS if len(stage.backers.get(value, ())) >= enough]


def is_within(only: int, accepted: list[int]) -> bool:
    """Are all values of a `Confirmed` accepted."""
    return only in accepted if only != BOTH else len(accepted) == len(BITS)


def unite(words: list[int]) -> int:
    """The one value that all these name, or `BOTH`."""
    return words[0] if len(set(words)) == 1 else BOTH


def toss(mmr: Mmr, found: int) -> Iterator[AgreementEffect]:
    """The words of this round are in: now the coin may be known."""
    mmr.found, mmr.is_tossing = found, True
    if mmr.round <= len(mmr.given):
        yield from on_coin(mmr, mmr.given[mmr.round - 1])
    else:
        yield Toss((mmr.round,), common=True)


def on_coin(mmr: Mmr, face: int) -> Iterator[AgreementEffect]:
    """What was found alone is held, and final if the coin shows it; else what the coin shows is held."""
    found, mmr.found, mmr.is_tossing = mmr.found, None, False
    assert found is not None
    if found == face and mmr.decided is None:
        yield from decide(mmr, face)
    yield from begin_round(mmr, face if found == BOTH else found)


def decide(mmr: Mmr, value: int) -> Iterator[AgreementEffect]:
    """The word is final, and said; the rounds go on until enough others have said it too."""
    mmr.decided = value
    yield Persist(Word(max(mmr.round, 1), value))
    yield Broadcast(Settled(value))
    yield Decided((bytes([value]),))


def on_settled(mmr: Mmr, sender: ReplicaId, word: Settled) -> Iterator[AgreementEffect]:
    """Another member has decided; the first word of each counts."""
    if mmr.has_halted:
        yield Ignore(word, Refusal.LEFT_PHASE)
        return
    if sender in mmr.settled:
        yield Ignore(word, Refusal.DUPLICATE)
        return
    mmr.settled[sender] = word.value
    said = list(mmr.settled.values()).count(word.value)
    if said >= mmr.committee.weak_quorum and mmr.decided is None:
        yield from decide(mmr, word.value)
        if not mmr.round:
            yield from begin_round(mmr, word.value)
    if said >= mmr.committee.lasting_quorum:
        mmr.has_halted, mmr.is_tossing, mmr.found = True, False, None
        mmr.stages.clear()


def restore(mmr: Mmr, records: tuple[object, ...]) -> Iterator[AgreementEffect]:
    """Stand where the last word left this member, and say all of it again.

    The first `Backed` of a round was said as it began. What was heard is forgotten, so a step whose end
    was not written down is ended anew, perhaps by other words: nothing followed from the first ones.
    """
    for record in records:
        match record:
            case Backed():
                if record.round > mmr.round:
                    mmr.round, mmr.value = record.round, record.value
                mmr.stages.setdefault(record.round, Stage()).said.add(record.value)
                yield Broadcast(record)
            case Seen():
                mmr.stages[record.round].has_seen = True
                yield Broadcast(record)
            case Confirmed():
                mmr.stages[record.round].has_confirmed = True
                yield Broadcast(record)
            case Word():
                mmr.decided = record.value
                yield Broadcast(Settled(record.value))
                yield Decided((bytes([record.value]),))
    if mmr.decided is not None and not mmr.round:
        yield from begin_round(mmr, mmr.decided)
