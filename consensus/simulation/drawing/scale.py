"""Where on the page a moment is: time runs downwards, linear but for long gaps.

Runs are bunched: hops of some milliseconds, then a timeout of half a second. One scale cannot show
both, so a stretch in which nothing happens and that would be long on the page is cut short, and a
break says how much time is missing. Between breaks the scale is the same everywhere.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

HOP_PX = 76
"""How tall a message of median delay is between four hosts; more hosts need more room."""
HOSTS, CROWD_MAX = 4, 2.0
SCALE_PX_MIN, SCALE_PX_MAX = 0.02, 30.0
"""Of a millisecond."""
GAP_HOPS = 2
"""An empty stretch that would be taller than so many hops is cut short …"""
BREAK_PX = 54
"""… to this."""
TICK_PX = 38
"""Ticks are at least so far apart."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of time on the page; `is_break` if it is cut short."""

    begin_ms: int
    end_ms: int
    top_px: float
    bottom_px: float
    is_break: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """Stretches that follow each other without holes."""

    stretches: tuple[Stretch, ...]
    px_per_ms: float

    @property
    def height_px(self) -> float:
        """From the first moment to the last."""
        return self.stretches[-1].bottom_px

    def find(self, at_ms: float) -> float:
        """How far down a moment is; moments outside are put at the edge."""
        index = bisect_right(self.stretches, at_ms, key=lambda stretch: stretch.begin_ms) - 1
        stretch = self.stretches[max(index, 0)]
        length_ms = stretch.end_ms - stretch.begin_ms
        share = (at_ms - stretch.begin_ms) / length_ms if length_ms else 0.0
        share = min(max(share, 0.0), 1.0)
        return stretch.top_px + share * (stretch.bottom_px - stretch.top_px)

    def ticks(self) -> list[int]:
        """Moments to name: round ones, and the first and last of every stretch that has room."""
        step_ms = compute_step(TICK_PX / self.px_per_ms)
        found: list[int] = []
        for stretch in self.stretches:
            if not stretch.is_break:
                found += self._ticks_of(stretch, step_ms)
        return found

    def _ticks_of(self, stretch: Stretch, step_ms: int) -> list[int]:
        """Round moments of a stretch, kept clear of its first, which is always named."""
        first = -(-stretch.begin_ms // step_ms) * step_ms
        clear_ms = TICK_PX / 2 / self.px_per_ms
        rounds = range(first, stretch.end_ms + 1, step_ms)
        return [stretch.begin_ms, *(at for at in rounds if at - stretch.begin_ms > clear_ms)]


def make_scale(moments: Iterable[int], hop_ms: float, hosts: int = HOSTS) -> Scale:
    """A scale over all of some moments (one at least), on which `hop_ms` is `HOP_PX` tall."""
    hop_px = HOP_PX * min(max((hosts / HOSTS) ** 0.5, 1.0), CROWD_MAX)
    px_per_ms = min(max(hop_px / max(hop_ms, 0.001), SCALE_PX_MIN), SCALE_PX_MAX)
    times = sorted(set(moments))
    gap_px = GAP_HOPS * hop_px
    stretches: list[Stretch] = []
    begin_ms, top_px = times[0], 0.0
    for before_ms, after_ms in pairwise(times):
        if (after_ms - before_ms) * px_per_ms > gap_px:
            bottom_px = top_px + (before_ms - begin_ms) * px_per_ms
            stretches.append(Stretch(begin_ms, before_ms, top_px, bottom_px, is_break=False))
            top_px = bottom_px + BREAK_PX
            stretches.append(Stretch(before_ms, after_ms, bottom_px, top_px, is_break=True))
            begin_ms = after_ms
    bottom_px = top_px + (times[-1] - begin_ms) * px_per_ms
    stretches.append(Stretch(begin_ms, times[-1], top_px, bottom_px, is_break=False))
    return Scale(tuple(stretches), px_per_ms)


def compute_step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that is no smaller than `least`."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= least:
                return digit * power
        power *= 10
