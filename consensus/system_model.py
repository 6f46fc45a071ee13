"""What an engine assumes of the world, as values: timing, faults, the bound and its theorem."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Timing(Enum):
    """How long a message may take."""

    SYNCHRONOUS = "synchronous"
    """At most a known bound."""
    PARTIALLY_SYNCHRONOUS = "partially synchronous"
    """At most a bound that holds from an unknown moment on (Dwork, Lynch and Stockmeyer 1988)."""
    ASYNCHRONOUS = "asynchronous"
    """Finite, nothing more."""


class FaultKind(Enum):
    """The worst a faulty replica may do; each kind includes those before it."""

    CRASH = "crash"
    OMISSION = "omission"
    TIMING = "timing"
    BYZANTINE = "byzantine"


class Validity(Enum):
    """What the decided value has to do with the proposed ones."""

    UNANIMOUS_START = "V0"
    """If all replicas propose v, v is decided."""
    PROPOSED = "V1"
    """The decision was proposed by some replica."""
    UNANIMOUS_CORRECT = "V2"
    """If all correct replicas propose v, v is decided."""
    PROPOSED_BY_CORRECT = "V3"
    """The decision was proposed by a correct replica."""
    EXTERNAL = "V4"
    """A predicate holds for the decision (Cachin et al. 2001)."""


class Finality(Enum):
    """When a decision is irreversible."""

    IMMEDIATE = "immediate"
    PROBABILISTIC = "probabilistic"


@dataclass(frozen=True, slots=True)
class SystemModel:
    """The assumptions under which an engine keeps its promises.

    `bound(n, f)` says whether n replicas stand f faults, by `theorem`; `bound_text` is the same in
    words. `messages(n)` counts the messages of one good case, self-messages excluded, and `delays`
    its message delays. `largest_delay_ms(parameters)` is the greatest message delay its capped
    timeouts stand: beyond it the engine stays safe but may not move.
    """

    timing: Timing
    fault_kind: FaultKind
    bound: Callable[[int, int], bool]
    bound_text: str
    theorem: str
    validity: Validity
    finality: Finality
    delays: int
    messages: Callable[[int], int]
    largest_delay_ms: Callable[[Any], int]
