"""The state at the last certified height, while the head is further on.

Each block leaves an *undo*: its changed leaves as they were before. Going back from the head over
the undos gives any leaf, and the tree, at the certified height. The trees of the last few heights
are kept, so that a certificate for one of them costs nothing; an older one is worked out on demand.
"""

from collections import OrderedDict

from ledger import state_tree
from ledger.errors import ProofError
from ledger.leaves import hash_value
from ledger.reasons import Reason
from ledger.state_tree import Node

Undo = dict[bytes, bytes | None]
"""Key hash → leaf before the block, None where there was none."""

UNDO_HEIGHTS_MAX = 256
"""Further behind the head than this, the certified state can no longer be proved."""
ROOTS_MAX = 8
"""A tree shares all but its changes with the next: about 2.5 MB per thousand transactions."""


class StateHistory:
    """From the certified height up to the head."""

    def __init__(self, certified_height: int, height: int, root: Node) -> None:
        self.certified_height = certified_height
        self._height = height
        self._undos: OrderedDict[int, Undo] = OrderedDict()
        self._roots: OrderedDict[int, Node] = OrderedDict({height: root})

    def load(self, height: int, undo: Undo) -> None:
        """Hand in a stored undo after a start, heights ascending, up to the head."""
        self._undos[height] = undo

    def push(self, height: int, root: Node, undo: Undo) -> None:
        """A block was applied."""
        self._height = height
        self._undos[height] = undo
        self._roots[height] = root
        if len(self._roots) > ROOTS_MAX:
            oldest = next(key for key in self._roots if key != self.certified_height)
            del self._roots[oldest]
        if len(self._undos) > UNDO_HEIGHTS_MAX:
            self._undos.popitem(last=False)

    def rewind(self, height: int, root: Node) -> None:
        """The blocks above `height` were undone; `root` is the tree there."""
        for kept in (self._undos, self._roots):
            for undone in [key for key in kept if key > height]:
                del kept[undone]
        self._height = height
        self._roots[height] = root

    def certify(self, height: int) -> list[int]:
        """Move the certified height up; the result is the heights whose undo nobody needs now."""
        self.certified_height = max(self.certified_height, height)
        done = [key for key in self._undos if key <= self.certified_height]
        for key in done:
            del self._undos[key]
        for key in [key for key in self._roots if key < self.certified_height]:
            if key != self._height:
                del self._roots[key]
        return done

    def _get_undos(self) -> list[Undo]:
        """The undos after the certified height, oldest first."""
        wanted = range(self.certified_height + 1, self._height + 1)
        if any(height not in self._undos for height in wanted):
            raise ProofError(
                Reason.PROOF_UNAVAILABLE,
                f"the last certified height {self.certified_height} is too far behind",
            )
        return [self._undos[height] for height in wanted]

    def get_root(self) -> Node:
        """The tree at the certified height; raises `ProofError` if it is too far behind."""
        if (root := self._roots.get(self.certified_height)) is not None:
            return root
        changes: dict[bytes, bytes | None] = {}
        for undo in reversed(self._get_undos()):
            changes.update(undo)
        root = state_tree.update(
            self._roots[self._height],
            {key: None if leaf is None else hash_value(leaf) for key, leaf in changes.items()},
        )
        self._roots[self.certified_height] = root
        return root

    def find_leaf(self, key_hash: bytes) -> tuple[bool, bytes | None]:
        """(changed since the certified height, the leaf at that height if it was)."""
        for undo in self._get_undos():
            if key_hash in undo:
                return True, undo[key_hash]
        return False, None
