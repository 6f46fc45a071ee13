"""Transactions: as rows of a list, and one in full with its life."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.transaction import Record, Transaction, Transfer
from node.api.backend import SETTLED, RiskView, TransactionStatus, TransactionView
from node.api.fields import spell_address
from node.stories import Chapter, Turn
from node.web.words import show_bytes, show_count, show_duration


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A line of a list; `amount` is None for what pays nobody, `status` what became of it."""

    id: str
    kind: str
    sender: str
    recipient: str | None
    amount: int | None
    fee: int
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a transaction's life: `state` is done, waiting, failed or unseen.

    `after_ms` counts from the first stage that has a time.
    """

    name: str
    text: str
    state: str
    at_ms: int | None = None
    after_ms: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class TransactionPage:
    """A transaction in full; `fields` are names and texts, in the order in which they are read."""

    id: str
    status: str
    headline: str
    row: TransactionRow | None
    fields: tuple[tuple[str, str], ...]
    height: int | None
    index: int | None
    confirmations: int | None
    risks: tuple[RiskView, ...]
    life: tuple[Step, ...]
    proof: str | None
    proof_refusal: str | None
    raw: str | None


HEADLINES = {
    TransactionStatus.UNKNOWN: "This node has never seen it, or has forgotten it.",
    TransactionStatus.PENDING: "Waits in the mempool for a block.",
    TransactionStatus.INCLUDED: "In a block of the adopted branch that may still be undone.",
    TransactionStatus.FINAL: "Applied in a block that is never undone.",
    TransactionStatus.FAILED: "In a block that is never undone, without effect: fee and nonce are used.",
    TransactionStatus.DROPPED: "Left the mempool without a block.",
}
TURNS = {
    Turn.SUBMITTED: ("submitted", "a client gave it to this node"),
    Turn.PENDING: ("heard of", "a peer brought it"),
    Turn.GOSSIPED: ("gossiped", "this node told its peers of it"),
    Turn.PROPOSED: ("proposed", "a value that orders it came up for agreement"),
    Turn.INCLUDED: ("included", "a block orders it"),
    Turn.RETURNED: ("returned", "that block was undone; it is back in the mempool"),
    Turn.FINAL: ("final", "its block is never undone"),
    Turn.DROPPED: ("dropped", "it left the mempool without a block"),
}
"""What each turn of a story is called here, and what it means."""
AHEAD = (Turn.PROPOSED, Turn.INCLUDED, Turn.FINAL)
"""What still has to happen to one that is not settled, in order."""


def make_row(
    id_: bytes, transaction: Transaction, status: str, reason: str | None = None
) -> TransactionRow:
    """The line of one transaction."""
    payload = transaction.payload
    recipient = amount = None
    if isinstance(payload, Transfer):
        kind, recipient, amount = "transfer", spell_address(payload.recipient), payload.amount
    else:
        kind = "record" if isinstance(payload, Record) else "committee vote"
    sender = spell_address(transaction.sender)
    return TransactionRow(
        id_.hex(), kind, sender, recipient, amount, transaction.fee, status, reason
    )


def list_fields(transaction: Transaction) -> tuple[tuple[str, str], ...]:
    """What its sender signed, but for the parties and the amount, which the row tells."""
    payload = transaction.payload
    fields = [
        ("nonce", show_count(transaction.nonce)),
        ("fee", show_count(transaction.fee)),
        ("valid until height", show_count(transaction.valid_until)),
    ]
    if isinstance(payload, Record):
        fields += [("key", show_bytes(payload.key)), ("value", show_bytes(payload.value))]
    elif not isinstance(payload, Transfer):
        if payload.add:
            fields.append(("add validator", spell_address(payload.add)))
        if payload.remove:
            fields.append(("remove validator", spell_address(payload.remove)))
        fields.append(("faults to stand", show_count(payload.faults)))
    return tuple(fields)


def tell_life(view: TransactionView, *, has_branches: bool) -> tuple[Step, ...]:
    """What happened, in order, and what has still to happen before it is settled."""
    if not view.story and view.height is not None:
        steps, told = [_tell_from_ledger(view)], {Turn.PROPOSED, Turn.INCLUDED}
    else:
        current = _since_return(view.story)
        told = {chapter.turn for chapter in current}
        steps = [_show_chapter(chapter, view) for chapter in view.story]
    if view.status in SETTLED or view.status is TransactionStatus.UNKNOWN:
        return tuple(steps)
    ahead = AHEAD[1:] if has_branches else AHEAD
    return (*steps, *(Step(*TURNS[turn], "waiting") for turn in ahead if turn not in told))


def _since_return(story: Sequence[Chapter]) -> Sequence[Chapter]:
    """What counts now: whatever came before the latest return has to happen again."""
    for index in range(len(story) - 1, -1, -1):
        if story[index].turn is Turn.RETURNED:
            return story[index:]
    return story


def _show_chapter(chapter: Chapter, view: TransactionView) -> Step:
    name, text = TURNS[chapter.turn]
    is_bad = chapter.turn in {Turn.RETURNED, Turn.DROPPED}
    if chapter.turn is Turn.FINAL:
        if Turn.INCLUDED not in {one.turn for one in view.story}:
            name = "included and final"
        if view.status is TransactionStatus.FAILED:
            is_bad, text = True, f"{text}, and it had no effect"
    if chapter.reason:
        text = f"{text}: {chapter.reason}"
    return Step(
        name,
        text,
        "failed" if is_bad else "done",
        chapter.at_ms,
        max(0, chapter.at_ms - view.story[0].at_ms),
        chapter.height,
    )


def _tell_from_ledger(view: TransactionView) -> Step:
    """All that is left of the life of a transaction that is no longer remembered."""
    name = "included" if view.status is TransactionStatus.INCLUDED else "final"
    state = "failed" if view.status is TransactionStatus.FAILED else "done"
    return Step(name, "as the ledger says; when is no longer known", state, height=view.height)


def sum_up(view: TransactionView, life: Sequence[Step]) -> str:
    """One sentence on where it stands."""
    text = HEADLINES[view.status]
    if view.status is TransactionStatus.FINAL and len(life) > 1 and life[-1].after_ms is not None:
        text = f"{text} That took {show_duration(life[-1].after_ms)} here."
    return f"{text} Reason: {view.reason}." if view.reason else text
