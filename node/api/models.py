"""The JSON forms of the API, read and written; the OpenAPI document is made from these.

What clients send (`Strict`) refuses unknown fields and wrong types. What they receive (`Answer`)
may gain fields later, so a client has to ignore those it does not know.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from node.api.backend import Outcome, TransactionStatus
from node.api.fields import U64, Address, Amount, Hash, HexBytes, Signature
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
    certified height; `quorate verify` reads it. `story` is what this node
    saw happen to it since it started, for the latest of all. Where the head may move to another
    branch, `confirmations` counts the blocks from its own up to the head, and `risks` stand while
    its block is not final.
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
