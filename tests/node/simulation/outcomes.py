"""Outcomes that follow from a seed without any simulation, and jobs that behave badly.

They are functions of a module, because other processes look them up by name.
"""

import hashlib
import os
import time
from pathlib import Path

from consensus.simulation.request import Outcome
from consensus.simulation.schedule import Violation

PARENT = os.getpid()


def make_outcome(seed: int) -> Outcome:
    """Every seventh seed breaks agreement."""
    digest = hashlib.sha256(b"%d" % seed).hexdigest()
    violation = Violation("agreement", f"two values for {seed}", 12) if seed % 7 == 3 else None
    return Outcome(seed, violation, seed % 3, 100, 20_000, {"nulls": seed % 2}, digest)


def tell_process(seed: int) -> tuple[int, int]:
    """Who ran it."""
    return seed, os.getpid()


def die_at_five(seed: int) -> int:
    """A worker that ends without a word."""
    if seed == 5:
        os._exit(7)
    return seed


def raise_at_five(seed: int) -> int:
    """A mistake in the simulator itself."""
    if seed == 5:
        raise ValueError("five")
    return seed


def hold(folder: Path, seed: int) -> int:
    """Say that it has begun, and never end."""
    (folder / f"{seed}.{os.getpid()}").touch()
    while True:
        time.sleep(60)
