"""The JSON forms of the API, read and written; the OpenAPI document is made from these.

What clients send (`Strict`) refuses unknown fields and wrong types. What they receive (`Answer`)
may gain fields later, so a client has to ignore those it does not know.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from node.api.backend import NodeState, Outcome, TransactionStatus
from node.api.fields import U64, Address, Amount, Hash, HexBytes, Signature
from node.diagnosis.facts import Presence
from node.diagnosis.finding import Code, Severity
from node.stories import Turn


class Strict(BaseModel):
    """What clients send."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Answer(BaseModel):
    """What clients receive."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class TransferFields(Strict):
    """Moves an amount to another account."""

    type: Literal["transfer"]
    recipient: Address
    amount: Amount


class RecordFields(Strict):
    """Sets a value under a key of the sender."""

    type: Literal["record"]
    key: HexBytes
    value: HexBytes


class CommitteeFields(Strict):
    """A validator's vote for a committee with or without a validator; one at least is named."""

    type: Literal["committee"]
    add: Address | None = None
    remove: Address | None = None
    faults: U64


PayloadFields = Annotated[
    TransferFields | RecordFields | CommitteeFields, Field(discriminator="type")
]


class TransactionFields(Strict):
    """A signed transaction in JSON; the signature is over its canonical bytes."""

    version: U64
    chain_id: Hash
    sender: Address
    nonce: U64
    fee: Amount
    valid_until: U64
    payload: PayloadFields
    signature: Signature


class SubmissionAnswer(Answer):
    """What became of a submitted transaction.

    `definite` says whether the outcome is settled. While it is false the transaction may still be
    applied: a time that ran out is not a refusal.
    """

    outcome: Outcome
    id: Hash
    status: TransactionStatus
    definite: bool
    height: U64 | None = None
    reason: str | None = None
    detail: str | None = None


class BatchItem(Answer):
    """The result of one transaction of a batch; fields that do not apply are left out.

    `retry_after_s` stands where the same bytes may be taken later: the mempool is full, or the node
    takes nothing just now.
    """

    outcome: Outcome
    id: Hash | None = None
    status: TransactionStatus | None = None
    reason: str | None = None
    detail: str | None = None
    retry_after_s: int | None = None


class BatchAnswer(Answer):
    """One result for each transaction, in the order in which they were sent."""

    accepted: int
    known: int
    rejected: int
    results: list[BatchItem]


class ReceiptAnswer(Answer):
    """What the execution of a transaction did."""

    id: Hash
    status: Literal["applied", "failed"]
    reason: str | None
    fee: Amount


class RiskAnswer(Answer):
    """The exact chance that an attacker with this share of all work undoes the block, as of now."""

    attacker_share: float
    chance: float


class ChapterAnswer(Answer):
    """One turn of a transaction's story; `height` and `block` say which block it is about."""

    turn: Turn
    at_ms: U64
    height: U64 | None = None
    block: Hash | None = None
    reason: str | None = None


class TransactionAnswer(Answer):
    """A transaction as this node knows it.

    `raw` is its canonical bytes. `proof` is the inclusion proof as canonical bytes, at the last
    certified height; `quorate verify` reads it. Where the head may move to another branch,
    `confirmations` counts the blocks from its own up to the head, `risks` stand while its block is
    not final, and `story` is what this node saw happen to it since it started.
    """

    id: Hash
    status: TransactionStatus
    definite: bool
    reason: str | None = None
    height: U64 | None = None
    index: U64 | None = None
    transaction: TransactionFields | None = None
    raw: HexBytes | None = None
    receipt: ReceiptAnswer | None = None
    proof: HexBytes | None = None
    confirmations: U64 | None = None
    risks: list[RiskAnswer] | None = None
    story: list[ChapterAnswer] | None = None


class BlockSummary(Answer):
    """The header of a block and how many transactions it holds."""

    height: U64
    id: Hash
    parent: Hash
    payload_digest: Hash
    transaction_root: Hash
    state_root: Hash
    receipts_root: Hash
    timestamp_ms: U64
    proposer: Address | None = Field(description="None for a null block and the genesis block.")
    claim: HexBytes
    transaction_count: U64
    skipped_count: U64 = Field(description="Ordered, but without any effect.")
    final: bool
    certified: bool


class BlockAnswer(BlockSummary):
    """A block: header, the engine's proofs, and the ids of its transactions in order.

    `values` is what the engine decided, `seal` its proof, both in the engine's canonical bytes.
    """

    values: list[HexBytes]
    seal: HexBytes
    certificate: HexBytes | None
    transactions: list[Hash]
    failed: dict[str, str] = Field(description="Ids of those that failed, and the reason of each.")


class BlockPage(Answer):
    """A page of blocks. `next` is the cursor of the following page, None at the end."""

    blocks: list[BlockSummary]
    next: str | None


class TransactionPage(Answer):
    """A page of a block's transactions, in block order."""

    height: U64
    transactions: list[TransactionAnswer]
    next: str | None


class AccountAnswer(Answer):
    """An account at the head. One that never moved has balance 0 and nonce 0.

    `next_nonce` also counts what is pending here. `proof` is the state proof as canonical bytes, at
    the last certified height, which may be below `height`.
    """

    address: Address
    public_key: Hash
    balance: Amount
    nonce: U64
    next_nonce: U64
    height: U64
    proof: HexBytes | None = None


class RecordAnswer(Answer):
    """The value an account keeps under a key; None where it keeps none."""

    owner: Address
    key: HexBytes
    value: HexBytes | None
    height: U64
    proof: HexBytes | None = None


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


class EventAnswer(Answer):
    """Something that happened here; what `data` holds depends on the kind.

    `cursor` is where a subscriber goes on who has read this; `time_ms` is this node's clock (Unix time).
    """

    cursor: str
    kind: str
    time_ms: U64
    data: dict[str, Any]
    height: U64 | None = None


class ProbeAnswer(Answer):
    """A probe's answer: `ok`, and a reason where it is not."""

    ok: bool
    detail: str


class RouteAnswer(Answer):
    """One route of the index."""

    method: str
    path: str
    summary: str


class IndexAnswer(Answer):
    """What can be asked here."""

    name: str
    version: str
    routes: list[RouteAnswer]


class FieldProblem(Answer):
    """One field that could not be taken: where it stands, and why."""

    field: str
    reason: str
    detail: str


class ProblemAnswer(Answer):
    """A problem document (RFC 9457); `reason` is stable and machine-readable.

    `transaction_status` stands where the problem is about a transaction that is here already.
    """

    type: str
    title: str
    status: int
    reason: str
    detail: str
    instance: str
    errors: list[FieldProblem] | None = None
    id: Hash | None = None
    transaction_status: TransactionStatus | None = None
    definite: bool | None = None
    retry_after_s: int | None = None
