"""The peer layer's face: who is connected, sending, asking, and shutting out."""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import overload

import structlog
from aiohttp import web
from msgspec.structs import replace

from node.identity import Identity
from node.peers.credentials import make_credentials
from node.peers.dialler import FAILURES, LASTING_REFUSALS, Call, Dialler, name_failure
from node.peers.errors import PeerBusy, PeerDeclined, PeerGone, PeerTimeout
from node.peers.handshake import Introduction, Refusal, RefusedError
from node.peers.heartbeat import Heartbeat
from node.peers.inbox import Inbox, OnFrame, OnRequest
from node.peers.lanes import QueueSize
from node.peers.limits import PeerLimits
from node.peers.link import Link
from node.peers.listener import Listener
from node.peers.metrics import PeerMetrics
from node.peers.reception import Reception, name_host
from node.peers.records import Network, PeerAddress, PeerInfo, role_name
from node.peers.requests import Requests
from node.peers.scores import FUTILE, WEIGHTS, Scores
from node.peers.table import LinkTable
from node.wire import (
    Answer,
    Blocks,
    Bodies,
    Frame,
    GetBlocks,
    GetBodies,
    Lane,
    Request,
    Role,
    Status,
    encode_frame,
    kind_of,
)

_log = structlog.get_logger(__name__)

INSTANCE_BITS = 64

SILENCES = frozenset({"idle", "stalled"})
"""Ends of a link that tell of the peer, not of the line."""


class Peers:
    """All links of one node.

    `on_frame(peer_id, frame)` is awaited for every frame but requests and answers, statuses
    included; the peer's next frame is not read before it returns. `on_request(peer_id, request)`
    is awaited in a task of its own and returns the answer. `on_change(peer_id, is_connected)` is
    called when a peer gets its first link or loses its last. `local_status()` is told to all peers
    about once a second; `own_role()`, or else its role, is told in each greeting. A peer id is the peer's 32-byte public key.
    """

    def __init__(
        self,
        identity: Identity,
        network: Network,
        listen: tuple[str, int],
        seeds: Sequence[PeerAddress],
        *,
        on_frame: OnFrame,
        on_request: OnRequest,
        on_change: Callable[[bytes, bool], None],
        local_status: Callable[[], Status],
        own_role: Callable[[], Role] | None = None,
        metrics: PeerMetrics | None = None,
        limits: PeerLimits | None = None,
        name: str = "",
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.peer_id = identity.public_key
        self._network = network
        self._credentials = make_credentials(identity, network)
        self._listen = listen
        self._seeds = tuple(seed for seed in seeds if seed.public_key != identity.public_key)
        self._on_change = on_change
        self._local_status = local_status
        self._metrics = metrics or PeerMetrics()
        self._limits = limits or PeerLimits()
        self._rng = rng or random.SystemRandom()
        self._clock = clock
        self._table: LinkTable[Link] = LinkTable(identity.public_key)
        self._scores = Scores(self._limits, clock)
        self._requests = Requests()
        self._inbox = Inbox(
            on_frame=on_frame,
            on_request=on_request,
            on_fault=self._on_fault,
            requests=self._requests,
            limits=self._limits,
            metrics=self._metrics,
        )
        instance = self._rng.getrandbits(INSTANCE_BITS)
        self._reception = Reception(
            identity.public_key,
            credentials=self._credentials,
            is_open=network.is_open,
            introduction=Introduction(network.chain_id, network.members, instance, name),
            own_role=own_role or (lambda: local_status().role),
            table=self._table,
            scores=self._scores,
            limits=self._limits,
            metrics=self._metrics,
            clock=clock,
            on_futile=self._on_futile,
        )
        self._listener = Listener(
            self._credentials.listening,
            self._welcome,
            self._limits,
            self._metrics,
            is_open=network.is_open,
        )
        self._learned: dict[PeerAddress, bytes] = {}
        self._absences: dict[bytes, str] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        """The port peers reach us at, once started."""
        return self._listener.port

    async def start(self) -> None:
        """Listen and call every seed; raises `ListenError`. Links come up by themselves."""
        self._listener.open(*self._listen)
        heartbeat = Heartbeat(self._table, self._local_status, self._limits, self._clock)
        self._tasks.append(asyncio.create_task(heartbeat.run(), name="peer-heartbeat"))
        for seed in self._seeds:
            dialler = Dialler(
                lambda seed=seed: self._wait_wanted(seed),  # type: ignore[misc]
                lambda seed=seed: self._call(seed),  # type: ignore[misc]
                self._limits,
                self._rng,
            )
            self._tasks.append(asyncio.create_task(dialler.run(), name=f"peer-dial {seed}"))

    async def close(self) -> None:
        """Say goodbye, and leave no task and no socket behind."""
        self._reception.is_closing = True
        self._listener.stop_accepting()
        links = list(self._table)
        for link in links:
            link.stop("closing")
        try:
            async with asyncio.timeout(2 * self._limits.close_s):
                await asyncio.gather(*(link.finished.wait() for link in links))
        except TimeoutError:
            _log.warning("a frame is still being handled; its link is cut")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._listener.close()

    # Sending

    def send(self, peer_id: bytes, frame: Frame) -> bool:
        """Queue a frame for one peer; never waits. Raises `FrameTooLargeError`.

        False when the peer is not connected or its queue is full.
        """
        link = self._table.get(peer_id)
        return link is not None and link.send(kind_of(frame).lane, encode_frame(frame))

    def broadcast(self, frame: Frame, only: Collection[bytes] | None = None) -> int:
        """Queue a frame, encoded once, for all peers or some; returns for how many it was taken."""
        data, lane = encode_frame(frame), kind_of(frame).lane
        links = self._table if only is None else filter(None, map(self._table.get, only))
        return sum(link.send(lane, data) for link in links)

    @overload
    async def request(
        self, peer_id: bytes, frame: GetBodies, timeout_s: float | None = None
    ) -> Bodies: ...

    @overload
    async def request(
        self, peer_id: bytes, frame: GetBlocks, timeout_s: float | None = None
    ) -> Blocks: ...

    async def request(
        self, peer_id: bytes, frame: Request, timeout_s: float | None = None
    ) -> Answer:
        """Ask one peer; its number is filled in here.

        Raises `PeerGone`, `PeerTimeout`, `PeerDeclined` or `PeerBusy`, all of them `PeerError`.
        """
        started, outcome = self._clock(), "failed"
        try:
            async with asyncio.timeout(timeout_s or self._limits.request_s):
                answer = await self._ask(peer_id, frame)
                outcome = "answered"
                return answer
        except TimeoutError as error:
            outcome = "timeout"
            raise PeerTimeout("no answer in time") from error
        except PeerDeclined:
            outcome = "declined"
            raise
        finally:
            name = kind_of(frame).name
            self._metrics.request_done(name, outcome, self._clock() - started)

    async def _ask(self, peer_id: bytes, frame: Request) -> Answer:
        link = self._table.get(peer_id)
        if link is None:
            raise PeerGone("not connected")
        async with link.asking:
            if link.stopped is not None:
                raise PeerGone("the link was lost")
            number, answer = self._requests.open(peer_id, frame)
            try:
                data = encode_frame(replace(frame, request=number))
                if not link.send(kind_of(frame).lane, data):
                    raise PeerBusy("the queue to the peer is full")
                return await answer
            finally:
                self._requests.close(number)

    # Knowing

    def connected(self) -> list[PeerInfo]:
        """Every connected peer, as it is now."""
        return [self._describe(link) for link in self._table if link.stopped is None]

    def is_connected(self, peer_id: bytes) -> bool:
        """Is there a link to this peer."""
        link = self._table.get(peer_id)
        return link is not None and link.stopped is None

    def absences(self) -> Mapping[bytes, str]:
        """Why a peer is not linked, as far as known: how its last call failed, or its link ended."""
        return self._absences

    def queued_bytes(self, peer_ids: Iterable[bytes]) -> list[int]:
        """What waits here to be sent to each of those that are connected."""
        links = filter(None, map(self._table.get, peer_ids))
        return [link.queued_bytes for link in links if link.stopped is None]

    def measure_queues(self) -> dict[Lane, QueueSize]:
        """What waits here to be sent, by lane, to all peers together."""
        sizes = [link.queues for link in self._table if link.stopped is None]
        return {
            lane: QueueSize(
                sum(size[lane].frames for size in sizes), sum(size[lane].bytes for size in sizes)
            )
            for lane in Lane
        }

    def count_banned(self) -> int:
        """How many are shut out now."""
        return self._scores.count_banned()

    def _describe(self, link: Link) -> PeerInfo:
        return PeerInfo(
            peer_id=link.peer_id,
            name=link.hello.name,
            address=link.address,
            role=role_name(link.status.role if link.status else link.hello.role),
            outbound=link.outbound,
            since=link.since,
            score=round(self._scores.penalty(link.peer_id), 3),
            frames_in=link.frames_in,
            frames_out=link.frames_out,
            bytes_in=link.bytes_in,
            bytes_out=link.bytes_out,
            queued_bytes=link.queued_bytes,
            status=link.status,
            latency_ms=link.latency_ms,
            silent_ms=int(link.silent_s * 1_000),
        )

    def penalise(self, peer_id: bytes, reason: str, weight: float) -> None:
        """Count misbehaviour; beyond the threshold the peer is shut out for a while.

        `reason` is from a closed set of the caller's.
        """
        self._metrics.refused(reason)
        link = self._table.get(peer_id)
        if link is not None and self._is_stranger(link):
            self._scores.penalise(name_host(link.host), weight)
        if not self._scores.penalise(peer_id, weight):
            return
        self._metrics.banned()
        _log.warning("peer banned", peer=peer_id.hex(), reason=reason, seconds=self._limits.ban_s)
        if link is not None:
            link.stop(Refusal.BANNED, is_refusal=True)

    def _on_fault(self, link: Link, reason: str) -> None:
        self.penalise(link.peer_id, reason, WEIGHTS[reason])

    # Links

    async def _welcome(self, request: web.BaseRequest) -> web.StreamResponse:
        """A connection to our door, from TLS to its end."""
        try:
            response, made = await self._reception.greet_inbound(request)
        finally:
            self._listener.settle(request)
        if made is not None:
            await self._live(*made)
            self._judge_life(made[0])
        return response

    def _judge_life(self, link: Link) -> None:
        """A node that connects and goes, over and over, costs us a TLS handshake each time."""
        is_brief = self._clock() - link.since < self._limits.brief_s
        if is_brief and link.stopped in {"closed-by-peer", "lost"}:
            self._on_futile(link.peer_id)
            if self._is_stranger(link):
                self._on_futile(name_host(link.host))

    def _is_stranger(self, link: Link) -> bool:
        """Did it need nobody's leave to come: then its address answers for it, not its key alone."""
        return self._network.is_open and link.peer_id not in self._network.members

    def _on_futile(self, peer_id: bytes) -> None:
        self.penalise(peer_id, FUTILE, WEIGHTS[FUTILE])

    async def _wait_wanted(self, seed: PeerAddress) -> None:
        """Until a call makes sense: no link, no ban."""
        if peer_id := seed.public_key or self._learned.get(seed):
            await self._table.wait_gone(peer_id)
            if (seconds := self._scores.banned_for_s(peer_id)) > 0:
                await asyncio.sleep(seconds)

    async def _call(self, seed: PeerAddress) -> float | None:
        """One call; seconds its link lived (0 without one), None when calling soon is no use."""
        if self._reception.is_closing:
            return None
        try:
            context = self._credentials.dial(seed.public_key)
            async with Call(seed, context, self._limits) as call:
                link, replaced = await self._reception.greet_outbound(call, seed)
                self._learned[seed] = link.peer_id
                await self._live(link, replaced)
                return self._clock() - link.since
        except RefusedError as error:
            reason, is_lasting = error.refusal.value, error.refusal in LASTING_REFUSALS
        except FAILURES as error:
            reason, is_lasting = name_failure(error), False
        if peer_id := seed.public_key or self._learned.get(seed):
            self._absences[peer_id] = reason
        self._learned.pop(seed, None)
        self._metrics.dial_failed(reason)
        _log.debug("call failed", address=str(seed), reason=reason)
        return None if is_lasting else 0.0

    async def _live(self, link: Link, replaced: Link | None) -> None:
        """From the greeting to the end of a link that is in the table."""
        if replaced is not None:
            replaced.stop("replaced", is_dead=True)
            self._requests.fail_all(link.peer_id)
        else:
            self._tell_change(link.peer_id, is_connected=True)
        self._metrics.link_up()
        self._absences.pop(link.peer_id, None)
        log = _log.bind(peer=link.peer_id.hex(), name=link.hello.name, address=link.address)
        log.info("link up", outbound=link.outbound)
        link.send(Lane.CONSENSUS, encode_frame(self._local_status()))
        try:
            await link.run(self._inbox.receive, self._on_fault, replaced)
        finally:
            if self._table.remove(link):
                self._requests.fail_all(link.peer_id)
                self._tell_change(link.peer_id, is_connected=False)
            reason = link.stopped or "lost"
            if reason in SILENCES and not self.is_connected(link.peer_id):
                self._absences[link.peer_id] = reason
            self._metrics.link_down(reason)
            log.info("link down", reason=reason)

    def _tell_change(self, peer_id: bytes, *, is_connected: bool) -> None:
        try:
            self._on_change(peer_id, is_connected)
        except Exception:  # noqa: BLE001 - a fault of the host must not leave a link half made
            _log.exception("telling of a change failed")
