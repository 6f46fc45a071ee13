"""A heap from which entries may vanish without being looked for."""

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_SLACK = 64


class LazyHeap(Generic[T]):
    """A min-heap of (key, unique number, item); items that `is_valid` denies do not count.

    They leave when they surface, or when `trim` finds that they have become the majority, so that
    every operation costs O(log n), amortised, and the dead never outnumber the living for long.
    """

    __slots__ = ("_is_valid", "items")

    def __init__(self, is_valid: Callable[[T], bool]) -> None:
        self.items: list[tuple[Any, int, T]] = []
        self._is_valid = is_valid

    def push(self, key: Any, number: int, item: T) -> None:
        """Add an item; of equal keys the smaller number surfaces first."""
        heappush(self.items, (key, number, item))

    def peek(self) -> tuple[Any, int, T] | None:
        """The least valid entry, left in place."""
        items, is_valid = self.items, self._is_valid
        while items:
            if is_valid(items[0][2]):
                return items[0]
            heappop(items)
        return None

    def pop(self) -> tuple[Any, int, T] | None:
        """The least valid entry, taken out."""
        return heappop(self.items) if self.peek() is not None else None

    def trim(self, living_max: int) -> None:
        """Rebuild if there are far more entries than `living_max`, the most that can be valid."""
        if len(self.items) <= 2 * living_max + _SLACK:
            return
        valid = {entry[1]: entry for entry in self.items if self._is_valid(entry[2])}
        self.items = list(valid.values())
        heapify(self.items)

    def ascending(self, follow: Callable[[T], tuple[Any, int, T] | None]) -> Iterator[T]:
        """Valid items in order of their keys, without changing the heap.

        Whenever an item has been consumed, `follow(item)` may name an entry from outside the heap
        that takes part from then on. The first k items cost O(k log k), whatever the heap's size.
        """
        items, is_valid = self.items, self._is_valid
        size = len(items)
        frontier: list[tuple[Any, int, T, int]] = [(*items[0], 0)] if items else []
        while frontier:
            _, _, item, at = heappop(frontier)
            if at >= 0:
                child = 2 * at + 1
                if child < size:
                    heappush(frontier, (*items[child], child))
                    if child + 1 < size:
                        heappush(frontier, (*items[child + 1], child + 1))
                if not is_valid(item):
                    continue
            yield item
            if (entry := follow(item)) is not None:
                heappush(frontier, (*entry, -1))
