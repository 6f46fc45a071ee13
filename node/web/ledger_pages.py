"""Pages about what the ledger holds: blocks, a block, a transaction, an account."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from ledger.block import ReceiptStatus
from ledger.blocks import StoredBlock
from ledger.errors import LedgerError
from ledger.proofs import encode_proof
from ledger.transaction import Record, Transaction, Transfer, decode_transaction
from node.api.accounts import read_address
from node.api.backend import SETTLED, TransactionStatus, TransactionView, name_replica
from node.api.blocks import find_height
from node.api.fields import U64_MAX
from node.api.problems import Problem
from node.api.queries import read_integer
from node.api.routing import read_path
from node.web.site import Page, Site
from node.web.views import accounts as account_views
from node.web.views import blocks as block_views
from node.web.views import transactions as transaction_views
from node.web.words import show_bytes

BLOCKS_PER_PAGE = 25
TRANSACTIONS_PER_PAGE = 50
HASH_SIZE = 32
SEARCHED_TRANSACTIONS_MAX = 2_000
SEARCHED_BLOCKS_MAX = 200
"""How much of the ledger's end is looked through for an account; some 20 ms of work, in portions."""
ACCOUNT_ROWS_MAX = 50


async def show_blocks(site: Site, request: web.Request) -> Page:
    """A page of blocks, newest first; `from` is the highest."""
    backend = site.api.backend
    chain, status = backend.chain, backend.status()
    asked = read_integer(request, "from", 0, U64_MAX)
    first = chain.height if asked is None else min(asked, chain.height)
    last = max(0, first - BLOCKS_PER_PAGE + 1)
    facts = site.shelf.list(range(first, last - 1, -1))
    view = {
        "rows": block_views.make_rows(facts, status.final_height, status.certified_height),
        "newer": min(first + BLOCKS_PER_PAGE, chain.height) if first < chain.height else None,
        "older": last - 1 if last else None,
        "head": chain.height,
    }
    return Page("blocks.html", "Blocks", view, "blocks", is_live=asked is None)


async def show_block(site: Site, request: web.Request) -> Page:
    """One block: header, who stands behind it, and a page of its transactions."""
    backend = site.api.backend
    chain = backend.chain
    height = find_height(site.api, request.match_info["block"])
    block, raws = chain.block(height), chain.bodies(height)
    count = len(block.ids)
    first = read_integer(request, "first", 0, U64_MAX) or 0
    if first and first >= count:
        raise Problem("query-invalid", f"the block has {count} transactions")
    row = block_views.make_rows(
        [site.shelf.get(height)], chain.final_height, chain.certified_height
    )[0]
    votes = row.facts.votes
    members = [one.replica for one in backend.validators()]
    is_present = height > chain.membership().since
    missing = [] if votes.voters is None else sorted(set(members) - set(votes.voters))
    last = min(first + TRANSACTIONS_PER_PAGE, count)
    view = block_views.BlockView(
        row=row,
        fields=block_views.list_fields(block),
        voters=block_views.name_all(votes.voters),
        missing=block_views.name_all(missing if is_present else ()) or (),
        signers=block_views.name_all(votes.signers),
        leader=None if votes.leader is None else name_replica(votes.leader),
        transactions=tuple(make_block_row(block, raws, index) for index in range(first, last)),
        first_index=first,
        previous_index=max(0, first - TRANSACTIONS_PER_PAGE) if first else None,
        next_index=last if last < count else None,
        next_height=height + 1 if height < chain.height else None,
    )
    is_open = height > min(chain.final_height, chain.certified_height)
    return Page("block.html", f"Block {height:,}", view, "blocks", is_live=is_open)


def make_block_row(
    block: StoredBlock, raws: Sequence[bytes], index: int
) -> transaction_views.TransactionRow:
    """The line of the transaction at a place of a block."""
    receipt = block.receipts[index]
    is_failed = receipt.status == ReceiptStatus.FAILED
    transaction = decode_transaction(raws[index]).transaction
    return transaction_views.make_row(
        receipt.id, transaction, receipt.status, receipt.reason if is_failed else None
    )


async def show_transaction(site: Site, request: web.Request) -> Page:
    """One transaction: what it says, its life, its proof."""
    id_ = read_path(request, "hash", HASH_SIZE)
    found = site.api.backend.transaction(id_)
    if found is None or found.status is TransactionStatus.UNKNOWN:
        raise Problem("tx-unknown")
    transaction = None if found.raw is None else decode_transaction(found.raw).transaction
    proof, refusal = _prove(site, found)
    has_branches = bool(site.api.backend.tree(site.api.backend.chain.height))
    life = transaction_views.tell_life(found, has_branches=has_branches)
    view = transaction_views.TransactionPage(
        id=id_.hex(),
        status=found.status.value,
        headline=transaction_views.sum_up(found, life),
        row=None
        if transaction is None
        else transaction_views.make_row(id_, transaction, found.status.value, found.reason),
        fields=() if transaction is None else transaction_views.list_fields(transaction),
        height=found.height,
        index=found.index,
        confirmations=found.confirmations,
        risks=found.risks,
        life=life,
        proof=proof,
        proof_refusal=refusal,
        raw=None if found.raw is None else found.raw.hex(),
    )
    is_open = found.status not in SETTLED or (proof is None and not has_branches)
    return Page("transaction.html", "Transaction", view, "blocks", is_live=is_open)


def _prove(site: Site, found: TransactionView) -> tuple[str | None, str | None]:
    """The inclusion proof in hex, or why there is none yet."""
    if found.height is None:
        return None, "it is in no block"
    chain = site.api.backend.chain
    try:
        return encode_proof(chain.follow(chain.prove_transaction(found.id))).hex(), None
    except LedgerError as error:
        return None, error.detail or str(error.reason.value)


async def show_account(site: Site, request: web.Request) -> Page:
    """What an account holds, its latest transactions, and a record that is asked for by key."""
    backend = site.api.backend
    chain = backend.chain
    key = read_address(request)
    state, keys = chain.account(key), chain.membership().keys
    rows, records, lowest = await _search_blocks(site, key)
    pending = [
        one for one in backend.pending(SEARCHED_TRANSACTIONS_MAX) if one.transaction.sender == key
    ]
    waiting = [
        account_views.AccountRow(
            None, transaction_views.make_row(one.id, one.transaction, "pending"), False
        )
        for one in pending[:ACCOUNT_ROWS_MAX]
    ]
    typed = request.query.get("key", "")
    asked, problem = _ask_record(site, key, typed)
    view = account_views.AccountView(
        address=request.match_info["address"],
        public_key=key.hex(),
        name=name_replica(keys.index(key)) if key in keys else None,
        balance=state.balance,
        nonce=state.nonce,
        next_nonce=backend.next_nonce(key),
        height=chain.height,
        rows=(*waiting, *rows),
        from_height=lowest,
        to_height=chain.height,
        records=tuple(_show_record(site, key, one) for one in records),
        typed_key=typed,
        asked=asked,
        asked_problem=problem,
    )
    return Page("account.html", "Account", view)


async def _search_blocks(
    site: Site, key: bytes
) -> tuple[list[account_views.AccountRow], list[bytes], int]:
    """An account's transactions in the latest blocks, keys of records it wrote, the lowest height."""
    chain = site.api.backend.chain
    rows: list[account_views.AccountRow] = []
    records: dict[bytes, None] = {}
    seen, height = 0, chain.height
    stop = max(0, height - SEARCHED_BLOCKS_MAX)
    while height > stop and seen < SEARCHED_TRANSACTIONS_MAX and len(rows) < ACCOUNT_ROWS_MAX:
        block, raws = chain.block(height), chain.bodies(height)
        for index in reversed(range(len(block.ids))):
            if key not in raws[index]:  # spelled out in full wherever an account is named
                continue
            transaction = decode_transaction(raws[index]).transaction
            if _concerns(transaction, key):
                row = make_block_row(block, raws, index)
                rows.append(account_views.AccountRow(height, row, transaction.sender != key))
                if isinstance(transaction.payload, Record) and transaction.sender == key:
                    records[transaction.payload.key] = None
        seen += len(block.ids)
        height -= 1
        await asyncio.sleep(0)
    return rows[:ACCOUNT_ROWS_MAX], list(records), height + 1


def _concerns(transaction: Transaction, key: bytes) -> bool:
    payload = transaction.payload
    is_paid = isinstance(payload, Transfer) and payload.recipient == key
    return is_paid or transaction.sender == key


def _show_record(site: Site, owner: bytes, key: bytes) -> account_views.RecordView:
    value = site.api.backend.chain.get_record(owner, key)
    return account_views.RecordView(show_bytes(key), None if value is None else show_bytes(value))


def _ask_record(
    site: Site, owner: bytes, typed: str
) -> tuple[account_views.RecordView | None, str | None]:
    if not typed:
        return None, None
    if (key := account_views.read_key(typed)) is None:
        return None, "After 0x come hex digits, two for each byte."
    return _show_record(site, owner, key), None
