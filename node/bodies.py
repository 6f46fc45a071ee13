"""Bodies by id: answering peers who ask for them, and asking peers for what is missing here."""

from collections.abc import Callable

from ledger.chain import Chain
from ledger.transaction import Envelope
from node.admission import Admission
from node.gossip import split_ids
from node.peers.errors import PeerError
from node.peers.network import Peers
from node.wire import Bodies, GetBodies

ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""What one answer may hold, below the wire's limit for a frame; the asker asks again."""

ASK_COUNT_MAX = 1_000


class BodyExchange:
    """`find(id)` looks among what is pending or held here; blocks are looked into after that."""

    def __init__(
        self,
        chain: Chain,
        admission: Admission,
        peers: Peers,
        find: Callable[[bytes], Envelope | None],
    ) -> None:
        self._chain = chain
        self._admission = admission
        self._peers = peers
        self._find = find

    def answer(self, request: GetBodies) -> Bodies:
        """All that is here of what a peer asked for, up to the limit."""
        raws: list[bytes] = []
        size = 0
        for id_ in split_ids(request.ids)[:ASK_COUNT_MAX]:
            raw = self._raw(id_)
            if raw is None:
                continue
            size += len(raw)
            if size > ANSWER_BYTES_MAX:
                break
            raws.append(raw)
        return Bodies(request.request, tuple(raws))

    async def fetch(self, ids: list[bytes], first: bytes | None) -> list[Envelope]:
        """Ask peers for bodies, `first` before the others; returns what holds, perhaps not all."""
        missing = set(ids) - self._admission.hasten(ids)
        found: list[Envelope] = []
        for peer in self._order(first):
            asked = sorted(missing)[:ASK_COUNT_MAX]
            if not asked:
                break
            try:
                answer = await self._peers.request(peer, GetBodies(0, b"".join(asked)))
            except PeerError:
                continue
            assert isinstance(answer, Bodies)
            for entry in await self._admission.obtain(answer.raws, is_decided=False):
                if entry.envelope and not entry.error and entry.envelope.id in missing:
                    missing.discard(entry.envelope.id)
                    found.append(entry.envelope)
        return found

    def _order(self, first: bytes | None) -> list[bytes]:
        peers = sorted(peer.peer_id for peer in self._peers.connected())
        if first in peers:
            peers.remove(first)
            peers.insert(0, first)
        return peers

    def _raw(self, id_: bytes) -> bytes | None:
        if envelope := self._find(id_):
            return envelope.raw
        located = self._chain.transaction(id_)
        return located.raw if located else None
