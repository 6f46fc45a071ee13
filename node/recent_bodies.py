"""Bodies of blocks that are being stored, or were shown to a peer: others are about to ask for them.

Blocks travel without bodies, and those of a side branch are found neither in the mempool nor in the
chain. So the bodies of the latest few blocks stay in memory, whichever branch these are on.
"""

from collections import OrderedDict
from collections.abc import Iterable

from ledger.transaction import Envelope

BLOCKS_MAX = 64
BYTES_MAX = 64 * 1024 * 1024


class RecentBodies:
    """The bodies of the latest blocks, by any name of these; the oldest block leaves first."""

    def __init__(self, blocks_max: int = BLOCKS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._blocks_max = blocks_max
        self._bytes_max = bytes_max
        self._size_bytes = 0
        self._blocks: OrderedDict[bytes, dict[bytes, Envelope]] = OrderedDict()

    def put(self, name: bytes, envelopes: Iterable[Envelope]) -> None:
        """Keep a block's bodies for a while."""
        self._drop(name)
        bodies = {envelope.id: envelope for envelope in envelopes}
        self._blocks[name] = bodies
        self._size_bytes += _weigh(bodies)
        while len(self._blocks) > self._blocks_max or self._size_bytes > self._bytes_max:
            self._drop(next(iter(self._blocks)))

    def has(self, name: bytes) -> bool:
        """Are the bodies of this block here."""
        return name in self._blocks

    def find(self, id_: bytes) -> Envelope | None:
        """A body of one of the blocks, or None."""
        for bodies in reversed(self._blocks.values()):
            if envelope := bodies.get(id_):
                return envelope
        return None

    def _drop(self, name: bytes) -> None:
        if (bodies := self._blocks.pop(name, None)) is not None:
            self._size_bytes -= _weigh(bodies)


def _weigh(bodies: dict[bytes, Envelope]) -> int:
    return sum(len(envelope.raw) for envelope in bodies.values())
