"""Catch-up: fetch decided heights from peers, judge their proofs, and offer them to the engine.

It runs whenever a peer tells of a greater height than ours and we have not moved for a while, or
the engine has evidence of being behind. The same path serves a node that was down, one that is new,
one that falls behind while it runs, and a follower, for which it is the only one.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from consensus.committee import Committee
from consensus.errors import DecodeError
from consensus.events import Offered
from consensus.message import Height
from ledger.block import decode_payload
from ledger.errors import PayloadError
from ledger.ledger import Ledger
from ledger.steps import LastHeight
from node.admission import Admission, BadBodiesError
from node.core import Core
from node.errors import NodeError
from node.ordering import Ordering
from node.peers.errors import PeerError
from node.peers.network import Peers
from node.tasks import OnFailure, end, spawn
from node.votes import Votes
from node.wire import BlockBundle, GetBlocks, Status

_log = structlog.get_logger(__name__)

PATIENCE_S = 0.5
"""A validator that is a height behind usually gets there by votes; it asks after this long."""

TICK_S = 0.1
APPLY_TIMEOUT_S = 10.0
"""Offered heights whose bodies nobody brings within this time are asked for again."""

SHUN_S = 0.5
SHUN_MAX_S = 30.0
"""A peer that was no help is left alone so long, twice as long each time."""

CERTIFICATE_PAUSE_S = 1.0
"""Statuses come so often; a certificate that is asked for has mostly arrived before the next."""

NEAR_HEIGHTS = 8
"""So close behind, bodies are mostly here by gossip: fetch the blocks without them."""

BUNDLE_BYTES_MAX = 4 * 1024 * 1024
"""What one answer may hold, below the wire's limit for a frame."""

BAD_BLOCKS_WEIGHT = 30


class BadBlocksError(NodeError):
    """What a peer sent is not what it was asked for, or proves nothing."""

    reason = "sync-bad-blocks"


@dataclass(slots=True)
class _Shunned:
    """A peer that was no help: not asked again before `until`, later each time."""

    until: float = 0.0
    times: int = 0


class Sync:
    """Brings this node to the height of its peers.

    Peers that claim more than they can give cost a request now and then, and nothing else: what is
    fetched is judged before it is kept, and whoever did not help is asked again only after the
    others, later each time. `on_failure` hears of an error that is no peer's.
    """

    def __init__(
        self,
        core: Core,
        votes: Votes,
        admission: Admission,
        ordering: Ordering,
        peers: Peers,
        *,
        on_failure: OnFailure,
    ) -> None:
        self._chain = core.decisions
        self._spec = core.spec
        self._seats = core.seats
        self._votes = votes
        self._admission = admission
        self._ordering = ordering
        self._peers = peers
        self._on_failure = on_failure
        self._heights_max = core.config.sync.heights_per_request_max
        self._timeout_s = core.config.sync.request_timeout_ms / 1000
        self._asked: Height = 0
        self._certificate_asked_at = 0.0
        self._missing: list[LastHeight] = []
        self._change_asked_at = 0.0
        self._shunned: dict[bytes, _Shunned] = {}
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self.is_catching_up = False
        """Is it proven that this node is far behind."""
        self.fetched_heights = 0

    def start(self) -> None:
        """Begin to watch."""
        self._running = spawn(self._run(), "sync", self._on_failure)

    async def close(self) -> None:
        """Stop."""
        if self._running:
            await end(self._running)

    def on_behind(self, height: Height) -> None:
        """The engine has evidence that others decided up to `height`."""
        self._asked = max(self._asked, height)
        self._wake.set()

    def target(self) -> Height:
        """A height that some correct node has reached: as many validators tell of it as it takes."""
        validators = set(self._seats.members.values())
        told = [
            peer.status.height
            for peer in self._peers.connected()
            if peer.status and peer.peer_id in validators
        ]
        told.sort(reverse=True)
        believed = self._spec.count_believed(self._seats.committee)
        return max(self._asked, told[believed - 1] if len(told) >= believed else 0)

    async def _run(self) -> None:
        height, since = self._chain.height, time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._wake.wait()
            is_told = self._wake.is_set()
            self._wake.clear()
            if self._chain.height != height:
                height, since = self._chain.height, time.monotonic()
            patience_s = TICK_S if self._seats.me is None else PATIENCE_S
            if is_told or time.monotonic() - since >= patience_s:
                await self._catch_up()
                await self._catch_up_certificate()
            await self._catch_up_changes()

    async def _catch_up(self) -> None:
        """Ask each peer that is ahead in turn, until one helps."""
        for peer in self._list_peers_ahead():
            if await self._fetch_from(peer):
                self._shunned.pop(peer, None)
                break
            self._shun(peer)
        self.is_catching_up = False
        self._asked = min(self._asked, self._chain.height)

    async def _catch_up_certificate(self) -> None:
        """A height may be fetched before its certificate exists; who only fetches asks for it.

        Of former committees those of their last heights are enough: see `_catch_up_changes`.
        """
        certified = max(self._chain.certified_height, self._seats.since)
        height, now = self._chain.height, time.monotonic()
        claims = self._claims(lambda status: status.certified_height)
        has_it = [peer for peer, claim in claims.items() if certified < claim <= height]
        if not has_it or now < self._certificate_asked_at + CERTIFICATE_PAUSE_S:
            return
        self._certificate_asked_at = now
        peer = max(has_it, key=lambda peer: (claims[peer], peer))
        is_offered = False
        with self._blaming(peer):
            (bundle,) = await self._request(peer, claims[peer], 1, bodies=False)
            if not bundle.certificate:
                raise BadBlocksError("no certificate where the peer claims one")
            proofs = self._judge_proofs(bundle)
            self._ordering.offer(Offered(bundle.height, bundle.values, *proofs))
            is_offered = True
        if not is_offered:
            self._shun(peer)

    async def _catch_up_changes(self) -> None:
        """The ends of committees: without their certificates nothing above counts as certified."""
        now, missing = time.monotonic(), self._chain.uncertified_changes()
        if missing != self._missing:  # what has just come about mostly ends by itself
            self._missing, self._change_asked_at = missing, now
        if not missing or now < self._change_asked_at + CERTIFICATE_PAUSE_S:
            return
        self._change_asked_at = now
        for last in missing:
            claims = self._claims(lambda status: status.certified_height)
            has_it = sorted(peer for peer, claim in claims.items() if claim >= last.height)
            if has_it and not await self._fetch_last(has_it[0], last):
                self._shun(has_it[0])

    async def _fetch_last(self, peer: bytes, last: LastHeight) -> bool:
        """Take the certificate of a committee's last height from a peer; was it given.

        The ledger knows whose it is. The engine judges that of the latest change only, and goes on.
        """
        is_given = False
        with self._blaming(peer):
            (bundle,) = await self._request(peer, last.height, 1, bodies=False)
            if bundle.certificate:
                certificate = self._judge_last(bundle, last)
                self._chain.certify(last.height, bundle.certificate)
                is_given = True
                if last.height == self._seats.since:
                    seal = self._spec.seals.decode(bundle.seal)
                    self._ordering.offer(Offered(last.height, bundle.values, seal, certificate))
        return is_given

    def _judge_last(self, bundle: BlockBundle, last: LastHeight) -> Any:
        """A certificate of this ledger's block, by the committee that decided it."""
        certificate = self._spec.certificates.decode(bundle.certificate)
        committee = Committee(last.members, last.faults)
        own = (last.height, self._chain.block(last.height).id)
        if self._spec.judge_certificate(certificate, committee) != own:
            raise BadBlocksError("no certificate of a committee's last height")
        if not self._votes.hold(certificate):
            raise BadBlocksError("a signature in a certificate does not hold")
        return certificate

    def _shun(self, peer: bytes) -> None:
        shunned = self._shunned.setdefault(peer, _Shunned())
        shunned.until = time.monotonic() + min(SHUN_S * 2**shunned.times, SHUN_MAX_S)
        shunned.times += 1

    def _claims(self, read: Callable[[Status], Height]) -> dict[bytes, Height]:
        """What each peer tells of itself, those left aside that are shunned just now."""
        told = {peer.peer_id: peer.status for peer in self._peers.connected()}
        for gone in self._shunned.keys() - told.keys():
            del self._shunned[gone]
        now = time.monotonic()
        shunned = {peer for peer, entry in self._shunned.items() if entry.until > now}
        return {
            peer: read(status) for peer, status in told.items() if status and peer not in shunned
        }

    def _list_peers_ahead(self) -> list[bytes]:
        """Whom to ask, the greatest claim first."""
        claims, height = self._claims(lambda status: status.height), self._chain.height
        ahead = [peer for peer, claim in claims.items() if claim > height]
        return sorted(ahead, key=lambda peer: (-claims[peer], peer))

    @contextlib.contextmanager
    def _blaming(self, peer: bytes) -> Iterator[None]:
        """Whatever is wrong with a peer's answer ends the body, and the peer is held to account."""
        try:
            yield
        except PeerError:
            pass
        except (DecodeError, BadBlocksError, BadBodiesError) as error:
            self._peers.penalise(peer, BadBlocksError.reason, BAD_BLOCKS_WEIGHT)
            _log.warning("bad blocks from a peer", peer=peer.hex(), detail=str(error))

    async def _fetch_from(self, peer: bytes) -> bool:
        """Fetch from one peer until it has no more; the next answer comes while one is executed.

        Did it help: was anything executed.
        """
        first = self._chain.height + 1
        asking = asyncio.create_task(self._ask(peer, first))
        try:
            with self._blaming(peer):
                while blocks := await asking:
                    last = blocks[-1].height
                    asking = asyncio.create_task(self._ask(peer, last + 1))
                    await self._offer_all(blocks)
                    if not await self._reach(last):
                        break
                    self.fetched_heights += len(blocks)
        finally:
            await end(asking)
        return self._chain.height >= first

    async def _ask(self, peer: bytes, first: Height) -> tuple[BlockBundle, ...]:
        claimed = self._claims(lambda status: status.height).get(peer, 0)
        if first > claimed:
            return ()
        is_near = claimed - self._chain.height <= NEAR_HEIGHTS and not self._ordering.is_starved
        return await self._request(peer, first, self._heights_max, bodies=not is_near)

    async def _request(
        self, peer: bytes, first: Height, count: int, *, bodies: bool
    ) -> tuple[BlockBundle, ...]:
        """Consecutive heights from `first`, one at least and `count` at most."""
        request = GetBlocks(0, first, count, bodies)
        blocks = (await self._peers.request(peer, request, self._timeout_s)).blocks
        heights = [block.height for block in blocks]
        if not heights or heights != [*range(first, first + len(blocks))] or len(heights) > count:
            raise BadBlocksError("not the heights that were asked for, which the peer claims")
        return blocks

    async def _offer_all(self, bundles: Sequence[BlockBundle]) -> None:
        """As many at once as have a committee that is known; the others when those are executed."""
        left = list(bundles)
        while left:
            until = self._seats.until
            known = left if until is None else [one for one in left if one.height <= until]
            await self._offer_known(known)
            left = left[len(known) :]
            if left and not await self._reach(known[-1].height if known else left[0].height - 1):
                return

    async def _offer_known(self, bundles: Sequence[BlockBundle]) -> None:
        """Judge the proofs, verify all bodies in one go, hold them, and tell the engine."""
        wanted = [bundle for bundle in bundles if bundle.height > self._chain.height]
        proofs = [self._judge_proofs(bundle) for bundle in wanted]
        if wanted and wanted[-1].height - self._chain.height > NEAR_HEIGHTS:
            self.is_catching_up = True
        ids = {id_ for bundle in wanted for value in bundle.values for id_ in _split(value)}
        raws = [raw for bundle in wanted for raw in bundle.bodies]
        found = await self._admission.obtain(raws, ids)
        bodies = {envelope.id: envelope for envelope in found}
        for bundle, (seal, certificate) in zip(wanted, proofs, strict=True):
            self._ordering.hold(bundle.height, bundle.values, bodies)
            self._ordering.offer(Offered(bundle.height, bundle.values, seal, certificate))

    def _judge_proofs(self, bundle: BlockBundle) -> tuple[Any, Any]:
        """The seal and the certificate; the quorum rule is cheap, so it comes before signatures."""
        seal, certificate = self._spec.seals.decode(bundle.seal), None
        committee = self._seats.committee_at(bundle.height)
        if committee is None:
            raise BadBlocksError("the committee of that height is not known here")
        if not self._spec.judge_seal(seal, bundle.height, bundle.values, committee):
            raise BadBlocksError("the seal does not prove the values")
        if bundle.certificate:
            certificate = self._spec.certificates.decode(bundle.certificate)
            if self._spec.judge_certificate(certificate, committee) is None:
                raise BadBlocksError("the certificate proves nothing")
        for proof in (seal, certificate):
            if proof is not None and not self._votes.hold(proof):
                raise BadBlocksError("a signature in a proof does not hold")
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


def read_blocks(chain: Ledger, request: GetBlocks, heights_max: int) -> tuple[BlockBundle, ...]:
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


def _split(value: bytes) -> list[bytes]:
    """The ids a decided value names; what is no payload names none."""
    try:
        return decode_payload(value).split_ids()
    except PayloadError:
        return []
