"""Virtual time: one heap of things to come, in milliseconds.

Things due at the same moment happen in the order in which they were put on the heap, so a run is a
function of its seed and of what is done to it.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Action = Callable[..., None]


@dataclass(slots=True)
class Timeline:
    """The clock and what is due."""

    now_ms: int = 0
    happened: int = 0
    """Things that have happened so far."""
    scheduled: int = 0
    heap: list[tuple[int, int, Action, tuple[Any, ...]]] = field(default_factory=list)

    def schedule(self, delay_ms: int, action: Action, *arguments: Any) -> None:
        """Let `action(*arguments)` happen so long from now."""
        self.scheduled += 1
        heapq.heappush(self.heap, (self.now_ms + delay_ms, self.scheduled, action, arguments))

    def hasten(self, is_meant: Callable[[Action, tuple[Any, ...]], bool], within_ms: int) -> None:
        """What is meant, and would happen later than that, happens at that moment."""
        latest_ms = self.now_ms + within_ms
        self.heap[:] = [
            (latest_ms, number, action, arguments)
            if at_ms > latest_ms and is_meant(action, arguments)
            else (at_ms, number, action, arguments)
            for at_ms, number, action, arguments in self.heap
        ]
        heapq.heapify(self.heap)

    def step(self) -> bool:
        """Let the next thing happen; False if nothing will."""
        if not self.heap:
            return False
        self.now_ms, _, action, arguments = heapq.heappop(self.heap)
        self.happened += 1
        action(*arguments)
        return True

    def run(self, for_ms: int) -> None:
        """Let time pass; what is due at the last moment still happens."""
        end_ms = self.now_ms + for_ms
        heap = self.heap
        while heap and heap[0][0] <= end_ms:
            self.step()
        self.now_ms = end_ms

    def run_until(self, goal: Callable[[], bool], within_ms: int) -> bool:
        """Let time pass until a goal is reached; False if it is not within the time."""
        end_ms = self.now_ms + within_ms
        while not goal():
            if not self.heap or self.heap[0][0] > end_ms:
                self.now_ms = end_ms
                return goal()
            self.step()
        return True
