"""Can the operations on one register be put in an order that explains them.

The search of Wing & Gong (1993) with Lowe's (2017) memory. Candidates for the next place in the
order are the operations that were invoked before the first completion of one that has no place yet.
If none fits, the last choice is taken back. Two choices that lead to the same set of placed
operations and the same value have the same future, so the second is not followed.

Three facts about registers keep it short, each without loss:

- A candidate that read the present value takes the next place: it changes nothing, and its going
  first holds up nobody. Such a step is never taken back alone.
- An indefinite write that nobody read is left out: without it every order is as good.
- So is one that is followed by anything but a read of its value; hence it is a candidate only if
  such a read is one too.

Both times of an operation are taken by its client, who is never early at the end nor late at the
beginning; of two operations that meet in the same microsecond neither counts as first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from node.histories.operation import Operation, Value

STATES_MAX = 5_000_000
"""Choices remembered before the search gives up: about a gigabyte."""


class Verdict(StrEnum):
    """Is there an order that explains the operations."""

    LINEARIZABLE = "linearizable"
    VIOLATED = "violated"
    UNDECIDED = "undecided"
    """The search was given up."""


@dataclass(frozen=True, slots=True)
class Found:
    """How a search ended, and how many choices it remembers."""

    verdict: Verdict
    states: int


def search(operations: Sequence[Operation], states_max: int = STATES_MAX) -> Found:
    """Look for an order; the operations are about one register that holds nothing at first."""
    read = {one.value for one in operations if one.is_read and one.is_definite}
    chosen = [one for one in operations if one.counts and (one.is_definite or one.value in read)]
    return Search(chosen).run(states_max)


@dataclass(slots=True)
class Search:
    """One search, over a linked list of events.

    Event 2 i is the invocation of the i-th operation, 2 i + 1 its completion; the last number is
    both ends of the list.
    """

    operations: Sequence[Operation]
    following: list[int] = field(init=False)
    preceding: list[int] = field(init=False)
    value: Value = None
    placed: int = 0
    """Bit i: has the i-th operation its place."""
    owed: int = 0
    """Definite operations without a place."""
    seen: set[tuple[int, Value]] = field(default_factory=set)
    steps: list[tuple[int, Value, bool]] = field(default_factory=list)
    """Operations in order, the value before each, and whether it was a choice."""

    def __post_init__(self) -> None:
        events = sorted(
            (time, event % 2, event)
            for number, one in enumerate(self.operations)
            for event, time in ((2 * number, one.invoked_us), (2 * number + 1, one.completed_us))
            if time is not None
        )
        end = 2 * len(self.operations)
        order = [end, *(event for *_, event in events), end]
        self.following = [end] * (end + 1)
        self.preceding = [end] * (end + 1)
        for earlier, later in pairwise(order):
            self.following[earlier] = later
            self.preceding[later] = earlier
        self.owed = sum(one.is_definite for one in self.operations)

    def run(self, states_max: int) -> Found:
        """Until all have a place, or none can."""
        end = 2 * len(self.operations)
        after = end
        while self.owed:
            self.place_reads()
            if not self.owed:
                break
            choice = self.choose(after)
            if choice is not None:
                self.place(choice, is_choice=True)
                after = end
            elif (undone := self.go_back()) is not None:
                after = 2 * undone
            else:
                return Found(Verdict.VIOLATED, len(self.seen))
            if len(self.seen) > states_max:
                return Found(Verdict.UNDECIDED, len(self.seen))
        return Found(Verdict.LINEARIZABLE, len(self.seen))

    def window(self, after: int) -> list[int]:
        """The operations that may be next, in order of invocation, those after an event only."""
        found, event = [], self.following[after]
        while not event % 2 and event != 2 * len(self.operations):
            found.append(event // 2)
            event = self.following[event]
        return found

    def place_reads(self) -> None:
        """Whoever read the present value is next."""
        end = 2 * len(self.operations)
        placed = True
        while placed:
            placed = False
            for number in self.window(end):
                one = self.operations[number]
                if one.is_read and one.value == self.value:
                    self.place(number, is_choice=False)
                    placed = True

    def choose(self, after: int) -> int | None:
        """The next write that leads where no earlier choice led."""
        end = 2 * len(self.operations)
        wanted = {
            one.value for one in map(self.operations.__getitem__, self.window(end)) if one.is_read
        }
        for number in self.window(after):
            one = self.operations[number]
            if one.is_read or not (one.is_definite or one.value in wanted):
                continue
            state = (self.placed | 1 << number, one.value)
            if state not in self.seen:
                self.seen.add(state)
                return number
        return None

    def place(self, number: int, *, is_choice: bool) -> None:
        """Give an operation the next place."""
        one = self.operations[number]
        self.steps.append((number, self.value, is_choice))
        self.placed |= 1 << number
        self.unlink(2 * number)
        if one.is_definite:
            self.owed -= 1
            self.unlink(2 * number + 1)
        if not one.is_read:
            self.value = one.value

    def go_back(self) -> int | None:
        """Take back the last choice, and all that followed from it; None if there was none."""
        while self.steps:
            number, self.value, is_choice = self.steps.pop()
            self.placed &= ~(1 << number)
            if self.operations[number].is_definite:
                self.owed += 1
                self.link(2 * number + 1)
            self.link(2 * number)
            if is_choice:
                return number
        return None

    def unlink(self, event: int) -> None:
        """Take an event out of the list."""
        before, after = self.preceding[event], self.following[event]
        self.following[before], self.preceding[after] = after, before

    def link(self, event: int) -> None:
        """Put the event that was taken out last back in."""
        before, after = self.preceding[event], self.following[event]
        self.following[before] = self.preceding[after] = event
