"""What is mined: blocks on the head, made anew while the mempool changes and the clock goes on.

The engine says where the next block stands and under which target; here it is given transactions, the
roots they lead to, and a time. The miner hashes and knows nothing of that.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from consensus.block import Template, TreeBlock
from consensus.events import Event, Mined
from node.core import Core
from node.recent_bodies import RecentBodies
from node.tree_blocks import to_tree_block

RENEW_S = 1.0
"""A draft is made anew so often: its time is what the next target is computed from."""
HURRY_S = 0.1
"""New transactions wait at most so long for a draft that has room for them."""
DRAFT = b"draft"


class Miner(Protocol):
    """Looks for proofs, and calls back on the event loop when it has one or has tried all."""

    def start(self) -> None:
        """Be ready to hash."""
        ...

    async def close(self) -> None:
        """Stop, and leave no process behind."""
        ...

    def mine(self, block: TreeBlock | None) -> None:
        """Look for a proof of this block from here on, or for none."""
        ...


class Drafting:
    """Answers an engine's `Mine`; `post` hands found blocks to the driver."""

    def __init__(self, core: Core, recent: RecentBodies, post: Callable[[Event], None]) -> None:
        self._chain = core.tree
        self._mempool = core.mempool
        self._proposer = core.identity.public_key
        self._count_max = core.config.batch.proposal_count_max
        self._stages = core.stages
        self._recent = recent
        self._post = post
        self._template: Template | None = None
        self._renewing: asyncio.Handle | None = None
        self._renew_at = 0.0  # with uvloop what is due at once is no timer, and knows no time
        self._drafted_at = 0.0

    def connect(self, miner: Miner) -> None:
        """Name the miner, which is made after this."""
        self._miner = miner

    def mine(self, template: Template | None) -> None:
        """Mine on a template from here on, or not at all."""
        self._template = template
        if template is None:
            self._stop_renewing()
            self._miner.mine(None)
        else:
            self._renew()

    def on_admitted(self) -> None:
        """New transactions: make the draft anew soon."""
        if self._template is not None:
            due_s = self._drafted_at + HURRY_S - time.monotonic()
            self._renew_after(max(due_s, 0.0))

    def on_found(self, block: TreeBlock) -> None:
        """The miner found a proof."""
        self._post(Mined(block))

    def on_exhausted(self, block: TreeBlock) -> None:
        """No nonce proves that draft: a later one has another header."""
        self._renew(block.header.time_ms + 1)

    def close(self) -> None:
        """Make no more drafts."""
        self._template = None
        self._stop_renewing()

    def _renew(self, earliest_ms: int = 0) -> None:
        """Draft a block, unless the ledger stands elsewhere already: then another template follows."""
        template = self._template
        if template is None:
            return
        self._renew_after(RENEW_S, replace=True)
        if template.parent != self._chain.head_id:
            return
        self._drafted_at = time.monotonic()
        limits = self._chain.genesis.limits
        count_max = min(limits.block_transactions_max, self._count_max)
        with self._stages.measure("propose"):
            chosen = self._mempool.select(count_max, limits.block_bytes_max)
            now_ms = time.time_ns() // 1_000_000
            time_ms = max(template.time_ms_min, earliest_ms, now_ms)
            draft = self._chain.compose(time_ms, template.claim, self._proposer, chosen)
        self._recent.put(DRAFT + draft.header.payload_digest, draft.envelopes)
        self._miner.mine(to_tree_block(draft))

    def _renew_after(self, seconds: float, *, replace: bool = False) -> None:
        """Have the draft made anew then, or earlier if that was planned already."""
        loop = asyncio.get_running_loop()
        renew_at = loop.time() + seconds
        if self._renewing is not None:
            if not replace and self._renew_at <= renew_at:
                return
            self._renewing.cancel()
        self._renew_at = renew_at
        self._renewing = loop.call_later(seconds, self._renew)

    def _stop_renewing(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            self._renewing = None
