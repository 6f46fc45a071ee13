"""Seeds as a command line names them, and as workers take them."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from node.simulation.errors import SeedsError

SEEDS_MAX = 10_000_000
"""More would run for weeks: a typing error rather than a wish."""
SEED_DIGITS_MAX = 12
"""What a scenario file takes for a number."""
CHUNK_SEEDS = 4
"""So few that results arrive often and little is lost; the way to a worker costs a millisecond."""

_RANGE = re.compile(r"(-?[0-9]+)(?::(-?[0-9]+))?")
_ADVICE = "write FIRST:END with END left out, as in 0:1000, or one seed"


def parse_seeds(text: str) -> range:
    """The seeds of `FIRST:END`, END left out, or of one number; raises `SeedsError`."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise SeedsError(f"{text[:80]!r} is not a range of seeds", advice=_ADVICE)
    if max(map(len, text.strip().split(":"))) > SEED_DIGITS_MAX:
        raise SeedsError(f"a seed has at most {SEED_DIGITS_MAX} digits", advice=_ADVICE)
    first = int(found[1])
    seeds = range(first, first + 1 if found[2] is None else int(found[2]))
    check_seeds(seeds, text)
    return seeds


def check_seeds(seeds: range, text: str) -> None:
    """Raise `SeedsError` for a range that is negative, reversed, empty or absurd."""
    if min(seeds.start, seeds.stop) < 0:
        raise SeedsError(f"{text!r} holds negative seeds", advice=_ADVICE)
    if seeds.stop < seeds.start:
        raise SeedsError(f"{text!r} runs backwards", advice=_ADVICE)
    if not seeds:
        raise SeedsError(f"{text!r} holds no seed", advice=_ADVICE)
    if len(seeds) > SEEDS_MAX:
        raise SeedsError(f"{text!r} holds more than {SEEDS_MAX:,} seeds", advice=_ADVICE)


def chunk_seeds(seeds: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """What a worker takes at a time, in order."""
    rest = iter(seeds)
    while chunk := tuple(islice(rest, CHUNK_SEEDS)):
        yield chunk


def name_seeds(chunks: Iterable[tuple[int, ...]]) -> str:
    """Chunks for people: `8 to 11, 16`."""
    return ", ".join(
        str(chunk[0]) if len(chunk) == 1 else f"{chunk[0]} to {chunk[-1]}"
        for chunk in sorted(chunks)
    )
