"""Choosing one of the values that were gathered; the same values give the same choice."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
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
RANK_SIZE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value as a member brings it into a slot.

    `lock` is the slot in which the member was last bound to it, 0 for never; among equals the lower
    `rank` goes first, so that everybody's turn comes.
    """

    lock: int
    rank: int
    value: bytes


def pack(candidate: Candidate) -> bytes:
    """A candidate as the value of an algorithm."""
    lock = candidate.lock.to_bytes(LOCK_SIZE_BYTES, "big")
    return lock + candidate.rank.to_bytes(RANK_SIZE_BYTES, "big") + candidate.value


def unpack(packed: bytes) -> Candidate:
    """The candidate again; what is too short to be one carries the null value."""
    start = LOCK_SIZE_BYTES + RANK_SIZE_BYTES
    lock = int.from_bytes(packed[:LOCK_SIZE_BYTES], "big")
    return Candidate(lock, int.from_bytes(packed[LOCK_SIZE_BYTES:start], "big"), packed[start:])


def choose_locked(packed: list[bytes]) -> bytes:
    """The candidate with the latest lock, else the commonest value that is not null, by turns."""
    candidates = [unpack(one) for one in packed]
    latest = max((candidate.lock for candidate in candidates), default=0)
    if latest:
        return pack(min((c for c in candidates if c.lock == latest), key=lambda c: c.value))
    counts = count(candidate.value for candidate in candidates)
    free = [c for c in candidates if c.value != NULL_VALUE] or [Candidate(0, 0, NULL_VALUE)]
    return pack(min(free, key=lambda c: (-counts.get(c.value, 0), c.rank, c.value)))


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
