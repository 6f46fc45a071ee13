"""All executions of so many synchronous rounds with crashes, and what each participant can know of them.

A participant that says all it knows, in every round, to everybody, has a *view*: its input, and whose
views came in each round. Whatever a deterministic algorithm does in R rounds is a function of that, so
nothing here depends on an algorithm (full information: Pease, Shostak and Lamport 1980).

A crash in round r cuts the broadcast of that round short: only those in `reached` still get it.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from consensus.committee import ReplicaId

View: TypeAlias = int
"""The number of a view in a `Book`."""


class Crash(msgspec.Struct, frozen=True, order=True):
    """Participant `by` stops in round `round`, counted from 1, in the midst of its broadcast."""

    by: ReplicaId
    round: int
    reached: tuple[ReplicaId, ...] = ()


class Execution(msgspec.Struct, frozen=True):
    """One run of the synchronous model, as far as its adversary determines it; inputs are bits."""

    inputs: tuple[int, ...]
    crashes: tuple[Crash, ...] = ()

    @property
    def correct(self) -> tuple[ReplicaId, ...]:
        """Those who never crash."""
        down = {crash.by for crash in self.crashes}
        return tuple(me for me in range(len(self.inputs)) if me not in down)


def list_patterns(size: int, faults: int, rounds: int) -> Iterator[tuple[Crash, ...]]:
    """Every way in which at most `faults` of `size` participants crash within the rounds, fewest first."""
    choices = {me: list(list_crashes(me, size, rounds)) for me in range(size)}
    for count in range(faults + 1):
        for failing in itertools.combinations(range(size), count):
            yield from itertools.product(*(choices[me] for me in failing))


def list_crashes(me: ReplicaId, size: int, rounds: int) -> Iterator[Crash]:
    """Every way in which one participant crashes."""
    others = [other for other in range(size) if other != me]
    for round_ in range(1, rounds + 1):
        for count in range(size):
            for reached in itertools.combinations(others, count):
                yield Crash(me, round_, reached)


def list_executions(size: int, faults: int, rounds: int) -> Iterator[Execution]:
    """Every execution, from every vector of bits."""
    patterns = list(list_patterns(size, faults, rounds))
    for inputs in itertools.product((0, 1), repeat=size):
        for crashes in patterns:
            yield Execution(inputs, crashes)


@dataclass(slots=True)
class Book:
    """A number for each view that was ever seen; equal views have equal numbers."""

    numbers: dict[tuple[object, ...], View] = field(default_factory=dict)

    def number(self, *view: object) -> View:
        """The number of a view."""
        return self.numbers.setdefault(view, len(self.numbers))

    def compute_views(self, execution: Execution, rounds: int) -> dict[ReplicaId, View]:
        """What each participant that is still up knows at the end of the last round."""
        crashes = {crash.by: crash for crash in execution.crashes}
        views = {me: self.number(me, bit) for me, bit in enumerate(execution.inputs)}
        for round_ in range(1, rounds + 1):
            up = [me for me in views if me not in crashes or crashes[me].round > round_]
            views = {
                me: self.number(
                    me, *((s, v) for s, v in views.items() if hears(crashes.get(s), round_, me, s))
                )
                for me in up
            }
        return views


def hears(crash: Crash | None, round_: int, me: ReplicaId, sender: ReplicaId) -> bool:
    """Does `me` get what a sender with this fate broadcasts in a round; views hold only who is up."""
    return me == sender or crash is None or crash.round > round_ or me in crash.reached
