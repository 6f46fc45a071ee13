"""How transaction bodies spread: pushed once by the node a client gave them to, announced later.

The node that took a body from a client pushes it to all its peers. Whoever got a body from a peer
does not push it on; if it is still pending a while later, it announces the id to the others, who
ask for what they miss. So in a network where validators are fully linked a body crosses a link
once, and in one that is not it still arrives. Only an explicit request sends a body again.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence

from ledger.transaction import Envelope
from node.admission import Admission, Entry, blames_sender, count_rejections
from node.core import Core
from node.peers.errors import PeerError
from node.peers.network import Peers
from node.tasks import OnFailure, end, spawn
from node.wire import Announce, GetBodies, Transactions

PUSH_COUNT_MAX = 500
"""Bodies in one frame: about 100 KB of transfers."""

PUSH_BYTES_MAX = 512 * 1024
PUSHES_WAITING_MAX = 16
"""Pushes of one peer that may wait to be verified: at most 8 MB."""

ANNOUNCE_COUNT_MAX = 4_096
ANNOUNCE_AFTER_S = 1.5
"""A body that is still pending so long after it came from a peer is announced to the others."""

ANNOUNCED_FRAMES_MAX = 64
"""Announcements of one peer that may wait here: some 260,000 ids."""

BAD_BODY_WEIGHT = 20
"""Penalty for a body that no correct peer would have passed on."""


NOBODY = b""
"""The source of what no peer sent."""


class Gossip:
    """Spreads bodies and takes them in.

    `on_failure` hears of an error that is no peer's, `on_pushed` of the ids that were told to peers.
    """

    def __init__(
        self,
        core: Core,
        peers: Peers,
        admission: Admission,
        on_failure: OnFailure,
        on_pushed: Callable[[list[bytes]], None] | None = None,
    ) -> None:
        self._on_failure = on_failure
        self._on_pushed = on_pushed
        self._chain = core.chain
        self._mempool = core.mempool
        self._stages = core.stages
        self._metrics = core.metrics
        self._delay_s = core.config.batch.gossip_delay_ms / 1000
        self._peers = peers
        self._admission = admission
        self._outgoing: list[Envelope] = []
        self._flush: asyncio.TimerHandle | None = None
        self._heard: deque[tuple[float, bytes, list[bytes]]] = deque()
        self.waiting = 0
        """Pushed bodies that wait to be looked at."""
        self._pushed: dict[bytes, deque[tuple[bytes, ...]]] = {}
        self._asking: dict[bytes, deque[list[bytes]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to announce what lingers."""
        self._spawn(self._announce_forever(), "announce")

    async def close(self) -> None:
        """Stop; what was not pushed yet is in the mempool log and announced after a restart."""
        if self._flush:
            self._flush.cancel()
        await end(*self._tasks)

    def on_admitted(self, envelopes: list[Envelope], source: bytes | None) -> None:
        """New bodies: push those of clients soon, remember those of peers."""
        if source is not None:
            self._heard.append((time.monotonic(), source, [e.id for e in envelopes]))
            return
        self._outgoing.extend(envelopes)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(self._delay_s, self._push)

    def on_returned(self, ids: list[bytes]) -> None:
        """Bodies that were in a block and are not any more: others may never have seen them."""
        if ids:
            self._heard.append((time.monotonic(), NOBODY, ids))

    def on_peer_up(self, peer: bytes) -> None:
        """Tell a new peer what is pending here."""
        for ids in _in_chunks(self._mempool.ids(), ANNOUNCE_COUNT_MAX):
            self._peers.send(peer, Announce(b"".join(ids)))

    def on_transactions(self, peer: bytes, frame: Transactions) -> None:
        """Bodies pushed by a peer: taken in by a task of the peer's own.

        Votes that come behind them never wait for that. Beyond `PUSHES_WAITING_MAX` a push is
        dropped: what it held is fetched when somebody proposes or announces it.
        """
        pushed = self._pushed.get(peer)
        if pushed is None:
            pushed = self._pushed[peer] = deque()
            self._spawn(self._take_in(peer, pushed), "take-in")
        if len(pushed) >= PUSHES_WAITING_MAX:
            self._metrics.gossip_dropped.inc(len(frame.raws))
            return
        self.waiting += len(frame.raws)
        pushed.append(frame.raws)

    async def _take_in(self, peer: bytes, pushed: deque[tuple[bytes, ...]]) -> None:
        try:
            while pushed:
                raws = pushed.popleft()
                self.waiting -= len(raws)
                self._judge(peer, await self._admission.receive(raws, peer))
        finally:
            self.waiting -= sum(map(len, pushed))
            del self._pushed[peer]

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = spawn(work, name, self._on_failure)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def on_announce(self, peer: bytes, frame: Announce) -> None:
        """Ask the announcer, in a task of its own, for what is not known here.

        A peer with that much unanswered is not listened to: ids that matter come in proposals.
        """
        asked = self._asking.get(peer)
        if asked is not None and len(asked) >= ANNOUNCED_FRAMES_MAX:
            return
        ids = [id_ for id_ in split_ids(frame.ids) if not self._is_known(id_)]
        if not ids:
            return
        if asked is None:
            asked = self._asking[peer] = deque()
            self._spawn(self._ask(peer, asked), "ask-bodies")
        asked.append(ids)

    async def _ask(self, peer: bytes, asked: deque[list[bytes]]) -> None:
        try:
            while asked:
                ids = [id_ for id_ in asked.popleft() if not self._is_known(id_)]
                for wanted in _in_chunks(ids, PUSH_COUNT_MAX):
                    answer = await self._peers.request(peer, GetBodies(0, b"".join(wanted)))
                    self._judge(peer, await self._admission.receive(answer.raws, peer))
        except PeerError:
            return
        finally:
            del self._asking[peer]

    def _is_known(self, id_: bytes) -> bool:
        return id_ in self._mempool or self._chain.contains(id_)

    def _judge(self, peer: bytes, entries: Sequence[Entry]) -> None:
        count_rejections(self._metrics, "peer", entries)
        bad = next((e.error for e in entries if e.error and blames_sender(e.error)), None)
        if bad is not None:
            self._peers.penalise(peer, str(bad.reason), BAD_BODY_WEIGHT)

    def _push(self) -> None:
        self._flush = None
        outgoing, self._outgoing = self._outgoing, []
        told = 0
        with self._stages.measure("gossip"):
            for raws in _in_frames(envelope.raw for envelope in outgoing):
                told += self._peers.broadcast(Transactions(raws))
        if self._on_pushed is not None and told:
            self._on_pushed([envelope.id for envelope in outgoing])

    async def _announce_forever(self) -> None:
        while True:
            await asyncio.sleep(ANNOUNCE_AFTER_S / 3)
            due = time.monotonic() - ANNOUNCE_AFTER_S
            while self._heard and self._heard[0][0] <= due:
                _, source, ids = self._heard.popleft()
                pending = [id_ for id_ in ids if id_ in self._mempool]
                if pending:
                    self._announce(source, pending)

    def _announce(self, source: bytes, ids: list[bytes]) -> None:
        others = [peer.peer_id for peer in self._peers.connected() if peer.peer_id != source]
        for chunk in _in_chunks(ids, ANNOUNCE_COUNT_MAX):
            self._peers.broadcast(Announce(b"".join(chunk)), only=others)


def split_ids(ids: bytes) -> list[bytes]:
    """32-byte ids from their concatenation; a remainder is dropped."""
    return [ids[at : at + 32] for at in range(0, len(ids) - 31, 32)]


def _in_chunks(items: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _in_frames(raws: Iterable[bytes]) -> Iterator[tuple[bytes, ...]]:
    frame: list[bytes] = []
    size = 0
    for raw in raws:
        if frame and (len(frame) == PUSH_COUNT_MAX or size + len(raw) > PUSH_BYTES_MAX):
            yield tuple(frame)
            frame, size = [], 0
        frame.append(raw)
        size += len(raw)
    if frame:
        yield tuple(frame)
