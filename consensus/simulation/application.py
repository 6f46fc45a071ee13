"""What a simulated host orders, and executes: bare payloads, unless a run brings a real ledger.

An item is one word that a client submits; `!bad` is an invalid one. A bare value is a line of text,
`<proposer>/<height>: <item> <item> …`, so that traces can be read.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from consensus.committee import ReplicaId
from consensus.message import Height, compute_digest
from consensus.simulation.membership import Assembly, Tenure

GENESIS_ID = hashlib.sha256(b"quorate/simulation/genesis").digest()
ITEMS_PER_VALUE = 4
OVERDUE_HEIGHTS = 6
"""An item that later ones were preferred to at so many heights makes the primary a censor."""


@dataclass(frozen=True, slots=True)
class Block:
    """A decided height as the ledger keeps it."""

    height: Height
    values: tuple[bytes, ...]
    seal: Any
    block_id: bytes


class Application(Protocol):
    """The ledger below one engine: what survives a crash of it, and the work that waits."""

    blocks: list[Block]
    """Executed heights, in order: height h stands at h - 1."""
    certificates: dict[Height, Any]
    executed: dict[str, Height]
    """Items executed, and where first."""
    genesis_id: bytes
    censored: frozenset[str]
    """Items that this host leaves out of its values."""

    @property
    def tenure(self) -> Tenure | None:
        """Who decides the next heights; None where the committee never changes."""

    @property
    def waiting(self) -> Iterable[str]:
        """Items known and not executed, oldest first."""

    def submit(self, item: str) -> bool:
        """A client's work; False if it is known or executed already."""

    def make_value(
        self, proposer: ReplicaId, height: Height, after: Sequence[bytes], *, required: bool
    ) -> bytes | None:
        """A value that orders waiting items which `after` does not; None if there are none.

        `proposer` is the host's address, so that twins make different values of the same work.
        With `required` an empty value is made in that case.
        """

    def is_valid(self, value: bytes) -> bool:
        """The predicate of external validity."""

    def compose(self, proposer: ReplicaId, height: Height, items: Sequence[str]) -> bytes:
        """A value that orders just these items, whatever waits here: what liars make."""

    def execute(self, height: Height, values: tuple[bytes, ...], seal: Any) -> Block:
        """Append the next height."""

    def certify(self, height: Height, certificate: Any) -> None:
        """Keep a later proof."""

    def flags(self) -> tuple[bool, bool]:
        """Is there work, and has some been passed over too long."""

    def sync(self) -> None:
        """All blocks so far survive a power failure from here on."""

    def crash(self, *, loses_unsynced: bool) -> int:
        """What is volatile is gone, with `loses_unsynced` blocks too; how many blocks that were."""

    def wipe(self) -> None:
        """The disk is a new one; clients' work is sent again."""


MakeApplication: TypeAlias = Callable[[int], Application]
"""From a host's address."""


def make_value(proposer: ReplicaId, height: Height, items: Iterable[str]) -> bytes:
    """The bytes that order `items`."""
    return f"{proposer}/{height}: {' '.join(items)}".encode()


def items_of(value: bytes) -> list[str]:
    """The items that a bare value orders."""
    return value.decode(errors="replace").partition(": ")[2].split()


def is_valid(value: bytes) -> bool:
    """Is none of the items invalid."""
    return b"!" not in value or not any(item.startswith("!") for item in items_of(value))


@dataclass(slots=True)
class BareApplication:
    """Opaque items on a hash chain."""

    blocks: list[Block] = field(default_factory=list)
    certificates: dict[Height, Any] = field(default_factory=dict)
    executed: dict[str, Height] = field(default_factory=dict)
    genesis_id: bytes = GENESIS_ID
    censored: frozenset[str] = frozenset()
    known: dict[str, None] = field(default_factory=dict)
    """All items ever submitted here, in order; on disk."""
    work: dict[str, int] = field(default_factory=dict)
    """Items known and not executed, oldest first, and how often each was passed over."""
    synced: Height = 0
    assembly: Assembly | None = None
    """The committee, where it can change."""

    @property
    def tenure(self) -> Tenure | None:
        """Who decides the next heights."""
        return None if self.assembly is None else self.assembly.tenure

    @property
    def waiting(self) -> Iterable[str]:
        """Items known and not executed, oldest first."""
        return self.work

    def submit(self, item: str) -> bool:
        """A client's work; False if it is known already."""
        assert item.split() == [item]
        if item in self.known:
            return False
        self.known[item] = None
        if item in self.executed:
            return False
        self.work[item] = 0
        return True

    def make_value(
        self, proposer: ReplicaId, height: Height, after: Sequence[bytes], *, required: bool
    ) -> bytes | None:
        """The oldest items that are not in flight."""
        if not self.work and not required:
            return None
        taken = {item for value in after for item in items_of(value)} | self.censored
        items = [item for item in self.work if item not in taken][:ITEMS_PER_VALUE]
        return make_value(proposer, height, items) if items or required else None

    def is_valid(self, value: bytes) -> bool:
        """Is none of the items invalid."""
        return is_valid(value)

    def compose(self, proposer: ReplicaId, height: Height, items: Sequence[str]) -> bytes:
        """A line of text that orders just these items."""
        return make_value(proposer, height, items)

    def execute(self, height: Height, values: tuple[bytes, ...], seal: Any) -> Block:
        """Append the block and forget the work it did; its id follows from the parent and values."""
        assert height == len(self.blocks) + 1, f"height {height} decided at {len(self.blocks)}"
        parent = self.blocks[-1].block_id if self.blocks else self.genesis_id
        digests = b"".join(map(compute_digest, values))
        block_id = hashlib.sha256(parent + height.to_bytes(8, "big") + digests).digest()
        block = Block(height, values, seal, block_id)
        self.blocks.append(block)
        items = [item for value in values for item in items_of(value)]
        self.count_passed_over(items)
        if self.assembly is not None:
            self.assembly.execute(height, items)
        for item in items:
            self.work.pop(item, None)
            self.executed.setdefault(item, height)
        return block

    def count_passed_over(self, items: list[str]) -> None:
        """Work that could have been ordered and was not was passed over once more.

        A value with room left passes over everything; a full one passes over what came before
        something that it orders. What nobody submitted here counts as having come last.
        """
        ordered = set(items)
        last = max((at for at, item in enumerate(self.work) if item in ordered), default=0)
        if len(items) < ITEMS_PER_VALUE or not ordered <= self.known.keys():
            last = len(self.work)
        for at, item in enumerate(self.work):
            if at < last and item not in ordered:
                self.work[item] += 1

    def certify(self, height: Height, certificate: Any) -> None:
        """Keep a later proof."""
        self.certificates[height] = certificate

    def flags(self) -> tuple[bool, bool]:
        """Is there work, and has some been passed over too long."""
        is_changing = self.assembly is not None and self.assembly.tenure.is_changing
        if not self.work:
            return is_changing, False
        return True, any(passed >= OVERDUE_HEIGHTS for passed in self.work.values())

    def sync(self) -> None:
        """All blocks so far survive a power failure from here on."""
        self.synced = len(self.blocks)

    def crash(self, *, loses_unsynced: bool) -> int:
        """Submitted work is on disk; unsynced blocks perhaps not."""
        lost = len(self.blocks) - self.synced if loses_unsynced else 0
        if lost:
            del self.blocks[self.synced :]
            self.certificates = {h: c for h, c in self.certificates.items() if h <= self.synced}
            self.executed = {i: h for i, h in self.executed.items() if h <= self.synced}
            self.assemble()
        self.work = {item: 0 for item in self.known if item not in self.executed}
        return lost

    def wipe(self) -> None:
        """A new disk; clients' work is sent again."""
        self.blocks, self.certificates, self.executed, self.synced = [], {}, {}, 0
        self.assemble()
        self.work = dict.fromkeys(self.known, 0)

    def assemble(self) -> None:
        """The committee as the blocks that are left leave it."""
        if self.assembly is None:
            return
        self.assembly = self.assembly.renew()
        for block in self.blocks:
            items = [item for value in block.values for item in items_of(value)]
            self.assembly.execute(block.height, items)
