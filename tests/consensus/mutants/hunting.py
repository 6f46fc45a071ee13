"""The hunt: storm after storm, until one of them kills the mutant."""

import time
from collections.abc import Iterable

import msgspec

from consensus.simulation.run import run_seed
from consensus.simulation.schedule import Violation
from tests.consensus.mutants.planting import Mutant, planted

ENGINE_ERROR = "engine-error"
"""What a storm finds when the code under test raises."""


class Kill(msgspec.Struct, frozen=True):
    """Which seed found a bug, and by which broken promise."""

    seed: int
    property: str


class Hunt(msgspec.Struct, frozen=True):
    """What became of a mutant: its kill, if any, and when it came in virtual time.

    `storms` were played for it, which took so many `seconds`.
    """

    name: str
    kill: Kill | None = None
    at_ms: int = 0
    storms: int = 0
    seconds: float = 0.0


def hunt(mutant: Mutant, seeds: Iterable[int]) -> Hunt:
    """Run storms in order until one breaks a promise."""
    started, storms = time.perf_counter(), 0
    kill, at_ms = None, 0
    with planted(mutant):
        for seed in seeds:
            storms += 1
            violation = strike(mutant, seed)
            if violation:
                kill, at_ms = Kill(seed, violation.property), violation.at_ms
                break
    return Hunt(mutant.name, kill, at_ms, storms, time.perf_counter() - started)


def strike(mutant: Mutant, seed: int) -> Violation | None:
    """One storm over the code as it stands."""
    try:
        return run_seed(mutant.request, seed).violation
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError) as error:
        return Violation(ENGINE_ERROR, repr(error), 0)
