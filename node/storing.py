"""Blocks come to the disk: their content is judged, their bodies are gathered, their time is awaited.

Nothing of this needs a state, so a block of any branch can be stored before anybody knows whether it
can be executed. A block whose bodies nobody brings within `PATIENCE_S` is let go, as if its value
were not its own: that says nothing of the block, and whoever still wants it asks for it again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from consensus.effects import Store
from consensus.events import Event, Stored, Verdict
from ledger.branches import BranchBlock
from ledger.content import Content, check_content, compute_value_content, decode_value
from ledger.errors import ChainError, PayloadError
from ledger.transaction import Envelope, decode_transaction
from ledger.validation import check_payload_bodies
from node.bodies import IncludedBodies
from node.core import Core
from node.recent_bodies import RecentBodies
from node.synced_writes import SyncedWrites
from node.tasks import OnFailure, end, spawn
from node.tree_blocks import to_header

GOSSIP_PAUSE_S = 0.05
"""Bodies are usually here before their block, or about to be: wait so long before asking."""
PAUSE_MAX_S = 1.0
PATIENCE_S = 10.0
CLOCK_LOOK_S = 1.0
"""Who waits for a block's time looks at the clock so often: it may have been set meanwhile."""

INCLUDED_BLOCKS_MAX = 64
"""Blocks of the adopted branch looked into for one block's bodies: more than usually can differ."""

Fetch = Callable[[list[bytes], bytes | None], Awaitable[list[Envelope]]]
"""Gets bodies by id from peers (the second argument is whom to ask first); may bring fewer."""


@dataclass(slots=True)
class Gathering:
    """The bodies of one block, as far as they are here."""

    ids: list[bytes]
    bodies: dict[bytes, Envelope] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def missing(self) -> list[bytes]:
        """What is not here, in order."""
        return [id_ for id_ in self.ids if id_ not in self.bodies]

    def fill(self, envelopes: Iterable[Envelope]) -> None:
        """Take those that belong to the block."""
        wanted = set(self.ids)
        self.bodies.update((one.id, one) for one in envelopes if one.id in wanted)
        if len(self.bodies) == len(self.ids):
            self.complete.set()


class BlockStorer:
    """Answers an engine's `Store`; `post` hands the answers to the driver."""

    def __init__(
        self,
        core: Core,
        recent: RecentBodies,
        *,
        fetch: Fetch,
        post: Callable[[Event], None],
        on_failure: OnFailure,
    ) -> None:
        self._chain = core.tree
        self._mempool = core.mempool
        self._clocks = core.clocks
        self._recent = recent
        self._fetch = fetch
        self._post = post
        self._on_failure = on_failure
        self._writes = SyncedWrites(core.store)
        self._tasks: dict[bytes, asyncio.Task[None]] = {}
        self._gathering: dict[bytes, Gathering] = {}
        self.refused_full = 0
        """Blocks for which there was no room beside the adopted branch."""

    def store(self, effect: Store) -> None:
        """Judge a block at once; go on with it in a task of its own."""
        verdict, content = self._judge(effect)
        if content is None:
            self._post(Stored(effect.block_id, verdict))
        elif effect.block_id not in self._tasks:
            work = self._store(effect, content)
            task = spawn(work, "store-block", self._on_failure)
            self._tasks[effect.block_id] = task
            task.add_done_callback(lambda _: self._forget(effect.block_id))

    async def close(self) -> None:
        """Stop; a sync that is running in its thread is waited for."""
        await end(*self._tasks.values())
        await self._writes.close()

    def on_admitted(self, envelopes: list[Envelope]) -> None:
        """New bodies: some block may have waited for them."""
        for gathering in self._gathering.values():
            gathering.fill(envelopes)

    def count_missing(self) -> int:
        """Bodies that are waited for."""
        return sum(len(one.ids) - len(one.bodies) for one in self._gathering.values())

    def _forget(self, block_id: bytes) -> None:
        self._tasks.pop(block_id, None)
        self._gathering.pop(block_id, None)

    def _judge(self, effect: Store) -> tuple[Verdict, Content | None]:
        """Is the value the one that the header names, and good by itself."""
        header = effect.block.header
        try:
            content = decode_value(effect.block.value)
        except PayloadError:
            return Verdict.MISMATCH, None
        if compute_value_content(content) != header.content:
            return Verdict.MISMATCH, None
        try:
            check_content(content, self._chain.genesis.limits)
        except PayloadError:
            return Verdict.INVALID, None
        return Verdict.VALID, content

    async def _store(self, effect: Store, content: Content) -> None:
        header = to_header(effect.block.header, content)
        payload = check_content(content, self._chain.genesis.limits)
        gathering = self._gathering[effect.block_id] = Gathering(payload.split_ids())
        if not await self._gather(gathering, header.proposer):
            self._post(Stored(effect.block_id, Verdict.MISMATCH))
            return
        envelopes = [gathering.bodies[id_] for id_ in gathering.ids]
        try:
            check_payload_bodies(envelopes, self._chain.genesis.limits)
        except PayloadError:
            self._post(Stored(effect.block_id, Verdict.INVALID))
            return
        await self._await_time(effect, header.proposer)
        self._recent.put(effect.block_id, envelopes)
        raws = tuple(envelope.raw for envelope in envelopes)
        await self._write(effect.block_id, BranchBlock(header, content.payload, raws))

    async def _write(self, block_id: bytes, block: BranchBlock) -> None:
        try:
            batch = self._chain.put(block_id, block)
        except ChainError:
            self.refused_full += 1
            self._post(Stored(block_id, Verdict.MISMATCH))
            return
        await self._writes.write(batch)
        self._post(Stored(block_id, Verdict.VALID))

    async def _gather(self, gathering: Gathering, first: bytes) -> bool:
        """Have all bodies, or give up after a while."""
        included = IncludedBodies(self._chain, INCLUDED_BLOCKS_MAX)
        found = (self._find(id_, included) for id_ in gathering.ids)
        gathering.fill(envelope for envelope in found if envelope is not None)
        pause_s, since = GOSSIP_PAUSE_S, time.monotonic()
        while gathering.missing:
            if time.monotonic() - since > PATIENCE_S:
                return False
            try:
                async with asyncio.timeout(pause_s):
                    await gathering.complete.wait()
            except TimeoutError:
                gathering.fill(await self._fetch(gathering.missing, first))
                pause_s = min(2 * pause_s, PAUSE_MAX_S)
        return True

    def _find(self, id_: bytes, included: IncludedBodies) -> Envelope | None:
        if envelope := self._mempool.get(id_) or self._recent.find(id_):
            return envelope
        raw = included(id_)
        return None if raw is None else decode_transaction(raw)

    async def _await_time(self, effect: Store, proposer: bytes) -> None:
        """Answer `LATER` and wait, where a block lies too far ahead of the clock."""
        if (early_s := _early_s(effect)) <= 0:
            return
        self._clocks.note(proposer, early_s)
        self._post(Stored(effect.block_id, Verdict.LATER))
        while early_s > 0:
            await asyncio.sleep(min(early_s + 0.001, CLOCK_LOOK_S))
            early_s = _early_s(effect)


def _early_s(effect: Store) -> float:
    """Seconds until the host's clock has come to where the block may be stored."""
    return (effect.since_ms - time.time_ns() // 1_000_000) / 1000
