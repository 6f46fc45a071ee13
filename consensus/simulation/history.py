"""What has happened in a run, as far as the promises of consensus are about it.

A run tells its history facts; each fact goes to the properties that watch the run. Nothing here
looks into an engine: what counts is what was said, decided and answered.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from consensus.block import Header
from consensus.committee import ReplicaId
from consensus.message import Digest, Height, Signed
from consensus.simulation.application import Block


@dataclass(frozen=True, slots=True)
class Submission:
    """A client gave work to hosts."""

    item: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A host gave its engine a value."""

    name: ReplicaId
    digest: Digest


@dataclass(frozen=True, slots=True)
class Saying:
    """A host put a signed vote on the links."""

    name: ReplicaId
    vote: Signed[Any]


@dataclass(frozen=True, slots=True)
class Execution:
    """A host executed a block for good, and may have told a client so.

    In a block tree that is the moment at which the block becomes final, and it has a header.
    """

    name: ReplicaId
    block: Block
    header: Header | None = None


@dataclass(frozen=True, slots=True)
class HeadMoved:
    """A host's ledger adopted another head; so many blocks were undone for it."""

    name: ReplicaId
    block_id: bytes
    undone: int
    ahead_ms: int = 0
    """How far ahead of the host's clock the block's time lies."""
    gained: int | None = None
    """How much more work is in the new branch than in the one that was left, in expected hashes.

    None if that branch had to be left, whatever its work.
    """


@dataclass(frozen=True, slots=True)
class Divergence:
    """A host's ledger differs from a certified one."""

    name: ReplicaId
    height: Height


@dataclass(frozen=True, slots=True)
class Accusation:
    """A host holds proof that somebody lied."""

    name: ReplicaId
    offender: ReplicaId


@dataclass(frozen=True, slots=True)
class Reading:
    """A host may tell a client its state at a height; `before` was decided when the client asked."""

    name: ReplicaId
    height: Height
    before: Height
    waits: bool = False
    """Has the host not executed that height yet."""


Fact: TypeAlias = (
    Submission | Proposal | Saying | Execution | HeadMoved | Divergence | Accusation | Reading
)


class ViolationError(AssertionError):
    """A promise was broken; `property_name` is its stable name, the message says how."""

    def __init__(self, property_name: str, detail: str) -> None:
        super().__init__(f"{property_name}: {detail}")
        self.property_name = property_name
        self.detail = detail


@dataclass(slots=True)
class History:
    """What correct replicas did. Those in `byzantine` promise nothing, so they are left out."""

    byzantine: set[ReplicaId] = field(default_factory=set)
    forsaken: set[ReplicaId] = field(default_factory=set)
    """Whom the model promises nothing any more, for no delay is bounded there: see the verb `core`.

    Only where finality counts on delays; where it does not, links break no promise.
    """
    faltered: set[ReplicaId] = field(default_factory=set)
    """Who ever crashed: counted by uniform agreement only."""
    forgetful: set[ReplicaId] = field(default_factory=set)
    """Who ever lost its journal."""
    decided: dict[Height, tuple[ReplicaId, Block]] = field(default_factory=dict)
    """What anybody ever executed first at each height, also if it died the moment after."""
    reached: Height = 0
    """The greatest height that anybody ever decided, executed or not."""
    proposed: set[Digest] = field(default_factory=set)
    """Digests of the values that correct hosts made."""
    said: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    """What was ever signed, by signer, kind, view and height."""
    found: set[bytes] = field(default_factory=set)
    """The blocks that chance granted to miners."""
    final: list[Header] = field(default_factory=list)
    """Of the blocks that anybody finalized first at each height."""
    probes: Counter[str] = field(default_factory=Counter)

    def is_bound(self, name: ReplicaId) -> bool:
        """Do the promises hold for this replica."""
        return name not in self.byzantine and name not in self.forsaken

    @property
    def height(self) -> Height:
        """The greatest height that any correct host ever executed."""
        return len(self.decided)
