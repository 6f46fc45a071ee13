"""Making a block on the head: choose what can be executed there, execute it, and promise the roots.

A miner leaves out what could not be paid just now, and what would have no effect at all: after a
reorganisation a payment may come back whose funds are still to be included again, and it would be a
pity to charge its fee for that. What is left out waits for the next block.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.apply import apply_payload, apply_transactions, find_skip_reason
from ledger.block import Header, encode_payload
from ledger.branch_state import BranchState
from ledger.hashing import compute_payload_digest
from ledger.state import View
from ledger.switching import compute_roots
from ledger.transaction import Envelope, Transaction
from ledger.validation import compute_cost

PASSES_MAX = 4
"""How often what could not be paid is looked at again, for money that moved in between."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block is to stand, and whose it is."""

    height: int
    parent: bytes
    time_ms: int
    claim: bytes
    proposer: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A block without its proof; `envelopes` are the bodies that it orders, in order."""

    header: Header
    payload: bytes
    envelopes: tuple[Envelope, ...]


def compose_block(
    state: BranchState, place: Place, candidates: Iterable[Envelope], chain_id: bytes
) -> Draft:
    """Execute what can be executed, in the order of the candidates as far as that goes."""
    chosen = choose_payable(state, place.height, candidates, chain_id)
    view = View(state)
    ordered = [(envelope, place.proposer) for envelope in chosen]
    outcome = apply_transactions(view, ordered, place.height, chain_id)
    assert not outcome.skipped
    transaction_root, state_root, receipts_root = compute_roots(outcome, view.seal())
    payload = encode_payload(0, place.proposer, [envelope.id for envelope in chosen])
    header = Header(
        height=place.height,
        parent=place.parent,
        payload_digest=compute_payload_digest(payload),
        transaction_root=transaction_root,
        state_root=state_root,
        receipts_root=receipts_root,
        timestamp_ms=place.time_ms,
        proposer=place.proposer,
        claim=place.claim,
    )
    return Draft(header, payload, tuple(chosen))


def choose_payable(
    state: BranchState, height: int, candidates: Iterable[Envelope], chain_id: bytes
) -> list[Envelope]:
    """Those that have an effect and are paid for, one after the other."""
    view = View(state)
    chosen: list[Envelope] = []
    waiting = list(candidates)
    for _ in range(PASSES_MAX):
        taken = [one for one in waiting if _try(view, one.transaction, height, chain_id)]
        chosen += taken
        if not taken or len(taken) == len(waiting):
            break
        ids = {one.id for one in taken}
        waiting = [one for one in waiting if one.id not in ids]
    return chosen


def _try(view: View, transaction: Transaction, height: int, chain_id: bytes) -> bool:
    """Do what a transaction asks if it is paid for; fees reach nobody before the block's end."""
    sender = view.account(transaction.sender)
    if find_skip_reason(transaction, sender, height, chain_id) is not None:
        return False
    if compute_cost(transaction) > sender.balance:
        return False
    sender.nonce += 1
    sender.balance -= transaction.fee
    apply_payload(view, sender, transaction)
    return True
