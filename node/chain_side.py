"""The side of engines whose decisions are final at once: order, execute, confirm reads, catch up."""

import secrets
from contextlib import AsyncExitStack

from ledger.apply import AppliedBlock
from ledger.mempool import Dropped
from node.ordering import Ordering
from node.reading import Reads
from node.side import Parts
from node.sync import Sync

TICKET_BITS = 62
"""Reads are numbered from a random number on, so that no two runs of a node share one."""


class ChainSide:
    """`orders` decides and executes heights, `catch_up` fetches those that others are ahead."""

    forks = None

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        core = parts.core
        self.orders = Ordering(
            core,
            parts.body_log,
            fetch=parts.fetch,
            spread_s=parts.spread_s,
            post=parts.post,
            on_applied=self._on_applied,
            on_failure=parts.on_failure,
        )
        self.catch_up = Sync(
            core,
            parts.votes,
            parts.admission,
            self.orders,
            parts.peers,
            on_failure=parts.on_failure,
        )
        self.reads: Reads | None = None
        if core.spec.reads:
            first = secrets.randbits(TICKET_BITS)
            self.reads = Reads(parts.post, lambda: core.chain.height, first)
        parts.host.is_behind = self._is_behind
        parts.host.connect(parts.driver, self.orders, parts.peers, self.catch_up, reads=self.reads)

    def describe_mining(self) -> None:
        """Nobody mines here."""

    def start(self, stack: AsyncExitStack) -> None:
        """Take decisions."""
        self.orders.start()
        stack.push_async_callback(self.orders.close)

    def join(self, stack: AsyncExitStack) -> None:
        """Ask peers where they stand."""
        self.catch_up.start()
        stack.push_async_callback(self.catch_up.close)

    def stop_serving(self) -> None:
        """Nobody's read is answered any more."""
        if self.reads is not None:
            self.reads.close()

    def _on_applied(self, applied: AppliedBlock, dropped: list[Dropped]) -> None:
        body_log = self._parts.body_log
        body_log.forget(drop.id for drop in dropped)
        body_log.on_applied(applied.header.height)
        self._parts.lifecycle.on_applied(applied, dropped)
        self._parts.events.on_chain(applied.ids)
        self._parts.events.on_dropped(dropped)
        if self.reads is not None:
            self.reads.on_applied()

    def _is_behind(self) -> bool:
        return self.catch_up.target() > self._parts.core.chain.height
