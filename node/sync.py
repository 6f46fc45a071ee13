"""Catch-up: fetch decided heights from peers and offer them to the engine, which judges the seals.

It runs whenever a peer tells of a greater height than ours and we have not moved for a while, or
the engine has evidence of being behind. The same path serves a node that was down, one that is new,
one that falls behind while it runs, and a follower, for which it is the only one.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterable, Sequence
from typing import Any

import structlog

from consensus.errors import DecodeError
from consensus.events import Offered
from consensus.message import Height
from ledger.chain import Chain
from ledger.errors import LedgerError
from ledger.transaction import Envelope
from node.admission import Admission
from node.core import Core
from node.ordering import Ordering
from node.peers.errors import PeerError
from node.peers.network import Peers
from node.votes import Votes
from node.wire import BlockBundle, GetBlocks

_log = structlog.get_logger(__name__)

PATIENCE_S = 0.5
"""A validator that is a height behind usually gets there by votes; it asks after this long."""

TICK_S = 0.1
APPLY_TIMEOUT_S = 10.0
"""Offered heights that are not executed within this time were not believed."""

NEAR_HEIGHTS = 8
"""So close behind, bodies are mostly here by gossip: fetch the blocks without them."""

BUNDLE_BYTES_MAX = 4 * 1024 * 1024
"""What one answer may hold, below the wire's limit for a frame."""

BAD_BLOCKS_WEIGHT = 30


class Sync:
    """Brings this node to the height of its peers."""

    def __init__(
        self,
        core: Core,
        votes: Votes,
        admission: Admission,
        ordering: Ordering,
        peers: Peers,
    ) -> None:
        self._chain = core.chain
        self._spec = core.spec
        self._votes = votes
        self._admission = admission
        self._ordering = ordering
        self._peers = peers
        self._patience_s = TICK_S if core.me is None else PATIENCE_S
        self._heights_max = core.config.sync.heights_per_request_max
        self._timeout_s = core.config.sync.request_timeout_ms / 1000
        self._asked: Height = 0
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self.is_catching_up = False
        self.fetched_heights = 0

    def start(self) -> None:
        """Begin to watch."""
        self._running = asyncio.create_task(self._run(), name="sync")

    async def close(self) -> None:
        """Stop."""
        if self._running:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def on_behind(self, height: Height) -> None:
        """The engine has evidence that others decided up to `height`."""
        self._asked = max(self._asked, height)
        self._wake.set()

    def target(self) -> Height:
        """The greatest height a connected peer tells of, or the engine has evidence of."""
        told = [peer.status.height for peer in self._peers.connected() if peer.status]
        return max([self._asked, *told])

    async def _run(self) -> None:
        height, since = self._chain.height, time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), TICK_S)
            is_told = self._wake.is_set()
            self._wake.clear()
            if self._chain.height != height:
                height, since = self._chain.height, time.monotonic()
            if self.target() <= height:
                self.is_catching_up = False
            elif is_told or time.monotonic() - since >= self._patience_s:
                far = self.target() - self._chain.height > NEAR_HEIGHTS
                self.is_catching_up = await self._catch_up() and far
                self._asked = min(self._asked, self._chain.height)

    async def _catch_up(self) -> bool:
        """Ask each peer that is ahead in turn, until one helps; did one."""
        for peer in self._peers_ahead():
            if await self._fetch_from(peer):
                return True
        return False

    def _peers_ahead(self) -> list[bytes]:
        ahead = [
            p for p in self._peers.connected() if p.status and p.status.height > self._chain.height
        ]
        ahead.sort(
            key=lambda p: (-min(p.status.height if p.status else 0, self.target()), p.peer_id)
        )
        return [p.peer_id for p in ahead]

    async def _fetch_from(self, peer: bytes) -> bool:
        """Fetch from one peer until it has no more; the next answer comes while one is executed.

        Did it help: was anything executed.
        """
        first = self._chain.height + 1
        asking = asyncio.create_task(self._ask(peer, first))
        try:
            while blocks := await asking:
                last = blocks[-1].height
                asking = asyncio.create_task(self._ask(peer, last + 1))
                await self._offer_all(blocks)
                if not await self._reach(last):
                    if self._chain.height < blocks[0].height:
                        self._peers.penalise(peer, "sync-unproven-blocks", BAD_BLOCKS_WEIGHT)
                    break
                self.fetched_heights += len(blocks)
        except PeerError:
            pass
        except (DecodeError, LedgerError) as error:
            self._peers.penalise(peer, "sync-bad-blocks", BAD_BLOCKS_WEIGHT)
            _log.warning("bad blocks from a peer", peer=peer.hex(), detail=str(error))
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        return self._chain.height >= first

    async def _ask(self, peer: bytes, first: Height) -> tuple[BlockBundle, ...]:
        if first > self.target():
            return ()
        near = self.target() - self._chain.height <= NEAR_HEIGHTS
        request = GetBlocks(0, first, self._heights_max, bodies=not near)
        return (await self._peers.request(peer, request, self._timeout_s)).blocks

    async def _offer_all(self, bundles: Sequence[BlockBundle]) -> None:
        """Verify all bodies in one go and the seals, hold the bodies, and tell the engine."""
        wanted = [bundle for bundle in bundles if bundle.height > self._chain.height]
        proofs = [self._read_proofs(bundle) for bundle in wanted]
        raws = [raw for bundle in wanted for raw in bundle.bodies]
        entries = await self._admission.obtain(raws, is_decided=True)
        bodies = _by_id(e.envelope for e in entries if e.envelope and not e.error)
        for bundle, (seal, certificate) in zip(wanted, proofs, strict=True):
            self._ordering.hold(bundle.height, bundle.values, bodies)
            self._ordering.offer(Offered(bundle.height, bundle.values, seal, certificate))

    def _read_proofs(self, bundle: BlockBundle) -> tuple[Any, Any]:
        seal = self._spec.seals.decode(bundle.seal)
        certificate = None
        if bundle.certificate:
            certificate = self._spec.certificates.decode(bundle.certificate)
        for proof in (seal, certificate):
            if proof is not None and not self._votes.hold(proof):
                raise DecodeError("a signature in the proof does not hold")
        return seal, certificate

    async def _reach(self, height: Height) -> bool:
        """Wait until `height` is executed; give up when nothing moves for a while."""
        seen, since = self._chain.height, time.monotonic()
        while self._chain.height < height:
            await asyncio.sleep(0.01)
            if self._chain.height != seen:
                seen, since = self._chain.height, time.monotonic()
            elif time.monotonic() - since > APPLY_TIMEOUT_S:
                return False
        return True


def read_blocks(chain: Chain, request: GetBlocks, heights_max: int) -> tuple[BlockBundle, ...]:
    """The answer to a peer's `GetBlocks`: consecutive heights, within the limits of a frame."""
    bundles: list[BlockBundle] = []
    size = 0
    last = min(chain.height, request.first + min(request.count, heights_max) - 1)
    for height in range(max(1, request.first), last + 1):
        block = chain.block(height)
        bodies = tuple(chain.bodies(height)) if request.bodies else ()
        size += sum(map(len, bodies)) + sum(map(len, block.values)) + len(block.seal)
        if bundles and size > BUNDLE_BYTES_MAX:
            break
        certificate = block.certificate or b""
        bundles.append(BlockBundle(height, block.values, block.seal, certificate, bodies))
    return tuple(bundles)


def _by_id(envelopes: Iterable[Envelope]) -> dict[bytes, Envelope]:
    return {envelope.id: envelope for envelope in envelopes}
