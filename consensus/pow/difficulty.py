"""How hard the next block is: retargeting, in integers only.

Each `window` blocks the target is multiplied by the time that they took over the time that they
should have taken, within a factor `clamp` both ways, and never above the limit. What is computed is
rounded to the compact encoding, as everybody must get the same bits.

Bitcoin measures from the first block of a window to its last, which are window - 1 intervals, and
compares with `window` of them: the famous off-by-one, worth 0.05 % at 2,016 blocks (and a door for
time-warps, since windows do not overlap). `measured_intervals` says which of both a network does.
"""

from dataclasses import dataclass

from consensus.pow.compact import decode_compact, encode_compact


@dataclass(frozen=True, slots=True)
class Retargeting:
    """The rule of one network; times in any unit, as long as it is one."""

    interval: int
    """Time between blocks that is aimed at."""
    window: int
    """Blocks between two changes."""
    clamp: int
    """The target changes at most by this factor."""
    limit: int
    """The easiest target."""
    measured_intervals: int
    """How many intervals lie between the two times that are compared: window, or window - 1."""

    @property
    def expected(self) -> int:
        """How long a window should take."""
        return self.interval * self.window

    def is_due(self, height: int) -> bool:
        """Does the block at `height` have a target of its own."""
        return height % self.window == 0

    def find_first(self, height: int) -> int:
        """The height from whose time a window that ends below `height` is measured (at least 0)."""
        return max(height - 1 - self.measured_intervals, 0)

    def compute_next(self, bits: int, first_time: int, last_time: int) -> int:
        """The bits after a window that had `bits` and took from the first time to the last."""
        expected = self.expected
        actual = last_time - first_time
        actual = min(max(actual, expected // self.clamp), expected * self.clamp)
        target = decode_compact(bits).magnitude * actual // expected
        return encode_compact(max(min(target, self.limit), 1))


def compute_work(target: int) -> int:
    """The hashes that a block under this target takes on average: 2^256 / (target + 1), whole."""
    return (1 << 256) // (target + 1)
