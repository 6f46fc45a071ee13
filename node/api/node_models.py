"""The JSON forms of what a node says of itself and of its network; see `node.api.models`."""

from typing import Any, Literal

from pydantic import Field

from node.api.backend import NodeState
from node.api.fields import U64, Address, Hash
from node.api.models import Answer
from node.diagnosis.facts import Presence
from node.diagnosis.finding import Code, Severity
from node.pulse import Span


class StatusAnswer(Answer):
    """Who this node is and where it stands."""

    name: str
    version: str
    role: Literal["validator", "follower"]
    state: NodeState
    ready: bool
    engine: str
    network: str
    chain_id: Hash
    public_key: Hash
    head_height: U64
    head_id: Hash
    final_height: U64
    certified_height: U64
    peers: int
    pending: int
    started_at_ms: U64
    uptime_ms: U64
    event_loop: str
    alarms: list[str] = Field(description="Safety alarms since the start; empty is good.")


class PeerAnswer(Answer):
    """A connected peer."""

    public_key: Hash
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
    height: U64 | None
    certified_height: U64 | None
    latency_ms: float | None


class PeersAnswer(Answer):
    """Connected peers."""

    peers: list[PeerAnswer]


class ValidatorAnswer(Answer):
    """A member of the committee."""

    replica: int
    name: str
    public_key: Hash
    address: Address
    is_self: bool
    is_leader: bool
    is_connected: bool


class NextCommitteeAnswer(Answer):
    """The committee of all heights above `since`, by replica ids."""

    since: U64
    faults: int
    replicas: list[int]


class CommitteeVoteAnswer(Answer):
    """What a member wants: another committee with or without a validator."""

    replica: int
    add: Address | None
    remove: Address | None
    faults: int


class ValidatorsAnswer(Answer):
    """The committee, in the order in which its members lead, and the faults it stands.

    It decides the heights above `since`, as far as `height` knows; `next` is set once a change is
    carried, `votes` are those cast for changes that are not.
    """

    faults: int
    validators: list[ValidatorAnswer]
    height: U64
    since: U64
    next: NextCommitteeAnswer | None
    votes: list[CommitteeVoteAnswer]


class MempoolAnswer(Answer):
    """How full the mempool is and what it turned away, by reason, since the start."""

    count: int
    count_max: int
    size_bytes: int
    size_bytes_max: int
    oldest_ms: int | None
    rejected: dict[str, int]


class BranchAnswer(Answer):
    """One tip of the tree; `fork_height` is the last height it shares with the adopted branch.

    `work` is the hashes from the start on, as expected, as a decimal string.
    """

    tip: Hash
    height: U64
    fork_height: U64
    work: str
    adopted: bool
    stored: bool = Field(description="Are all its bodies here, or some headers only.")


class ForksAnswer(Answer):
    """Branches, stale blocks and work, where the head may move to another branch.

    `fork_rates` maps a window of final heights to the part of all blocks that went stale,
    `reorganisations` the number of blocks undone to how often that happened.
    """

    branches: list[BranchAnswer]
    stale_blocks: int
    fork_rates: dict[str, float]
    reorganisations: dict[str, int]
    orphans: int
    difficulty: str = Field(description="Hashes that the next block takes on average.")
    hash_rate_per_s: float | None
    interval_ms: float | None
    finality_ms: float | None
    side_blocks: int = Field(description="Stored blocks beside the adopted branch.")
    side_blocks_max: int
    side_bytes: int
    side_bytes_max: int


class FindingAnswer(Answer):
    """One thing that is so, in plain words; see `node/README.md` for the codes."""

    code: Code = Field(description="A stable name.")
    severity: Severity = Field(
        description="fault: it stands still or must not be trusted until somebody acts."
    )
    text: str = Field(description="A sentence for people.")
    advice: str = Field(description="What to do next; empty where there is nothing to do.")
    since_ms: int | None = Field(description="For how long it has been so; null if not known.")
    members: list[str] = Field(description="Whom it is about, such as validator-2.")


class StandingAnswer(Answer):
    """One member of the committee as this node sees it."""

    replica: int
    name: str
    presence: Presence = Field(
        description="self; linked; silent: linked, but nothing comes; unreachable: no link."
    )
    presence_ms: int = Field(description="For how long it has been so.")
    heard_ms: int | None = Field(
        description="Since the engine last got a message of it; null for never."
    )
    height: U64 | None = Field(description="What it last told of its head.")


class EngineAnswer(Answer):
    """The engine's account of itself, and why it moves or stands still.

    `findings` are in order of weight, never empty; `headline` is the text of the first. `heard` and
    `silent` are those whose voices the present wait has, and lacks.
    """

    engine: str
    replica: int | None
    phase: str
    view: int
    leader: str | None
    height: U64
    waiting_for: str
    needed: int
    heard: list[str]
    silent: list[str]
    in_phase_ms: int
    quorum: int = Field(description="How many members have to take part.")
    headline: str
    findings: list[FindingAnswer]
    members: list[StandingAnswer]
    counters: dict[str, int]
    forks: ForksAnswer | None = None


class SamplesAnswer(Answer):
    """How fast this node was, in columns of one length, oldest first.

    Each sample is about the period that ended at its `at_ms`. Times from submission to final are of
    what clients gave to this node, null where there was none.
    """

    span: Span
    period_ms: int
    at_ms: list[U64]
    height: list[U64]
    final_height: list[U64]
    pending: list[int]
    transactions_per_s: list[float]
    blocks_per_s: list[float]
    p50_ms: list[float | None]
    p95_ms: list[float | None]


class EventAnswer(Answer):
    """Something that happened here; what `data` holds depends on the kind.

    `cursor` is where a subscriber goes on who has read this; `time_ms` is this node's clock (Unix time).
    """

    cursor: str
    kind: str
    time_ms: U64
    data: dict[str, Any]
    height: U64 | None = None
