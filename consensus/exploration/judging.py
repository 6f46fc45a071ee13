"""What must hold of the words that participants may have said in one configuration."""

import itertools
from collections.abc import Collection
from dataclasses import dataclass, field

from consensus.exploration.lasting import Configuration, Lasting, Words

AGREEMENT, INTEGRITY, VALIDITY = "agreement", "integrity", "validity"
Word = tuple[int, tuple[bytes, ...]]
"""A height, 0 for an agreement, and what was decided there."""


@dataclass(slots=True)
class Judge:
    """Agreement, integrity and validity of those who do not lie; remembers what was ever decided."""

    space: Lasting
    proposed: frozenset[bytes] | None = None
    """All inputs; None if liars, or nobody, may have made a value."""
    values_max: int = 1
    """So many values may be decided."""
    decided: set[Word] = field(default_factory=set)
    _honest: list[int] = field(default_factory=list)
    _known: dict[tuple[Words, ...], str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seats = self.space.steps.cast.seats
        self._honest = [place for place, seat in enumerate(seats) if not seat.is_liar]

    def __call__(self, configuration: Configuration) -> str | None:
        """The property that does not hold."""
        words = self.space.words(configuration)
        said = tuple(words[place] for place in self._honest)
        if said not in self._known:
            self._known[said] = self.judge(said)
        return self._known[said]

    def judge(self, said: tuple[Words, ...]) -> str | None:
        """The same of the words alone."""
        histories = [history for one in said for history in one]
        self.decided.update(word for history in histories for word in history)
        if any(len({height for height, _ in history}) < len(history) for history in histories):
            return INTEGRITY
        if self.values_max == 1:
            pairs = itertools.combinations(said, 2)
            if any(do_clash(a, b) for one, other in pairs for a in one for b in other):
                return AGREEMENT
        elif any(count_values(choice) > self.values_max for choice in itertools.product(*said)):
            return AGREEMENT
        if self.proposed is not None:
            values = {value for history in histories for _, decided in history for value in decided}
            return VALIDITY if values - self.proposed else None
        return None


def do_clash(one: Collection[Word], other: Collection[Word]) -> bool:
    """Do two histories of words differ at one height."""
    known = dict(one)
    return any(known.get(height, values) != values for height, values in other)


def count_values(histories: Collection[Collection[Word]]) -> int:
    """How many values are decided, where there is one height."""
    return len({values for history in histories for _, values in history})
