"""One header and the nonces that are left to try on it."""

from collections import deque
from collections.abc import Iterator

from consensus.block import TreeBlock
from node.mining.orders import Search

NONCES = 1 << 64
"""A claim has room for a nonce of so many values."""
LEASE = 1 << 44
"""Nonces that a worker gets at once: months of hashing."""


class Job:
    """A block to be proved, and who tries which nonces.

    Each worker holds one lease at a time. The lease of a worker that dies is tried again by another.
    """

    def __init__(self, number: int, block: TreeBlock, nonces: int, lease: int) -> None:
        self.number = number
        self.block = block
        self._fresh = cut(nonces, lease)
        self._returned: deque[range] = deque()
        self._held: dict[int, range] = {}

    def lease(self, worker: int) -> Search | None:
        """What a worker shall try next; None if every nonce is taken."""
        nonces = self._returned.popleft() if self._returned else next(self._fresh, None)
        if nonces is None:
            return None
        self._held[worker] = nonces
        return Search(self.number, self.block.header, nonces[0], nonces[-1])

    def spend(self, worker: int) -> None:
        """A worker has tried all that it held."""
        self._held.pop(worker, None)

    def give_back(self, worker: int) -> None:
        """A worker is gone."""
        if nonces := self._held.pop(worker, None):
            self._returned.append(nonces)

    @property
    def is_exhausted(self) -> bool:
        """Has nobody anything left, once `lease` has given nothing."""
        return not self._held and not self._returned


def cut(nonces: int, lease: int) -> Iterator[range]:
    """All nonces in order, a lease at a time."""
    for first in range(0, nonces, lease):
        yield range(first, min(first + lease, nonces))
