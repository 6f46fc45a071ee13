"""The engine contract: a record of plain values that turns one event into a list of effects.

Three laws. All nondeterminism enters as an event. A step is atomic, and its effects are values in
order. An engine is a record of plain values, so copying, comparing and hashing are generic.
"""

import dataclasses
import hashlib
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any, Protocol, TypeVar, cast

import msgspec

from consensus.committee import ReplicaId
from consensus.effects import Effect
from consensus.events import Event
from consensus.message import Height


class Engine(Protocol):
    """What every host runs: a dataclass of plain values with one door."""

    def react(self, event: Event) -> Iterator[Effect]:
        """Handle `event`, yielding effects; never raises on what a peer said."""
        ...


def step(engine: Engine, event: Event) -> list[Effect]:
    """One atomic transition: the state is final before the first effect is performed."""
    return list(engine.react(event))


@dataclass(frozen=True, slots=True)
class Account:
    """An engine's view of itself, for people: what it does, and what it is waiting for.

    `view` is the view, ballot or round; `leader` who leads it; `height` the next to be decided;
    `needed` how many voices the current phase takes, of which `heard` have spoken. `causes` says how
    many views, ballots or rounds this replica has left since it started, by cause. `goal` is a height
    that it has to come to first, 0 for none: others have decided it, or an observer votes again above
    it. `suspects` are those who want another leader though the present one has not been left yet.
    """

    phase: str
    view: int
    leader: ReplicaId | None
    height: int
    waiting_for: str
    needed: int
    heard: tuple[ReplicaId, ...]
    counters: Mapping[str, int]
    causes: Mapping[str, int] = field(default_factory=dict)
    goal: Height = 0
    suspects: tuple[ReplicaId, ...] = ()


E = TypeVar("E")


def clone(value: E) -> E:
    """A copy that lives its own life; whatever cannot change is shared.

    Copies mutable dataclasses, dicts, lists and sets, and tuples that hold any; everything else
    that an engine may hold (numbers, bytes, enums, frozen dataclasses and structs) is immutable.
    """
    return cast("E", _clone(value))


def _clone(value: Any) -> Any:
    kind: type = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, dict):
        return {key: _clone(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clone(item) for item in value]
    if isinstance(value, set):
        return set(value)
    if isinstance(value, tuple):
        items = tuple(_clone(item) for item in value)
        return value if all(map(operator.is_, items, value)) else items
    names = _mutable_fields(kind)
    if names is None:
        return value
    copied: Any = object.__new__(kind)
    for name in names:
        setattr(copied, name, _clone(getattr(value, name)))
    return copied


_PLAIN = frozenset({int, bytes, str, bool, type(None)})
"""What most values are; told apart first because that is quickest."""


@cache
def _mutable_fields(kind: type) -> tuple[str, ...] | None:
    """The fields of a dataclass that may change; None for everything else."""
    parameters = getattr(kind, "__dataclass_params__", None)
    if parameters is None or parameters.frozen or not dataclasses.is_dataclass(kind):
        return None
    return tuple(one.name for one in dataclasses.fields(kind))


@cache
def _fields(kind: type) -> tuple[str, ...] | None:
    """The fields of a dataclass or struct; None for everything else."""
    if issubclass(kind, type):
        return None
    if dataclasses.is_dataclass(kind):
        return tuple(one.name for one in dataclasses.fields(kind))
    return kind.__struct_fields__ if issubclass(kind, msgspec.Struct) else None


def freeze(value: Any) -> Any:
    """Nested tuples that compare equal exactly when the values do; insertion order is forgotten."""
    kind: type = type(value)
    if kind in _PLAIN:
        return value
    names = _fields(kind)
    if names is not None:
        return (kind.__name__, *(freeze(getattr(value, name)) for name in names))
    if isinstance(value, Mapping):
        pairs = ((freeze(key), freeze(item)) for key, item in value.items())
        return ("map", *sorted(pairs, key=lambda pair: repr(pair[0])))
    if isinstance(value, set | frozenset):
        return ("set", *sorted((freeze(item) for item in value), key=repr))
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    if isinstance(value, Enum):
        return (kind.__name__, value.name)
    return value


def fingerprint(engine: Any) -> bytes:
    """32 bytes that name a state, the same in every process and under every hash seed."""
    return hashlib.sha256(repr(freeze(engine)).encode()).digest()
