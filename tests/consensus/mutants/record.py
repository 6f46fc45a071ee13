"""The seeds that kill, kept beside each engine's mutants so that a test needs one storm for each."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tests.consensus.mutants.hunting import Kill
from tests.consensus.mutants.registry import MUTANTS

HOME = Path(__file__).parents[1]
HOMES = {"early": "lockstep", "floodset": "lockstep"}
"""Folders of engines that share their code, and their bugs, with others."""


def find_file(engine: str) -> Path:
    """Where the kills of an engine's mutants are kept."""
    return HOME / HOMES.get(engine, engine) / "mutants" / "kills.json"


def list_engines() -> list[str]:
    """The engines that have mutants."""
    return sorted({mutant.request.engine for mutant in MUTANTS.values()})


def read_kills() -> dict[str, Kill]:
    """What was recorded, by mutant."""
    return {n: k for engine in list_engines() for n, k in read_engine(engine).items()}


def read_engine(engine: str) -> dict[str, Kill]:
    """What was recorded of one engine's mutants; nothing if nothing ever was."""
    file = find_file(engine)
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Kill]) if file.exists() else {}


def write_kills(kills: Mapping[str, Kill]) -> None:
    """Replace the records of these mutants, and keep those of others."""
    for engine in sorted({MUTANTS[name].request.engine for name in kills}):
        new = {n: k for n, k in kills.items() if MUTANTS[n].request.engine == engine}
        merged = dict(sorted({**read_engine(engine), **new}.items()))
        find_file(engine).write_bytes(
            msgspec.json.format(msgspec.json.encode(merged), indent=1) + b"\n"
        )
