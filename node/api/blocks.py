"""Blocks: pages of headers, single blocks, and pages of a block's transactions."""

import asyncio
import re

from aiohttp import web

from ledger.block import ReceiptStatus
from ledger.blocks import StoredBlock
from node.api import consistency
from node.api.backend import TransactionStatus, TransactionView
from node.api.cursors import Cursor, decode_cursor, encode_cursor
from node.api.fields import U64_MAX
from node.api.models import BlockAnswer, BlockPage, BlockSummary, TransactionPage
from node.api.problems import Problem
from node.api.queries import read_choice, read_integer
from node.api.routing import (
    CURSOR,
    LIMIT,
    LIMIT_DEFAULT,
    LIMIT_MAX,
    Api,
    Parameter,
    Route,
    answer,
)
from node.api.views import show_block, show_summary, show_transaction

_HEIGHT = re.compile(r"0|[1-9][0-9]{0,19}")
_HASH = re.compile(r"[0-9a-f]{64}")
SCOPE = "blocks"


def find_height(api: Api, reference: str) -> int:
    """The height of a block named by height, id, "head" or "final"; raises `Problem`."""
    chain = api.backend.chain
    if reference == "head":
        return chain.height
    if reference == "final":
        return api.backend.status().final_height
    if _HASH.fullmatch(reference):
        header = chain.header_by_id(bytes.fromhex(reference))
        if header is None:
            raise Problem("block-unknown", "no block of this id is here")
        return header.height
    if not _HEIGHT.fullmatch(reference):
        raise Problem("path-invalid", "a block is named by height, id, head or final")
    if (height := int(reference)) > chain.height:
        raise Problem("block-unknown", f"the head has height {chain.height}")
    return height


async def serve_block(api: Api, request: web.Request) -> web.Response:
    """One block, without the bodies of its transactions."""
    await consistency.await_consistency(api, request)
    chain = api.backend.chain
    block = chain.block(find_height(api, request.match_info["block"]))
    final_height = api.backend.status().final_height
    return answer(show_block(block, final_height, chain.certified_height))


def read_start(api: Api, request: web.Request) -> Cursor:
    """Where the page begins: a cursor, or `from` and `order`; by default at the head, downwards."""
    first = read_integer(request, "from", 0, U64_MAX)
    order = read_choice(request, "order", ("asc", "desc"))
    text = request.query.get("cursor")
    if text is not None:
        if first is not None or order is not None:
            raise Problem("query-conflict", "a cursor already says where and which way")
        return decode_cursor(text, SCOPE)
    is_descending = order != "asc"
    if first is None:
        first = api.backend.chain.height if is_descending else 0
    return Cursor(SCOPE, is_descending, first)


async def serve_blocks(api: Api, request: web.Request) -> web.Response:
    """A page of block headers, with a pause for others between blocks."""
    limit = read_integer(request, "limit", 1, LIMIT_MAX) or LIMIT_DEFAULT
    start = read_start(api, request)
    chain = api.backend.chain
    head, certified = chain.height, chain.certified_height
    final_height = api.backend.status().final_height
    heights = choose_heights(start, head, limit)
    summaries: list[BlockSummary] = []
    for height in heights:
        summaries.append(show_summary(chain.block(height), final_height, certified))
        await asyncio.sleep(0)
    following = find_next(start, heights, head)
    return answer(BlockPage.model_construct(blocks=summaries, next=following))


def choose_heights(start: Cursor, head: int, limit: int) -> range:
    """The heights of a page, in its order; empty above the head when going up."""
    if start.is_descending:
        first = min(start.position, head)
        return range(first, max(first - limit, -1), -1)
    return range(start.position, min(start.position + limit, head + 1))


def find_next(start: Cursor, heights: range, head: int) -> str | None:
    """The cursor after a page: None at block 0 going down, and where nothing is above yet."""
    if not heights:
        return None
    following = heights[-1] + (-1 if start.is_descending else 1)
    if not 0 <= following <= head:
        return None
    return encode_cursor(Cursor(SCOPE, start.is_descending, following))


async def serve_block_transactions(api: Api, request: web.Request) -> web.Response:
    """A page of a block's transactions with their receipts, in block order."""
    limit = read_integer(request, "limit", 1, LIMIT_MAX) or LIMIT_DEFAULT
    chain = api.backend.chain
    height = find_height(api, request.match_info["block"])
    scope = f"block-{height}"
    text = request.query.get("cursor")
    first = 0 if text is None else decode_cursor(text, scope).position
    block, raws = chain.block(height), chain.bodies(height)
    final_height = api.backend.status().final_height
    last = min(first + limit, len(block.ids))
    page = [
        show_transaction(view_at(block, raws, index, height <= final_height))
        for index in range(first, last)
    ]
    following = encode_cursor(Cursor(scope, False, last)) if last < len(block.ids) else None
    return answer(TransactionPage.model_construct(height=height, transactions=page, next=following))


def view_at(block: StoredBlock, raws: list[bytes], index: int, is_final: bool) -> TransactionView:
    """The transaction at a place of a block."""
    receipt = block.receipts[index]
    is_failed = receipt.status == ReceiptStatus.FAILED
    status = TransactionStatus.FAILED if is_failed else TransactionStatus.FINAL
    return TransactionView(
        id=receipt.id,
        status=status if is_final else TransactionStatus.INCLUDED,
        reason=receipt.reason if is_failed else None,
        height=block.header.height,
        index=index,
        raw=raws[index],
        receipt=receipt,
    )


TAG = "blocks"
BLOCK = Parameter(
    "block",
    'A height, an id, "head" or "final".',
    {"type": "string", "pattern": "^(0|[1-9][0-9]{0,19}|[0-9a-f]{64}|head|final)$"},
    "path",
)
ROUTES = (
    Route(
        "GET",
        "/v1/blocks",
        serve_blocks,
        "Blocks, newest first unless told otherwise.",
        {200: BlockPage},
        TAG,
        parameters=(
            LIMIT,
            CURSOR,
            Parameter(
                "from",
                "The first height of the page.",
                {"type": "integer", "minimum": 0, "maximum": U64_MAX},
            ),
            Parameter(
                "order",
                "Upwards or downwards.",
                {"type": "string", "enum": ["asc", "desc"], "default": "desc"},
            ),
        ),
    ),
    Route(
        "GET",
        "/v1/blocks/{block}",
        serve_block,
        "A block.",
        {200: BlockAnswer},
        TAG,
        parameters=(BLOCK, *consistency.PARAMETERS),
        problems=(404, *consistency.PROBLEMS),
        description="With `consistency=linearizable` the head is no lower than any block that was "
        "final anywhere before the request came.",
    ),
    Route(
        "GET",
        "/v1/blocks/{block}/transactions",
        serve_block_transactions,
        "The transactions of a block, in order.",
        {200: TransactionPage},
        TAG,
        parameters=(BLOCK, LIMIT, CURSOR),
        problems=(404,),
    ),
)
