"""What waits to be sent to one peer: three bounded queues, the more urgent first.

A slow peer costs a bounded amount of memory and nobody's time. As more urgent frames always go
first, it is the transactions' queue that overflows first; its excess is dropped as it comes. When
even consensus does not fit, the oldest votes go: engines resend, and newer ones matter more.
"""

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from node.peers.limits import PeerLimits
from node.wire import Lane


class QueueSize(NamedTuple):
    """What waits in a lane."""

    frames: int
    bytes: int


class _Queue:
    """One lane: encoded frames in order, bounded by number and bytes."""

    __slots__ = ("bytes_max", "frames", "frames_max", "size_bytes")

    def __init__(self, frames_max: int, bytes_max: int) -> None:
        self.frames: deque[bytes] = deque()
        self.size_bytes = 0
        self.frames_max = frames_max
        self.bytes_max = bytes_max

    def has_room(self, size_bytes: int) -> bool:
        return len(self.frames) < self.frames_max and self.size_bytes + size_bytes <= self.bytes_max

    def push(self, data: bytes) -> None:
        self.frames.append(data)
        self.size_bytes += len(data)

    def pop(self) -> bytes:
        data = self.frames.popleft()
        self.size_bytes -= len(data)
        return data


class Lanes:
    """The queues of one link."""

    def __init__(self, limits: PeerLimits) -> None:
        self._queues = {
            Lane.CONSENSUS: _Queue(limits.consensus_frames_max, limits.consensus_bytes_max),
            Lane.BLOCKS: _Queue(limits.blocks_frames_max, limits.blocks_bytes_max),
            Lane.TRANSACTIONS: _Queue(
                limits.transactions_frames_max, limits.transactions_bytes_max
            ),
        }
        self._in_order = tuple(self._queues[lane] for lane in sorted(Lane))

    @property
    def size_bytes(self) -> int:
        """All that waits."""
        return sum(queue.size_bytes for queue in self._in_order)

    @property
    def sizes(self) -> Mapping[Lane, QueueSize]:
        """What waits in each lane."""
        return {
            lane: QueueSize(len(queue.frames), queue.size_bytes)
            for lane, queue in self._queues.items()
        }

    def push(self, lane: Lane, data: bytes) -> tuple[bool, int]:
        """Queue an encoded frame; says whether it was taken, and how many frames were dropped."""
        queue = self._queues[lane]
        dropped = 0
        while not queue.has_room(len(data)):
            dropped += 1
            if lane is not Lane.CONSENSUS or not queue.frames:
                return False, dropped
            queue.pop()
        queue.push(data)
        return True, dropped

    def take(self, bytes_max: int, count_max: int) -> list[bytes]:
        """The next frames, most urgent first: one, or several small ones within the limits."""
        taken: list[bytes] = []
        size_bytes = 0
        for queue in self._in_order:
            while queue.frames:
                size_bytes += len(queue.frames[0])
                if taken and (size_bytes > bytes_max or len(taken) == count_max):
                    return taken
                taken.append(queue.pop())
        return taken
