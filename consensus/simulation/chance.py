"""Deterministic sources of chance, the same in every process: BLAKE2b over a counter.

Each purpose (a link, a host, a liar) draws from a stream of its own, so that taking one event out
of a schedule leaves the draws of all others alone. That is what makes failing runs shrink well.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

_unpack = struct.Struct(">8Q").unpack


@dataclass(slots=True)
class Chance:
    """A stream of integers named by `seed` and `stream`."""

    seed: int
    stream: str = ""
    blocks: int = 0
    drawn: list[int] = field(default_factory=list)

    def fork(self, stream: str) -> "Chance":
        """Another stream of the same seed; forking draws nothing."""
        return Chance(self.seed, f"{self.stream}/{stream}")

    def below(self, limit: int) -> int:
        """An integer from 0 to limit - 1; the bias is below 2^-32 for limits below 2^32."""
        if not self.drawn:
            self.blocks += 1
            name = f"{self.seed}{self.stream}#{self.blocks}".encode()
            self.drawn = list(_unpack(hashlib.blake2b(name).digest()))
        return self.drawn.pop() % limit

    def between(self, least: int, most: int) -> int:
        """An integer from `least` to `most`, both included."""
        return least + self.below(most - least + 1)

    def happens(self, permille: int) -> bool:
        """True so many times in a thousand."""
        return permille > 0 and self.below(1_000) < permille

    def choose(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """So many of the items, all different, in the order drawn."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]
