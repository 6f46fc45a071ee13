"""The record of one proof-of-work replica: plain values, and questions to them.

What bounds the memory: the tree (see there), `ORPHANS_MAX` orphans, `REFUTED_MAX` ids, and for each
peer at most `ANSWERS_MAX` answered messages per resend pause.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from consensus.block import Template
from consensus.committee import Committee, ReplicaId
from consensus.effects import Effect, Ignore
from consensus.pow.block_tree import BlockTree, Node
from consensus.pow.orphans import Orphans
from consensus.pow.parameters import Parameters
from consensus.pow.refusals import Refusal
from consensus.pow.stale import StaleBlocks

ANSWERS_MAX = 64
REFUTED_MAX = 1_024
LATE_BLOCKS = 2


@dataclass(slots=True)
class Replica:
    """One replica; `me` is None for one that does not mine."""

    me: ReplicaId | None
    committee: Committee
    parameters: Parameters
    tree: BlockTree | None = None
    """None before the first event."""
    orphans: Orphans = field(default_factory=Orphans)
    storing: set[bytes] = field(default_factory=set)
    """Blocks that the host was given and has not confirmed."""
    held: set[bytes] = field(default_factory=set)
    """Those of them whose time has not come."""
    applied: bytes = b""
    """The head that the ledger has confirmed."""
    refuted: dict[bytes, int] = field(default_factory=dict)
    """Blocks that nobody can execute, numbered as they came."""
    mining: Template | None = None
    source: ReplicaId | None = None
    """Who told of headers whose bodies are being fetched."""
    is_source_late: bool = False
    """Did it send none of what was asked for until the last resend."""
    shunned: set[ReplicaId] = field(default_factory=set)
    """Who was asked for bodies twice of late and sent none."""
    wanted: set[bytes] = field(default_factory=set)
    """Bodies asked for since the last resend."""
    located: set[ReplicaId] = field(default_factory=set)
    """Peers asked for headers since the last resend."""
    answered: dict[ReplicaId, tuple[Any, ...]] = field(default_factory=dict)
    """Questions answered since the last resend."""
    stale: StaleBlocks = field(default_factory=StaleBlocks)
    reorganised: dict[int, int] = field(default_factory=dict)
    """How often so many blocks were undone."""
    late_blocks: int = LATE_BLOCKS
    """How far behind the head a body may come that nobody asked for, in blocks of the head's work."""
    warned: bool = False
    """A branch that leaves below the final block became heavier than the adopted one."""
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def grown(self) -> BlockTree:
        """The tree, which stands from the first event on."""
        assert self.tree is not None
        return self.tree

    def count(self, probe: str) -> None:
        """A rare situation."""
        self.counters[probe] = self.counters.get(probe, 0) + 1

    def forget(self, removed: Iterable[Node]) -> None:
        """These blocks have left the tree."""
        for node in removed:
            self.storing.discard(node.block_id)
            self.held.discard(node.block_id)
            self.wanted.discard(node.block_id)

    def refute(self, block_id: bytes) -> None:
        """Remember a block that nobody can execute; the oldest are forgotten."""
        self.refuted[block_id] = max(self.refuted.values(), default=0) + 1
        if len(self.refuted) > REFUTED_MAX:
            del self.refuted[min(self.refuted, key=self.refuted.__getitem__)]

    def refuse_question(self, sender: ReplicaId, message: Any) -> Refusal | None:
        """A question is answered once per resend pause, and not too many of them."""
        known = self.answered.get(sender, ())
        return Refusal.ANSWERED if message in known or len(known) >= ANSWERS_MAX else None

    def note_answered(self, sender: ReplicaId, message: Any) -> None:
        """It was answered."""
        self.answered[sender] = (*self.answered.get(sender, ()), message)


def ignore(message: Any, refusal: Refusal) -> Iterator[Effect]:
    """What a handler answers that refuses: the reason, and nothing else."""
    return iter((Ignore(message, refusal),))
