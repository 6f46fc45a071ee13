"""A tiny deterministic source of chance, the same in every process: SHA-256 over a counter."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Chance:
    """A stream of integers named by `seed`."""

    seed: int
    drawn: int = 0

    def below(self, limit: int) -> int:
        """An integer from 0 to limit - 1; the bias is below 2^-32 for limits below 2^32."""
        self.drawn += 1
        block = hashlib.sha256(b"%d/%d" % (self.seed, self.drawn)).digest()
        return int.from_bytes(block[:8], "big") % limit

    def between(self, least: int, most: int) -> int:
        """An integer from `least` to `most`, both included."""
        return least + self.below(most - least + 1)

    def happens(self, permille: int) -> bool:
        """True so many times in a thousand."""
        return permille > 0 and self.below(1_000) < permille

    def choose(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]
