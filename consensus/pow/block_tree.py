"""The tree of blocks: cumulative work, branches, the adopted chain, what is final.

A block is *known* when its header was accepted, *stored* when its body is durable too, *connected*
when all its ancestors are. Only connected blocks can be adopted. The heaviest branch counts, by
expected hashes (not by length: a short branch of hard blocks beats a long one of easy blocks); of
two equally heavy ones the first to be connected.

All headers are kept in memory, as in Bitcoin Core. What branches off below the final block is kept
apart and can never be connected. `SIDE_BLOCKS_MAX` bounds what is neither on the adopted chain nor
on the heaviest branch. When there are more, the lightest branches are forgotten: to refuse new ones
instead would let cheap blocks (low targets come with lies about time) keep honest branches out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consensus.block import Header
from consensus.message import Height
from consensus.pow.difficulty import compute_work

SIDE_BLOCKS_MAX = 20_000
"""Headers beside the chain: no partition that can heal mines so many."""
DROPPED_PERMILLE = 125
"""So much of the room is made at once, for it takes a look at the whole tree."""
MEDIAN_BLOCKS = 11
LOCATOR_DENSE = 10
"""So many ids of a locator follow one another."""


@dataclass(frozen=True, slots=True)
class Node:
    """A known block; `work` is that of its whole branch."""

    block_id: bytes
    header: Header
    bits: int
    work: int

    @property
    def height(self) -> Height:
        """Its distance from the root."""
        return self.header.height

    @property
    def parent(self) -> bytes:
        """The id of the block below."""
        return self.header.parent


@dataclass(slots=True)
class BlockTree:
    """All known blocks of one replica. Make one with `plant`."""

    nodes: dict[bytes, Node]
    chain: list[bytes]
    """The adopted branch: the block at height h stands at h."""
    best: bytes
    """The heaviest known block that could be adopted, were it stored."""
    final: Height = 0
    children: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    stored: set[bytes] = field(default_factory=set)
    connected: dict[bytes, int] = field(default_factory=dict)
    """In which order blocks were connected."""
    seen: int = 0
    outside: set[bytes] = field(default_factory=set)
    """Blocks that branch off below the final one."""

    @property
    def head(self) -> Node:
        """The tip of the adopted branch."""
        return self.nodes[self.chain[-1]]

    @property
    def final_id(self) -> bytes:
        """The last block that is irreversible."""
        return self.chain[self.final]

    @property
    def side_count(self) -> int:
        """How many known blocks are not on the adopted branch."""
        return len(self.nodes) - len(self.chain)

    def is_on_chain(self, block_id: bytes) -> bool:
        """Is it on the adopted branch."""
        node = self.nodes.get(block_id)
        return (
            node is not None
            and node.height < len(self.chain)
            and self.chain[node.height] == block_id
        )

    def is_outside(self, parent: bytes) -> bool:
        """Would a block on this parent branch off below the final one."""
        if parent in self.outside:
            return True
        return self.nodes[parent].height < self.final

    def walk_down(self, block_id: bytes) -> Iterator[Node]:
        """A block, its parent, and so on, down to the root."""
        node = self.nodes[block_id]
        while True:
            yield node
            if node.height == 0:
                return
            node = self.nodes[node.parent]

    def walk_side(self, block_id: bytes) -> Iterator[Node]:
        """The same, as far as it is not on the adopted branch."""
        for node in self.walk_down(block_id):
            if self.is_on_chain(node.block_id):
                return
            yield node

    def find_ancestor(self, block_id: bytes, height: Height) -> Node:
        """The block at a height on the branch that ends in a known block."""
        for node in self.walk_down(block_id):
            if node.height == height:
                return node
            if self.is_on_chain(node.block_id):
                return self.nodes[self.chain[height]]
        raise AssertionError(height)

    def find_fork(self, block_id: bytes) -> Node:
        """The last block of the adopted branch that a known block stands on."""
        return next(node for node in self.walk_down(block_id) if self.is_on_chain(node.block_id))

    def compute_median_time_ms(self, block_id: bytes) -> int:
        """The median of the times of a block and the ten below it, as Bitcoin has it."""
        nodes, times = self.nodes, list[int]()
        header = nodes[block_id].header
        while len(times) < MEDIAN_BLOCKS:  # asked for each template and header, so no `walk_down`
            times.append(header.time_ms)
            if not header.height:
                break
            header = nodes[header.parent].header
        times.sort()
        return times[len(times) // 2]

    def make_locator(self) -> tuple[bytes, ...]:
        """Ids of the heaviest known branch, tip to root: ten in a row, then in doubling steps."""
        side = [node.block_id for node in self.walk_side(self.best)]
        top, step = self.nodes[self.best].height, 1
        height, ids = top, list[bytes]()
        while height > 0:
            below = top - height
            ids.append(side[below] if below < len(side) else self.chain[height])
            step = step * 2 if len(ids) > LOCATOR_DENSE else step
            height -= step
        return (*ids, self.chain[0])

    def is_wanted(self, block_id: bytes) -> bool:
        """Is a known block on the heaviest known branch, and that one heavier than the adopted."""
        best, height = self.nodes[self.best], self.nodes[block_id].height
        if best.work <= self.head.work or height > best.height:
            return False
        return self.find_ancestor(self.best, height).block_id == block_id

    def is_full_for(self, parent: bytes) -> bool:
        """Are there too many branches to add to one that is not the heaviest."""
        is_light = self.nodes[parent].work < self.nodes[self.best].work
        return is_light and self.side_count >= SIDE_BLOCKS_MAX

    def make_room(self) -> list[Node]:
        """Forget the branches that came to the least work; never the adopted or heaviest one.

        What is left of a branch is its lower part: a block counts as much as the best above it.
        """
        kept = {node.block_id for node in self.walk_side(self.best)}
        side = [n for i, n in self.nodes.items() if i not in kept and not self.is_on_chain(i)]
        if len(side) < SIDE_BLOCKS_MAX:
            return []
        came_to: dict[bytes, int] = {}
        for node in sorted(side, key=lambda n: -n.height):
            above = (came_to[child] for child in self.children.get(node.block_id, ()))
            came_to[node.block_id] = max(above, default=node.work)
        side.sort(key=lambda n: (came_to[n.block_id], -n.height, n.block_id))
        count = max(SIDE_BLOCKS_MAX * DROPPED_PERMILLE // 1_000, 1)
        return [gone for node in side[:count] for gone in self.remove(node.block_id)]

    def add(self, block_id: bytes, header: Header, bits: int, target: int) -> Node:
        """Know a block whose parent is known and whose header was judged."""
        work = self.nodes[header.parent].work + compute_work(target)
        node = self.nodes[block_id] = Node(block_id, header, bits, work)
        self.children[header.parent] = (*self.children.get(header.parent, ()), block_id)
        if self.is_outside(header.parent):
            self.outside.add(block_id)
        elif work > self.nodes[self.best].work:
            self.best = block_id
        return node

    def store(self, block_id: bytes) -> list[Node]:
        """Its body is durable: what is connected now, parents first."""
        self.stored.add(block_id)
        node = self.nodes[block_id]
        if block_id in self.outside or block_id in self.connected:
            return []
        return list(self.connect(node)) if node.parent in self.connected else []

    def connect(self, first: Node) -> Iterator[Node]:
        """A block and all stored ones above it."""
        waiting = [first]
        while waiting:
            node = waiting.pop(0)
            self.connected[node.block_id] = self.seen
            self.seen += 1
            yield node
            above = self.children.get(node.block_id, ())
            waiting += [self.nodes[child] for child in above if child in self.stored]

    def adopt(self, block_id: bytes) -> int:
        """Make the branch that ends here the chain; how many blocks are not on it any more."""
        fork = self.find_fork(block_id)
        undone = len(self.chain) - 1 - fork.height
        del self.chain[fork.height + 1 :]
        branch: list[bytes] = []
        for node in self.walk_down(block_id):
            if node.block_id == fork.block_id:
                break
            branch.append(node.block_id)
        self.chain += reversed(branch)
        return undone

    def list_missing(self, limit: int) -> list[bytes]:
        """Blocks of the heaviest known branch that are not stored, lowest first."""
        missing: list[bytes] = []
        for node in self.walk_down(self.best):
            if node.block_id in self.connected:
                break
            if node.block_id not in self.stored:
                missing.append(node.block_id)
        return missing[: -limit - 1 : -1]

    def find_heaviest(self) -> Node:
        """The heaviest connected block; of equal ones the first connected."""
        return max(
            (self.nodes[block_id] for block_id in self.connected),
            key=lambda node: (node.work, -self.connected[node.block_id]),
        )

    def remove(self, block_id: bytes) -> list[Node]:
        """Forget a block and all above it; none of them is on the chain."""
        removed: list[Node] = []
        waiting = [block_id]
        parent = self.nodes[block_id].parent
        self.children[parent] = tuple(c for c in self.children[parent] if c != block_id)
        while waiting:
            gone = waiting.pop()
            removed.append(self.nodes.pop(gone))
            waiting += self.children.pop(gone, ())
            self.connected.pop(gone, None)
            self.stored.discard(gone)
            self.outside.discard(gone)
        if self.best not in self.nodes:
            self.best = max(
                (n for n in self.nodes.values() if n.block_id not in self.outside),
                key=lambda node: (node.work, node.block_id == self.chain[-1], node.block_id),
            ).block_id
        return removed

    def finalize(self, height: Height) -> list[Node]:
        """The chain up to here is irreversible; what branched off below is forgotten."""
        removed: list[Node] = []
        for at in range(self.final, height):
            keeps = self.chain[at + 1]
            for child in self.children.get(self.chain[at], ()):
                if child != keeps:
                    removed += self.remove(child)
        self.final = height
        return removed


def plant(root_id: bytes, root_time_ms: int, first_bits: int) -> BlockTree:
    """A tree of nothing but its root, which takes no work and is final."""
    digest = bytes(len(root_id))
    root = Node(root_id, Header(0, digest, root_time_ms, digest, b""), first_bits, 0)
    return BlockTree(
        {root_id: root}, [root_id], root_id, stored={root_id}, connected={root_id: 0}, seen=1
    )
