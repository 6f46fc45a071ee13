"""Choosing one of the values that were gathered; the same values give the same choice."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from consensus.message import NULL_VALUE


class Rule(StrEnum):
    """How a member chooses from the values that it knows."""

    PLURALITY = "plurality"
    """The commonest, of several the least: V2 where n > 2f, V1 always."""
    MIN = "min"
    """The least: V1 only, for a crashed member's value may be the least."""
    LOCKED = "locked"
    """Of candidates (see `pack`) the one with the latest lock; without locks by plurality."""


def choose(rule: Rule, values: Iterable[bytes]) -> bytes:
    """By `rule`; the null value stands for "none of my own", and gives way to any other."""
    gathered = list(values)
    return _CHOICES[rule]([value for value in gathered if value != NULL_VALUE] or gathered)


LOCK_SIZE_BYTES = 8


def pack(lock: int, value: bytes) -> bytes:
    """A candidate: a value, and the slot in which its bearer was last bound to it, 0 for never."""
    return lock.to_bytes(LOCK_SIZE_BYTES, "big") + value


def unpack(candidate: bytes) -> tuple[int, bytes]:
    """The lock and the value of a candidate; what is too short to be one carries the null value."""
    lock = candidate[:LOCK_SIZE_BYTES]
    return int.from_bytes(lock, "big"), candidate[LOCK_SIZE_BYTES:]


def choose_locked(candidates: list[bytes]) -> bytes:
    """The value with the latest lock, else the commonest that is not null; itself a candidate."""
    pairs = [unpack(candidate) for candidate in candidates]
    latest = max((lock for lock, _ in pairs), default=0)
    if latest:
        return pack(0, min(value for lock, value in pairs if lock == latest))
    return pack(0, choose(Rule.PLURALITY, [value for _, value in pairs]))


def choose_plurality(values: list[bytes]) -> bytes:
    """The commonest value, of several the least; the null value if there is none."""
    counts = count(values)
    return min(counts, key=lambda value: (-counts[value], value), default=NULL_VALUE)


def choose_least(values: list[bytes]) -> bytes:
    """The least value; the null value if there is none."""
    return min(values, default=NULL_VALUE)


def count(values: Iterable[bytes]) -> Mapping[bytes, int]:
    """How often each value occurs."""
    counts: dict[bytes, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


_CHOICES: Mapping[Rule, Callable[[list[bytes]], bytes]] = {
    Rule.PLURALITY: choose_plurality,
    Rule.MIN: choose_least,
    Rule.LOCKED: choose_locked,
}
