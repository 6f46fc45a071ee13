"""What the HTTP API asks of the node it serves: one narrow protocol and the views it answers with.

The API owns forms (JSON, text, HTTP statuses); the node owns facts. Everything here is raw: hashes
and public keys are 32 bytes, amounts are integers, durations carry their unit in the name. Nothing
but `submit`, `wait_final` and `confirm_read` may wait; the rest answers from memory or with one store read.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import msgspec

from consensus.fork_measures import ForkMeasures
from ledger.block import Receipt
from ledger.blocks import StoredBlock
from ledger.reasons import Reason
from ledger.transaction import Envelope
from node.diagnosis.facts import Member
from node.diagnosis.finding import Finding
from node.pulse import Sample, Span
from node.stories import Chapter

if TYPE_CHECKING:
    # A command that asks a node needs the answers' forms, and none of what makes them.
    from ledger.ledger import Ledger
    from node.events.hub import EventHub
    from node.metrics import Metrics


class TransactionStatus(StrEnum):
    """Where a transaction stands; the value is the text clients see."""

    UNKNOWN = "unknown"
    """Never seen here, or forgotten. Says nothing about other nodes."""
    PENDING = "pending"
    """In the mempool log: it survives a restart of this node."""
    INCLUDED = "included"
    """In a block of the adopted branch that is not irreversible yet."""
    FINAL = "final"
    """Applied in an irreversible block."""
    FAILED = "failed"
    """In an irreversible block, without effect: fee and nonce are used, `reason` says why."""
    DROPPED = "dropped"
    """Left the mempool without a block; `reason` says why."""


SETTLED = frozenset({TransactionStatus.FINAL, TransactionStatus.FAILED, TransactionStatus.DROPPED})
"""Statuses on which nobody needs to wait any longer."""

DEFINITE_DROPS = frozenset({Reason.TX_EXPIRED.value, Reason.TX_STALE_NONCE.value})
"""What was dropped for these reasons can never be applied anywhere.

Whatever else leaves the mempool (evicted, replaced, …) may still wait in that of another node.
"""


def is_definite(status: TransactionStatus, reason: str | None) -> bool:
    """Can this status no longer change, on any node."""
    if status is TransactionStatus.DROPPED:
        return reason in DEFINITE_DROPS
    return status in SETTLED


class Outcome(StrEnum):
    """What became of one submitted transaction."""

    ACCEPTED = "accepted"
    """New, valid, and on disk: the acknowledgement is durable."""
    KNOWN = "known"
    """These very bytes were here before; `status` says where they stand."""
    REJECTED = "rejected"
    """Refused, nothing kept; `reason` and `detail` say why."""


class Submission(msgspec.Struct, frozen=True, gc=False):
    """The answer to one submitted transaction.

    `id` is None where the bytes hold no transaction. `reason` is one of `ledger.reasons.Reason`
    or of the node's own stable strings. `retry_after_s` is set exactly where the same bytes may be
    accepted later because room returns (the mempool is full): HTTP answers 429. `unavailable` is
    set where the node takes nothing just now (it starts, stops, or is behind): HTTP answers 503.
    """

    outcome: Outcome
    id: bytes | None = None
    status: TransactionStatus | None = None
    reason: str | None = None
    detail: str | None = None
    retry_after_s: int | None = None
    unavailable: bool = False


class Freshness(StrEnum):
    """How a linearizable read was prepared; of refusals, the value is the stable reason."""

    CONFIRMED = "confirmed"
    """The ledger holds everything that was decided anywhere before the question."""
    UNCONFIRMED = "read-unconfirmed"
    """That did not come about in time; asking again may do."""
    NOT_A_VOTER = "read-needs-a-voter"
    """This node has no vote in the committee, so nobody tells it."""
    UNSUPPORTED = "read-unsupported"
    """The engine answers no such question."""
    STOPPING = "node-stopping"


class RiskView(msgspec.Struct, frozen=True):
    """The chance that an attacker with a share of all work undoes a block, as it stands now."""

    attacker_share: float
    chance: float


class TransactionView(msgspec.Struct, frozen=True):
    """One transaction as this node knows it.

    `height` and `index` are given for those in a block, `receipt` where it was executed, `raw` (the
    canonical bytes) where they are still here, `reason` for failed and dropped ones. `story` is
    what this node saw happen so far, oldest first. Where the head may move, `confirmations` counts
    the blocks from its own up to the head, and `risks` say what may undo them while its block is
    not final.
    """

    id: bytes
    status: TransactionStatus
    reason: str | None = None
    height: int | None = None
    index: int | None = None
    raw: bytes | None = None
    receipt: Receipt | None = None
    confirmations: int | None = None
    risks: tuple[RiskView, ...] = ()
    story: tuple[Chapter, ...] = ()


class NodeState(StrEnum):
    """The life of a node process."""

    STARTING = "starting"
    CATCHING_UP = "catching-up"
    READY = "ready"
    STOPPING = "stopping"


class NodeStatus(msgspec.Struct, frozen=True):
    """What a person asks first. Heights are blocks; `role` is "validator" or "follower"."""

    name: str
    version: str
    role: str
    state: NodeState
    engine: str
    network: str
    chain_id: bytes
    public_key: bytes
    head_height: int
    head_id: bytes
    final_height: int
    certified_height: int
    peers: int
    pending: int
    started_at_ms: int
    uptime_ms: int
    event_loop: str = "asyncio"
    alarms: tuple[str, ...] = ()
    """Safety alarms since the start, such as "equivocation" or "divergence"; empty is good."""


class PeerView(msgspec.Struct, frozen=True):
    """One connected peer. `score` is its decaying penalty; heights are what it last told."""

    public_key: bytes
    name: str
    address: str
    role: str
    outbound: bool
    connected_ms: int
    score: float
    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int
    height: int | None = None
    certified_height: int | None = None
    latency_ms: float | None = None


class ValidatorView(msgspec.Struct, frozen=True):
    """One member of the committee, in the order in which they lead."""

    replica: int
    name: str
    public_key: bytes
    is_self: bool
    is_leader: bool
    is_connected: bool


class MempoolView(msgspec.Struct, frozen=True):
    """How full the mempool is, and what it turned away since the start, by reason."""

    count: int
    count_max: int
    size_bytes: int
    size_bytes_max: int
    oldest_ms: int | None
    """Age of the oldest pending transaction; None when there is none."""
    rejected: Mapping[str, int]


class EngineView(msgspec.Struct, frozen=True):
    """The engine's account of itself, dated and with the names of replicas.

    `in_phase_ms` is how long phase, view and height have not changed. `findings` say in words why it
    moves or does not, the one that matters most first: its text is the headline. `quorum` is how many
    members have to take part.
    """

    engine: str
    replica: int | None
    phase: str
    view: int
    leader: str | None
    height: int
    waiting_for: str
    needed: int
    heard: tuple[str, ...]
    silent: tuple[str, ...]
    in_phase_ms: int
    quorum: int
    findings: tuple[Finding, ...]
    members: tuple[Member, ...]
    counters: Mapping[str, int]
    forks: "ForksView | None" = None
    """Where the head may move to another branch."""


class ForksView(msgspec.Struct, frozen=True):
    """Branches and work as the engine measures them, and what is kept beside the adopted branch."""

    measures: ForkMeasures
    side_blocks: int
    side_bytes: int
    side_blocks_max: int
    side_bytes_max: int


class TreeBlockView(msgspec.Struct, frozen=True):
    """One block of a tree; `proposer` is a public key, or empty. Its time is its own."""

    id: bytes
    parent: bytes
    height: int
    timestamp_ms: int
    proposer: bytes
    is_adopted: bool


class VotesView(msgspec.Struct, frozen=True):
    """Who stands behind a block, by replica id, as its proofs tell.

    `view` and `leader` are of the decision. `voters` are those whose votes the seal bears, None where
    the engine's seals bear none; `signers` those who signed the block's certificate, None where it
    has none of its own. Either needs a quorum only, so whoever is missing may have voted too.
    """

    view: int | None = None
    leader: int | None = None
    voters: tuple[int, ...] | None = None
    signers: tuple[int, ...] | None = None


def name_replica(replica: int) -> str:
    """What people call a member of the committee, present or former."""
    return f"validator-{replica}"


class Backend(Protocol):
    """The node as the API sees it."""

    @property
    def chain(self) -> "Ledger":
        """The ledger; only read."""
        ...

    @property
    def metrics(self) -> "Metrics":
        """Everything measured here."""
        ...

    @property
    def events(self) -> "EventHub":
        """Who passes on what happens here."""
        ...

    async def submit(self, raws: Sequence[bytes]) -> list[Submission]:
        """Take canonical transactions, in order; one answer each, in the same order.

        Returns once everything accepted is durable. Refuses by answer, never by raising.
        """
        ...

    async def confirm_read(self, timeout_s: float) -> Freshness:
        """Wait until the ledger holds all that was decided anywhere before; at most `timeout_s`."""
        ...

    def transaction(self, transaction_id: bytes) -> TransactionView | None:
        """What is known of a transaction; None or status UNKNOWN when nothing is."""
        ...

    async def wait_final(self, transaction_id: bytes, timeout_s: float) -> TransactionView | None:
        """Wait until the status is one of `SETTLED`, at most `timeout_s`.

        Returns the view as it is then: after a timeout it may still be pending.
        """
        ...

    def next_nonce(self, public_key: bytes) -> int:
        """The nonce after all that is applied and, without a gap, pending for this account."""
        ...

    def status(self) -> NodeStatus:
        """Who this is and where it stands."""
        ...

    def peers(self) -> list[PeerView]:
        """Connected peers."""
        ...

    def validators(self) -> list[ValidatorView]:
        """The committee."""
        ...

    def mempool_view(self) -> MempoolView:
        """The mempool's fill."""
        ...

    def engine_view(self) -> EngineView:
        """What the engine does and why it is not moving, if it is not."""
        ...

    def votes(self, block: StoredBlock) -> VotesView:
        """Who stands behind a block of the ledger."""
        ...

    def pending(self, count_max: int) -> list[Envelope]:
        """The transactions that would be proposed next, the best first."""
        ...

    def tree(self, lowest: int) -> list[TreeBlockView]:
        """The blocks from a height up on all branches, by height; none where nothing branches."""
        ...

    def samples(self, span: Span) -> list[Sample]:
        """How fast this node was, oldest first."""
        ...

    def ready(self) -> tuple[bool, str]:
        """May clients be sent here; if not, why."""
        ...
