"""The seeds that kill, kept beside the mutants so that a test needs one storm for each."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tests.consensus.pbft.mutants.hunting import Kill

FILE = Path(__file__).with_name("kills.json")


def read_kills() -> dict[str, Kill]:
    """What was recorded, by mutant."""
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, Kill])


def write_kills(kills: Mapping[str, Kill]) -> None:
    """Replace the records of these mutants, and keep those of others."""
    known = read_kills() if FILE.exists() else {}
    merged = dict(sorted({**known, **kills}.items()))
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(merged), indent=1) + b"\n")
