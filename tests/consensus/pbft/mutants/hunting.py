"""The hunt: storm after storm, until one of them kills the mutant."""

import time
from collections.abc import Iterable

import msgspec

from consensus.simulation.run import run_seed
from tests.consensus.pbft.mutants.planting import Mutant, planted

ENGINE_ERROR = "engine-error"
"""What a storm finds when the code under test raises."""


class Kill(msgspec.Struct, frozen=True):
    """Which seed found a bug, by which broken promise, at which moment of virtual time."""

    seed: int
    property: str
    at_ms: int


class Hunt(msgspec.Struct, frozen=True):
    """What became of a mutant: its kill, the storms it stood, and how long they took."""

    name: str
    kill: Kill | None
    seeds: int
    seconds: float


def hunt(mutant: Mutant, seeds: Iterable[int]) -> Hunt:
    """Run storms in order until one breaks a promise."""
    started, tried = time.perf_counter(), 0
    with planted(mutant):
        for seed in seeds:
            tried += 1
            if kill := strike(mutant, seed):
                return Hunt(mutant.name, kill, tried, time.perf_counter() - started)
    return Hunt(mutant.name, None, tried, time.perf_counter() - started)


def strike(mutant: Mutant, seed: int) -> Kill | None:
    """One storm over the code as it stands."""
    try:
        violation = run_seed(mutant.request, seed).violation
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
        return Kill(seed, ENGINE_ERROR, 0)
    return Kill(seed, violation.property, violation.at_ms) if violation else None
