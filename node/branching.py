"""The ledger's side of an engine of block trees: the head moves, and what was undone waits again.

Whatever an engine of this kind asks is served here, in order; storing and mining have files of their
own. The switch itself does not yield, so nobody sees half of one.
"""

import asyncio
from collections.abc import Callable
from typing import assert_never

from consensus.block import TreeBlock
from consensus.committee import ReplicaId
from consensus.effects import Adopt, Finalize, Mine, Share, Store
from consensus.events import Applied, Event, Refuted
from ledger.switching import Switch
from ledger.transaction import Envelope, decode_transaction
from node.body_log import BodyLog
from node.core import Core
from node.drafting import Drafting
from node.driver import TreeEffect
from node.recent_bodies import RecentBodies
from node.storing import BlockStorer
from node.tasks import OnFailure, end, spawn
from node.tree_blocks import to_tree_block
from node.tree_story import TreeStory

FLUSH_S = 1.0
"""So often the bodies that peers pushed are written to the mempool log."""

Say = Callable[[TreeBlock, ReplicaId | None], None]


class Branching:
    """Performs `Mine`, `Store`, `Share`, `Adopt` and `Finalize`.

    `say(block, to)` sends a block, as the message it is, to one replica, or to all others if None;
    `on_returned(ids)` hears of transactions that peers may not have.
    """

    def __init__(
        self,
        core: Core,
        log: BodyLog,
        *,
        recent: RecentBodies,
        storer: BlockStorer,
        drafting: Drafting,
        story: TreeStory,
        say: Say,
        on_returned: Callable[[list[bytes]], None],
        post: Callable[[Event], None],
        on_failure: OnFailure,
    ) -> None:
        self._chain = core.tree
        self._mempool = core.mempool
        self._committee = core.committee
        self._stages = core.stages
        self._metrics = core.metrics
        self._log = log
        self._recent = recent
        self._storer = storer
        self._drafting = drafting
        self._story = story
        self._say = say
        self._on_returned = on_returned
        self._post = post
        self._on_failure = on_failure
        self._flushing: asyncio.Task[None] | None = None
        self._returned: dict[bytes, None] = {}
        """What a reorganisation undid and nothing has become of since."""

    def start(self) -> None:
        """Begin to keep what peers push."""
        self._flushing = spawn(self._flush_forever(), "flush", self._on_failure)

    async def close(self) -> None:
        """Store and mine no more."""
        self._drafting.close()
        if self._flushing is not None:
            await end(self._flushing)
        await self._storer.close()

    async def _flush_forever(self) -> None:
        """Write what peers pushed: no vote ever waits for that here, so nobody else would."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self._log.sync()

    def perform(self, effect: TreeEffect) -> None:
        """Do what the engine asks."""
        match effect:
            case Mine(template):
                self._drafting.mine(template)
            case Store():
                self._storer.store(effect)
            case Share(block_id, to):
                self._share(block_id, to)
            case Adopt(block_id):
                self._adopt(block_id)
            case Finalize(height, _):
                self._finalize(height)
            case _:
                assert_never(effect)

    def on_admitted(self, envelopes: list[Envelope]) -> None:
        """New bodies in the mempool."""
        self._storer.on_admitted(envelopes)
        self._drafting.on_admitted()

    def find_body(self, id_: bytes) -> Envelope | None:
        """A body that is here though perhaps not in the mempool, nor on the adopted branch."""
        return self._mempool.get(id_) or self._recent.find(id_) or self._log.recall(id_)

    def holds(self, _id: bytes) -> bool:
        """No logged body is needed but the mempool's: stored blocks have their own."""
        return False

    def count_waiting(self) -> int:
        """A head that the engine adopts is adopted at once."""
        return 0

    def count_missing(self) -> int:
        """Bodies that blocks lack which are being stored."""
        return self._storer.count_missing()

    def _share(self, block_id: bytes, to: int | None) -> None:
        """Whoever is shown a block asks for its bodies next."""
        if (block := self._chain.get_block(block_id)) is None:
            return
        if not self._chain.is_adopted(block_id) and not self._recent.has(block_id):
            self._recent.put(block_id, map(decode_transaction, block.raws))
        self._say(to_tree_block(block), to)

    def _adopt(self, block_id: bytes) -> None:
        with self._stages.measure("execute"), self._metrics.execution.time():
            switch = self._chain.adopt(block_id)
        if switch.refuted is not None:
            self._story.on_refuted(switch)
            self._post(Refuted(switch.refuted))
            return
        self._follow(switch)
        self._post(Applied(self._chain.height, block_id, self._committee))

    def _follow(self, switch: Switch) -> None:
        """The mempool stands where the ledger does; what it gave up leaves the log."""
        with self._stages.measure("mempool"):
            dropped = self._mempool.follow(switch)
        self._log.forget(drop.id for drop in dropped)
        self._log.on_applied(self._chain.height)
        self._story.on_switch(switch, dropped)
        self._announce_returned(switch)

    def _announce_returned(self, switch: Switch) -> None:
        """Tell of what came back again and again: peers may not have been able to take it before."""
        self._returned.update((envelope.id, None) for envelope in switch.orphans)
        self._returned = {id_: None for id_ in self._returned if id_ in self._mempool}
        self._on_returned(list(self._returned))

    def _finalize(self, height: int) -> None:
        self._chain.finalize(height)
        self._story.on_final(self._chain.block(height))
