"""Has a transaction been passed over for too long: how a censoring primary is noticed.

A decided block *passes over* an executable transaction when it had room left or took one that pays
less. Being passed over by the last N blocks in a row is *overdue*. Load alone never makes anything
overdue: full blocks of transactions that pay at least as much pass over nothing.
"""

from collections import deque

from ledger.mempool_queue import Entry
from ledger.priority import LazyHeap

_HAD_ROOM = -1


def _is_waiting(entry: Entry) -> bool:
    return entry.live and entry.executable


class OverdueTracker:
    """Looks at each entry once when it has waited for N heights, and at the best of those."""

    def __init__(self, heights: int) -> None:
        self._heights = heights
        self._young: deque[tuple[int, Entry]] = deque()
        self._aged: LazyHeap[Entry] = LazyHeap(_is_waiting)
        self._floors: deque[int] = deque(maxlen=heights)

    def add(self, entry: Entry) -> None:
        """An entry has become executable, at its `ready_height`."""
        self._young.append((entry.ready_height, entry))

    def apply_block(self, height: int, fee_min: int, is_full: bool) -> None:
        """A block was decided whose cheapest transaction paid `fee_min`."""
        self._floors.append(fee_min if is_full else _HAD_ROOM)
        young = self._young
        while young and young[0][0] + self._heights <= height:
            since, entry = young.popleft()
            if _is_waiting(entry) and entry.ready_height == since:
                self._aged.push(-entry.fee, entry.arrival, entry)

    def trim(self, living_max: int) -> None:
        """Let go of entries that have left, of which at most `living_max` have not."""
        self._aged.trim(living_max)
        if len(self._young) > 2 * living_max + 64:
            self._young = deque(pair for pair in self._young if pair[1].live)

    def is_overdue(self) -> bool:
        """Has some executable transaction been passed over by each of the last N blocks."""
        if len(self._floors) < self._heights or (best := self._aged.peek()) is None:
            return False
        return best[2].fee > max(self._floors)
