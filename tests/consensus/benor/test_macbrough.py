"""The schedule that MacBrough found in the first deployment of this agreement, with and without CONF.

n = 4, f = 1; member 3 lies. Its scheduler learns the coin as soon as one correct member asks, for the
liar asks too. Of the correct ones two hold different values. Both are led to accept both values, and
the first of them asks for the coin; nobody has let the last one hear anything yet. Without the third
step it can still be led to find alone the value that the coin does not show, which the words of the
liar and of whoever has seen that value allow: so the next round begins as this one did. With the third
step two correct members have confirmed both values before the coin is known, and the last one finds
both as well.
"""

from typing import Any

import pytest

from consensus.agreement import Decided, Propose, step
from consensus.benor.messages import Backed, Confirmed, Seen
from consensus.benor.mmr import Mmr
from consensus.committee import Committee
from consensus.effects import Broadcast, Toss
from consensus.events import Received, Tossed
from consensus.simulation.chance import Chance

ROUNDS_MAX = 60
LIAR = 3


class Scheduler:
    """Plays the schedule round by round, as long as two correct members hold different values."""

    def __init__(self, seed: int, *, confirms: bool) -> None:
        self.chance = Chance(seed)
        self.confirms = confirms
        self.members = [Mmr(me, Committee.of(4, 1), (), confirms) for me in range(3)]
        self.said: dict[tuple[int, int, type], list[Any]] = {}
        self.tossing: set[int] = set()
        self.decided: dict[int, bytes] = {}
        for me, bit in enumerate((0, 1, 1)):
            self.feed(me, Propose(bytes([bit])))

    def feed(self, me: int, event: Any) -> None:
        for effect in step(self.members[me], event):
            match effect:
                case Broadcast(word):
                    round_ = getattr(word, "round", 0)
                    self.said.setdefault((me, round_, type(word)), []).append(word)
                    self.feed(me, Received(me, word))
                case Toss():
                    self.tossing.add(me)
                case Decided((value,)):
                    self.decided[me] = value

    def hear(self, me: int, word: Any, *senders: int) -> None:
        """A member hears a word of these, as far as they said it; the liar says anything."""
        kind = type(word)
        for sender in senders:
            if sender == LIAR or word in self.said.get((sender, word.round, kind), []):
                self.feed(me, Received(sender, word))

    def show(self, me: int, round_: int, face: int) -> None:
        if me in self.tossing:
            self.tossing.discard(me)
            self.feed(me, Tossed((round_,), face))

    def value(self, me: int) -> int:
        value = self.members[me].value
        assert value is not None
        return value

    def play(self, round_: int) -> bool:
        """One round; False when it cannot be begun, since all hold one value."""
        holders = {self.value(me): me for me in range(3)}
        if len(holders) < 2:
            return False
        first, second = holders[0], holders[1]
        last = 3 - first - second
        self.hear(first, Backed(round_, 1), second, LIAR)
        self.hear(second, Backed(round_, 0), first, LIAR)
        self.hear(first, Backed(round_, 0), second, LIAR)
        self.hear(second, Backed(round_, 1), first, LIAR)
        self.hear(first, Seen(round_, 0), second, LIAR)
        if self.confirms:
            self.hear(second, Seen(round_, 1), first, LIAR)
            for me, other in ((first, second), (second, first)):
                self.hear(me, Confirmed(round_, 2), other, LIAR)
        assert first in self.tossing, "a correct member asks, and the liar too: the coin is known"
        face = self.chance.below(2)
        self.lead(last, round_, 1 - face, first, second)
        if not self.confirms and face == 1:
            self.hear(second, Seen(round_, 1), first, LIAR)
        for me in (second, first):
            self.hear(me, Seen(round_, 1 - face), last, LIAR)
        for me in range(3):
            self.show(me, round_, face)
        return True

    def lead(self, last: int, round_: int, value: int, *others: int) -> None:
        """The last member accepts this value before the other one, and hears all that agrees with it."""
        self.hear(last, Backed(round_, value), *others, LIAR)
        self.hear(last, Seen(round_, value), *others, LIAR)
        self.hear(last, Confirmed(round_, value), *others, LIAR)
        self.hear(last, Backed(round_, 1 - value), *others, LIAR)
        self.hear(last, Confirmed(round_, 2), *others)

    def stall(self) -> int:
        """How many rounds it can be played."""
        round_ = 0
        while round_ < ROUNDS_MAX and not self.decided and self.play(round_ + 1):
            round_ += 1
        return round_


@pytest.mark.parametrize("seed", range(4))
def test_without_the_third_step_nobody_ever_decides(seed: int) -> None:
    scheduler = Scheduler(seed, confirms=False)
    assert (scheduler.stall(), scheduler.decided) == (ROUNDS_MAX, {})


@pytest.mark.parametrize("seed", range(4))
def test_with_the_third_step_all_hold_one_value_after_a_round(seed: int) -> None:
    scheduler = Scheduler(seed, confirms=True)
    assert scheduler.stall() == 1
    assert len({scheduler.value(me) for me in range(3)}) == 1
