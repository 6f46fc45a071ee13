"""What an engine assumes and claims, as values: the entry `model` of the catalog."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from consensus.model.bounds import Assumptions, Bound, Verdict, find_bound, judge
from consensus.model.faults import Choice, FaultAssumption, FaultKind
from consensus.model.links import Links
from consensus.model.theorems import Theorem
from consensus.model.timing import Timing
from consensus.model.validity import Finality, Validity

SETTLING_MS = 50


@dataclass(frozen=True, slots=True)
class SystemModel:
    """The assumptions under which an engine keeps its promises, and what these promises cost.

    `good_case_messages(n)` counts by kind the messages of one good case among n replicas, those to
    oneself excluded, and `delays` its message delays, a function of f where they depend on it;
    `view_change_messages(n)` counts by kind those of one replacement of a crashed leader while all
    else is quiet, before the next good case.

    `largest_delay_ms(parameters)` is the greatest message delay that the engine's capped timeouts
    stand: beyond it the engine stays safe but may not move. `progress_bound_ms(parameters, size,
    faults, delay_ms)` bounds the time from the moment at which the network is good (every message
    takes at most `delay_ms`, at most `faults` of `size` replicas fail) to the decision of work
    known to all; it raises `ModelError` for a delay that is too large.

    `backlog_delays` is how many message delays each further item of work may add to that: a height, at
    worst. 0 stands for less than a quarter of a second on any network that is tried.

    `settling_ms(parameters, faults)` is when, after the start of all, a good case may begin: at rest, or
    just before a slot where there are slots.
    """

    assumes: Assumptions
    choice: Choice
    finality: Finality
    delays: int | Callable[[int], int]
    good_case_messages: Callable[[int], dict[str, int]]
    view_change_messages: Callable[[int], dict[str, int]]
    largest_delay_ms: Callable[[Any], int]
    progress_bound_ms: Callable[[Any, int, int, int], int]
    backlog_delays: int = 0
    settling_ms: Callable[[Any, int], int] = lambda _parameters, _faults: SETTLING_MS

    @property
    def links(self) -> Links:
        """What the engine asks of its links."""
        return self.assumes.links

    @property
    def timing(self) -> Timing:
        """The class of timing under which it makes progress."""
        return self.assumes.timing

    @property
    def fault_kind(self) -> FaultKind:
        """The worst fault it stands."""
        return self.assumes.fault_kind

    @property
    def validity(self) -> Validity:
        """The level of validity it claims, and no more."""
        return self.assumes.validity

    @property
    def bound(self) -> Bound:
        """How many replicas it takes."""
        return find_bound(self.assumes)

    @property
    def bound_text(self) -> str:
        """The bound in words."""
        return self.bound.text

    @property
    def theorem(self) -> Theorem:
        """Who says so."""
        return self.bound.theorem

    def count_delays(self, faults: int) -> int:
        """The message delays of one good case in a committee of that f."""
        return self.delays if isinstance(self.delays, int) else self.delays(faults)

    def messages(self, size: int) -> int:
        """The messages of one good case, of all kinds together."""
        return sum(self.good_case_messages(size).values())

    def judge(self, size: int, faults: int) -> Verdict:
        """Does the theorem cover `size` replicas with at most `faults` faulty ones."""
        return judge(self.assumes, size, faults)

    def assume_faults(self, faults: int) -> FaultAssumption:
        """The faults it stands in a committee of that f."""
        return FaultAssumption(frozenset({self.fault_kind}), faults, self.choice)
