"""Timing: how long a message may take, and how far clocks may be apart.

`Timing` is the class that a theorem speaks about; the four records below are worlds of these
classes, with numbers. The numbers belong to the world: `known_bound_ms` is what an engine may
know of them. All times are milliseconds of one global clock that no replica can read.

Partial synchrony comes in both forms of Dwork, Lynch and Stockmeyer (1988): a bound that always
holds and is unknown, and a known bound that holds from an unknown moment on, the global
stabilisation time (GST). Before it a message may be late, overtaken, and lost if the world says so.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, assert_never

from consensus.errors import ModelError


class Timing(Enum):
    """How long a message may take; each class includes those before it."""

    SYNCHRONOUS = "synchronous"
    """At most a known bound, always."""
    PARTIALLY_SYNCHRONOUS = "partially synchronous"
    """At most a bound that is unknown, or holds from an unknown moment on."""
    ASYNCHRONOUS = "asynchronous"
    """Finite, nothing more."""

    def includes(self, other: "Timing") -> bool:
        """Is every world of class `other` one of this class too."""
        order = tuple(Timing)
        return order.index(other) <= order.index(self)


class Adversary(Enum):
    """What the scheduler of an asynchronous world may look at when it chooses delays.

    A randomised engine terminates with probability 1 against one of these, and has to say which.
    """

    OBLIVIOUS = "oblivious"
    """Nothing: the schedule is fixed before the run."""
    CONTENT_OBLIVIOUS = "content-oblivious"
    """Who sends when, but neither contents nor states nor coins."""
    STRONG = "strong"
    """Everything that has happened, coins included."""


@dataclass(frozen=True, slots=True)
class Synchronous:
    """Every message arrives within `bound_ms`; two clocks differ by at most `skew_ms`."""

    bound_ms: int
    skew_ms: int = 0

    def __post_init__(self) -> None:
        """Raise `ModelError` on negative numbers."""
        check_not_negative(bound_ms=self.bound_ms, skew_ms=self.skew_ms)

    def compute_round_ms(self, processing_ms: int = 0) -> int:
        """The shortest round after which all messages of it are in, by every clock."""
        return self.bound_ms + 2 * self.skew_ms + processing_ms


@dataclass(frozen=True, slots=True)
class UnknownBound:
    """Partial synchrony, first form: `bound_ms` always holds, but no replica knows it."""

    bound_ms: int

    def __post_init__(self) -> None:
        """Raise `ModelError` on negative numbers."""
        check_not_negative(bound_ms=self.bound_ms)


@dataclass(frozen=True, slots=True)
class UnknownStabilisation:
    """Partial synchrony, second form: `bound_ms` is known and holds from `gst_ms` on, unknown.

    A message sent before `gst_ms` arrives by `gst_ms + bound_ms`, or never if `loses_before`.
    """

    bound_ms: int
    gst_ms: int
    loses_before: bool = False

    def __post_init__(self) -> None:
        """Raise `ModelError` on negative numbers."""
        check_not_negative(bound_ms=self.bound_ms, gst_ms=self.gst_ms)


@dataclass(frozen=True, slots=True)
class Asynchronous:
    """Every message arrives in the end, when `adversary` likes."""

    adversary: Adversary = Adversary.STRONG


World: TypeAlias = Synchronous | UnknownBound | UnknownStabilisation | Asynchronous


def classify(world: World) -> Timing:
    """The class of timing that theorems about this world speak of."""
    match world:
        case Synchronous():
            return Timing.SYNCHRONOUS
        case UnknownBound() | UnknownStabilisation():
            return Timing.PARTIALLY_SYNCHRONOUS
        case Asynchronous():
            return Timing.ASYNCHRONOUS
        case _:
            assert_never(world)


def latest_arrival_ms(world: World, sent_at_ms: int) -> int | None:
    """When a message that is not lost has arrived at the latest; None if nothing bounds it."""
    match world:
        case Synchronous(bound_ms) | UnknownBound(bound_ms):
            return sent_at_ms + bound_ms
        case UnknownStabilisation(bound_ms, gst_ms):
            return max(sent_at_ms, gst_ms) + bound_ms
        case Asynchronous():
            return None
        case _:
            assert_never(world)


def may_lose(world: World, sent_at_ms: int) -> bool:
    """May the timing model alone swallow a message between correct replicas sent at this time.

    Only the second form of partial synchrony allows it, and only before stabilisation: an engine
    for it has to repeat what it says. What links lose besides is said in `links`.
    """
    match world:
        case UnknownStabilisation(gst_ms=gst_ms, loses_before=loses_before):
            return loses_before and sent_at_ms < gst_ms
        case Synchronous() | UnknownBound() | Asynchronous():
            return False
        case _:
            assert_never(world)


def known_bound_ms(world: World) -> int | None:
    """The bound that an engine may compute with; None if it has to do without."""
    match world:
        case Synchronous(bound_ms) | UnknownStabilisation(bound_ms):
            return bound_ms
        case UnknownBound() | Asynchronous():
            return None
        case _:
            assert_never(world)


def stable_from_ms(world: World) -> int | None:
    """From when on the bound holds; None if there is none."""
    match world:
        case Synchronous() | UnknownBound():
            return 0
        case UnknownStabilisation(gst_ms=gst_ms):
            return gst_ms
        case Asynchronous():
            return None
        case _:
            assert_never(world)


def check_not_negative(**numbers: int) -> None:
    """Raise `ModelError` that names the first negative number."""
    for name, number in numbers.items():
        if number < 0:
            raise ModelError(f"{name} must not be negative, but is {number}")
