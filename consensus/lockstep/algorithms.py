"""Algorithms by name, for whoever keeps a name instead of a function: states are plain values."""

from collections.abc import Callable, Mapping

from consensus.committee import Committee, ReplicaId
from consensus.lockstep import (
    dolev_strong,
    early,
    flood_min,
    flood_set,
    gathering,
    phase_king,
    textbook,
)
from consensus.lockstep.choosing import Rule
from consensus.lockstep.protocol import RoundBased
from consensus.message import NULL_VALUE

Create = Callable[[ReplicaId, Committee, bytes], RoundBased]


def create_minimum(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """FloodSet that decides the least value."""
    return flood_set.create(me, committee, value, Rule.MIN)


def create_short(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """FloodSet with one round too few."""
    return flood_set.create(me, committee, value, rounds=max(1, committee.faults))


def create_fast(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """Early stopping with the one-round fast path."""
    return early.create(me, committee, value, fast_path=True)


def create_opt(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """OptFloodSet; several values come to the null value."""
    return flood_set.create_opt(me, committee, value, NULL_VALUE)


def create_broadcast(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """Dolev and Strong's broadcast by the first member."""
    return dolev_strong.create_broadcast(me, committee, value, committee.members[0])


def create_pairs(me: ReplicaId, committee: Committee, value: bytes) -> RoundBased:
    """FloodMin for two values."""
    return flood_min.create(me, committee, value, k=2)


def create_locked(me: ReplicaId, committee: Committee, candidate: bytes) -> RoundBased:
    """FloodSet of candidates, for the ledger engine."""
    return flood_set.create(me, committee, candidate, Rule.LOCKED)


def create_early_locked(me: ReplicaId, committee: Committee, candidate: bytes) -> RoundBased:
    """Early stopping with candidates, for the ledger engine."""
    return early.create(me, committee, candidate, Rule.LOCKED)


ALGORITHMS: Mapping[str, Create] = {
    "flood-set": flood_set.create,
    "flood-set-locked": create_locked,
    "flood-set-min": create_minimum,
    "opt-flood-set": create_opt,
    "early": early.create,
    "early-locked": create_early_locked,
    "early-fast": create_fast,
    "flood-min": flood_min.create,
    "flood-min-2": create_pairs,
    "phase-king": phase_king.create,
    "gathering": gathering.create,
    "dolev-strong": dolev_strong.create,
    "signed-broadcast": create_broadcast,
    "majority": textbook.create_mended,
    "majority-printed": textbook.create_printed,
    "flood-set-short": create_short,
}
