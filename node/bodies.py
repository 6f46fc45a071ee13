"""Bodies by id: answering peers who ask for them, and asking peers for what is missing here."""

import asyncio
from collections.abc import Callable

from ledger.ledger import Ledger
from ledger.transaction import Envelope
from node.admission import Admission, BadBodiesError
from node.gossip import BAD_BODY_WEIGHT, split_ids
from node.peers.errors import PeerError
from node.peers.network import Peers
from node.tasks import end
from node.wire import Bodies, GetBodies

ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""What one answer may hold, below the wire's limit for a frame; the asker asks again."""

ASK_COUNT_MAX = 1_000
ASK_TIMEOUT_S = 2.0
"""For some 200 KB; then another peer may have them, while a proposal waits."""

ASK_PATIENCE_S = 0.4
"""Then the next peer is asked as well."""

BLOCKS_OPENED_MAX = 16
"""Blocks read for one answer, a few milliseconds each: a value's bodies are in one, if in any."""


class BodyExchange:
    """`find(id)` looks among what is pending or held here; blocks are looked into after that."""

    def __init__(
        self,
        chain: Ledger,
        admission: Admission,
        peers: Peers,
        find: Callable[[bytes], Envelope | None],
    ) -> None:
        self._chain = chain
        self._admission = admission
        self._peers = peers
        self._find = find
        self.asked = 0
        """Bodies that peers were asked for, each time."""
        self.fetched = 0
        """Bodies that were wanted and came."""

    def answer(self, request: GetBodies) -> Bodies:
        """All that is here of what a peer asked for, up to the limits."""
        raws: list[bytes] = []
        size = 0
        find_included = IncludedBodies(self._chain)
        for id_ in split_ids(request.ids)[:ASK_COUNT_MAX]:
            envelope = self._find(id_)
            raw = envelope.raw if envelope else find_included(id_)
            if raw is None:
                continue
            size += len(raw)
            if size > ANSWER_BYTES_MAX:
                break
            raws.append(raw)
        return Bodies(request.request, tuple(raws))

    async def fetch(self, ids: list[bytes], first: bytes | None) -> list[Envelope]:
        """Ask peers for bodies, `first` before the others; returns what holds, perhaps not all.

        A peer that does not answer soon is not waited for before the next is asked: it may be
        paused, and a proposal waits.
        """
        missing = set(ids) - self._admission.hasten(ids)
        found: list[Envelope] = []
        asking: set[asyncio.Task[list[Envelope]]] = set()
        peers = self._order(first)
        try:
            while missing and (peers or asking):
                if peers:
                    asked = sorted(missing)[:ASK_COUNT_MAX]
                    asking.add(asyncio.create_task(self._ask(peers.pop(0), asked)))
                patience_s = ASK_PATIENCE_S if peers else None
                done, asking = await asyncio.wait(
                    asking, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
                )
                given = [envelope for task in done for envelope in task.result()]
                found += [envelope for envelope in given if envelope.id in missing]
                missing -= {envelope.id for envelope in given}
        finally:
            self.fetched += len(found)
            await end(*asking)
        return found

    async def _ask(self, peer: bytes, ids: list[bytes]) -> list[Envelope]:
        self.asked += len(ids)
        try:
            answer = await self._peers.request(peer, GetBodies(0, b"".join(ids)), ASK_TIMEOUT_S)
            return await self._admission.obtain(answer.raws, frozenset(ids))
        except PeerError:
            return []
        except BadBodiesError as error:
            self._peers.penalise(peer, error.reason, BAD_BODY_WEIGHT)
            return []

    def _order(self, first: bytes | None) -> list[bytes]:
        peers = sorted(peer.peer_id for peer in self._peers.connected())
        if first in peers:
            peers.remove(first)
            peers.insert(0, first)
        return peers


class IncludedBodies:
    """Finds bodies of the adopted branch; a block that is opened is read once."""

    def __init__(self, chain: Ledger, blocks_max: int = BLOCKS_OPENED_MAX) -> None:
        self._chain = chain
        self._opened: dict[bytes, bytes] = {}
        self._left = blocks_max

    def __call__(self, id_: bytes) -> bytes | None:
        """The raw transaction, or None."""
        if id_ in self._opened or not self._left:
            return self._opened.get(id_)
        located = self._chain.transaction(id_)
        if located is None:
            return None
        self._left -= 1
        ids, raws = self._chain.block(located.height).ids, self._chain.bodies(located.height)
        self._opened.update(zip(ids, raws, strict=False))
        return located.raw
