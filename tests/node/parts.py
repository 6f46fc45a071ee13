"""Parts of a node over memory, for tests of one of them; peers that are scripted."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from consensus import catalog
from ledger.apps.committee import ChangeRule
from ledger.chain import Chain
from ledger.codec import encode
from ledger.errors import StoreError
from ledger.genesis import Genesis
from ledger.mempool import Mempool, MempoolLimits
from ledger.reasons import Reason
from ledger.store.memory import MemoryStore
from ledger.store.schema import PENDING, prefix_range
from ledger.store.store import Batch, Store
from ledger.transaction import Envelope, decode_transaction
from node.config import Config
from node.core import Core
from node.identity import Identity
from node.metrics import Metrics
from node.node import Node
from node.ordering import Ordering
from node.peers.errors import PeerError, PeerGone
from node.seats import Seats
from node.stages import Stages
from node.wire import Answer, Frame, Request, Role, Status
from tests.ledger.support import GENESIS, VALIDATORS


class BrittleStore(MemoryStore):
    """Fails when told to, as a disk does; `gate` is waited for before each synced write."""

    def __init__(self) -> None:
        super().__init__()
        self.is_broken = False
        self.synced_writes = 0
        self.before_sync: Callable[[], None] = lambda: None

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        if sync:
            self.before_sync()
        if self.is_broken:
            raise StoreError(Reason.STORE_IO, "no space left on device")
        super().write(batch, sync=sync)
        self.synced_writes += sync

    def sync(self) -> None:
        self.write(Batch(), sync=True)


def make_core(
    home: Path,
    me: int | None = 0,
    store: Store | None = None,
    limits: MempoolLimits | None = None,
    engine: str = "pbft",
    rule: ChangeRule | None = None,
    genesis: Genesis = GENESIS,
    **config: Any,
) -> Core:
    """What the parts of validator `me` (None: a follower) share, over memory."""
    store = MemoryStore() if store is None else store
    chain = Chain.open(store, genesis, rule=rule)
    key = Identity.generate() if me is None else Identity.from_seed(VALIDATORS[me].seed)
    metrics = Metrics()
    return Core(
        config=Config(home=home, **config),
        identity=key,
        spec=catalog.get(engine),
        seats=Seats(chain, key.public_key),
        store=store,
        chain=chain,
        mempool=Mempool(limits or MempoolLimits(), chain.account),
        metrics=metrics,
        stages=Stages(metrics.registry),
    )


def logged(store: Store) -> set[bytes]:
    """The ids in the mempool log."""
    return {key[1:] for key, _ in store.scan(*prefix_range(PENDING))}


def forge(envelope: Envelope) -> Envelope:
    """The same transaction, hence the same id, under a signature that does not hold."""
    forged = msgspec.structs.replace(envelope.transaction, signature=bytes(64))
    other = decode_transaction(encode(forged))
    assert other.id == envelope.id
    return other


@dataclass
class FakePeer:
    """What `Peers.connected` tells of a peer, as far as anybody looks."""

    peer_id: bytes
    status: Status | None = None
    role: str = "validator"
    name: str = ""
    silent_ms: int = 0


@dataclass
class FakePeers:
    """Remembers what was sent; answers requests as told (an error is raised)."""

    peers: dict[bytes, FakePeer] = field(default_factory=dict)
    sent: list[tuple[bytes, Frame]] = field(default_factory=list)
    broadcasts: list[tuple[Frame, tuple[bytes, ...] | None]] = field(default_factory=list)
    asked: list[tuple[bytes, Request]] = field(default_factory=list)
    penalties: list[tuple[bytes, str]] = field(default_factory=list)
    reasons: dict[bytes, str] = field(default_factory=dict)
    """Why each that is not linked is not."""
    answer: Callable[[bytes, Request], Answer | PeerError | None] = lambda peer, request: None

    def add(self, *peers: bytes, height: int | None = None, certified: int = 0) -> None:
        """Connect peers, who tell where they stand if `height` is given."""
        for peer in peers:
            status = None if height is None else Status(height, certified, Role.VALIDATOR)
            self.peers[peer] = FakePeer(peer, status)

    def connected(self) -> list[FakePeer]:
        return list(self.peers.values())

    def absences(self) -> dict[bytes, str]:
        return self.reasons

    def send(self, peer: bytes, frame: Frame) -> bool:
        self.sent.append((peer, frame))
        return peer in self.peers

    def broadcast(self, frame: Frame, only: Iterable[bytes] | None = None) -> int:
        self.broadcasts.append((frame, None if only is None else tuple(only)))
        return len(self.peers)

    async def request(self, peer: bytes, request: Any, timeout_s: float | None = None) -> Any:
        self.asked.append((peer, request))
        await asyncio.sleep(0)
        answer = self.answer(peer, request)
        if answer is None:
            raise PeerGone("not connected")
        if isinstance(answer, PeerError):
            raise answer
        return answer

    def penalise(self, peer: bytes, reason: str, weight: float) -> None:
        assert weight > 0
        self.penalties.append((peer, reason))


def held_heights(node: Node) -> set[int]:
    """The heights whose values the ordering still holds."""
    orders = node.side.orders
    assert isinstance(orders, Ordering)
    return {value.height for value in orders._values.values()}
