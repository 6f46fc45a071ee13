"""The engine contract: a record of plain values that turns one event into a list of effects.

Three laws. All nondeterminism enters as an event. A step is atomic, and its effects are values in
order. An engine is a record of plain values, so copying, comparing and hashing are generic.
"""

import dataclasses
import hashlib
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, lru_cache
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
SPELLINGS_MAX = 1 << 14
"""So many values of one type are remembered with their text."""


def clone(value: E) -> E:
    """A copy that lives its own life; whatever cannot change is shared.

    Copies mutable dataclasses, dicts, lists and sets, and tuples that hold any; everything else
    that an engine may hold (numbers, bytes, enums, frozen dataclasses and structs) is immutable.
    """
    return cast("E", _clone(value))


def _clone(value: Any) -> Any:
    kind = type(value)
    return value if kind in _shared else _copiers[kind](value)


_PLAIN = frozenset({int, bytes, str, bool, type(None)})
"""What most values are; told apart first because that is quickest."""
_shared: set[type] = set(_PLAIN)
"""Types whose values cannot change, as they are met."""


def _find_copier(kind: type) -> Callable[[Any], Any]:
    for base, copier in _COPIERS.items():
        if issubclass(kind, base):
            return copier
    parameters = getattr(kind, "__dataclass_params__", None)
    if parameters is None or parameters.frozen or not dataclasses.is_dataclass(kind):
        _shared.add(kind)
        return lambda value: value
    return _make_copier(kind, tuple(one.name for one in dataclasses.fields(kind)))


def _make_copier(kind: type, names: tuple[str, ...]) -> Callable[[Any], Any]:
    def copy(value: Any) -> Any:
        copied: Any = object.__new__(kind)
        for name in names:
            item = getattr(value, name)
            if (held := type(item)) not in _shared:
                item = _copiers[held](item)
            setattr(copied, name, item)
        return copied

    return copy


def _copy_dict(value: dict[Any, Any]) -> dict[Any, Any]:
    if _shared.issuperset(map(type, value.values())):
        return dict(value)
    return {key: _clone(item) for key, item in value.items()}


def _copy_tuple(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if _shared.issuperset(map(type, value)):
        return value
    items = tuple(map(_clone, value))
    return value if all(map(operator.is_, items, value)) else items


_COPIERS: dict[type, Callable[[Any], Any]] = {
    dict: _copy_dict,
    list: lambda value: list(map(_clone, value)),
    set: set,
    tuple: _copy_tuple,
}


class _ByType(dict[type, Callable[[Any], Any]]):
    """How values of each type are handled, found out when the first one is met."""

    def __init__(self, find: Callable[[type], Callable[[Any], Any]]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        found = self[kind] = self._find(kind)
        return found


_copiers = _ByType(_find_copier)


@cache
def _fields(kind: type) -> tuple[str, ...] | None:
    """The fields of a dataclass or struct; None for everything else."""
    if issubclass(kind, type):
        return None
    if dataclasses.is_dataclass(kind):
        return tuple(one.name for one in dataclasses.fields(kind))
    return kind.__struct_fields__ if issubclass(kind, msgspec.Struct) else None


def spell(value: Any) -> str:
    """Text that is equal exactly when values are; insertion order is forgotten.

    Reads as nested tuples, records and structs after the names of their types.
    """
    text: str = _spellers[type(value)](value)
    return text


def _find_speller(kind: type) -> Callable[[Any], str]:
    names = _fields(kind)
    if names is not None:
        return _make_speller(kind, names)
    if issubclass(kind, Mapping):
        return _spell_map
    if issubclass(kind, set | frozenset):
        return lambda value: _enclose(["'set'", *sorted(_spell_all(value))])
    if issubclass(kind, list | tuple):
        return _spell_row
    if issubclass(kind, Enum):
        return {one: repr((kind.__name__, one.name)) for one in kind}.__getitem__
    return repr


def _make_speller(kind: type, names: tuple[str, ...]) -> Callable[[Any], str]:
    """Of records; text of those that cannot change is remembered."""
    head = repr(kind.__name__)

    def spell_record(value: Any) -> str:
        return _enclose(
            [head, *[_spellers[type(one := getattr(value, name))](one) for name in names]]
        )

    if kind.__hash__ is None:
        return spell_record
    remembered = lru_cache(maxsize=SPELLINGS_MAX)(spell_record)

    def recall(value: Any) -> str:
        try:
            return remembered(value)
        except TypeError:
            return spell_record(value)

    return recall


def _spell_map(value: Mapping[Any, Any]) -> str:
    if not value:
        return "('map',)"
    pairs = sorted(zip(_spell_all(value), _spell_all(value.values()), strict=True))
    return f"('map', {', '.join([f'({key}, {item})' for key, item in pairs])})"


def _spell_row(value: Sequence[Any]) -> str:
    if _PLAIN.issuperset(map(type, value)):
        return repr(tuple(value))
    return _enclose(_spell_all(value))


def _spell_all(values: Iterable[Any]) -> list[str]:
    return [_spellers[type(one)](one) for one in values]


def _enclose(parts: list[str]) -> str:
    """A tuple of what has been spelled."""
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


_spellers = _ByType(_find_speller)


def fingerprint(engine: Any) -> bytes:
    """32 bytes that name a state, the same in every process and under every hash seed."""
    return hashlib.sha256(spell(engine).encode()).digest()
