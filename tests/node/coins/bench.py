"""Coin services without nodes: members of one network on a line that loses what it is told to."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from consensus.events import Event, Tossed
from ledger.store.memory import MemoryStore
from ledger.store.store import Store
from node.coins.service import Coins
from node.core import Core
from node.wire import CoinShare, Frame
from tests.ledger.coin.support import dealing, keys, secrets
from tests.ledger.support import VALIDATORS, make_genesis
from tests.node.parts import make_core
from tests.node.support import until

GENESIS = make_genesis(commitments=dealing().commitments)
KEYS = [key.public_key for key in VALIDATORS]
TAG = (1, 0)

Losing = Callable[[int, int, CoinShare], bool]
"""Is a frame from one member to another lost."""


@dataclass
class Line:
    """What one member's service takes for its peers."""

    bench: "Bench"
    me: int
    penalties: list[tuple[int, str]] = field(default_factory=list)

    def broadcast(self, frame: Frame, only: Iterable[bytes]) -> int:
        assert isinstance(frame, CoinShare)
        for key in only:
            to = KEYS.index(key)
            assert to != self.me
            self.bench.said.append((self.me, to, frame))
            if not self.bench.is_lost(self.me, to, frame):
                asyncio.get_running_loop().call_soon(self.bench.carry, self.me, to, frame)
        return 3

    def penalise(self, peer: bytes, reason: str, weight: float) -> None:
        assert weight > 0
        who = KEYS.index(peer) if peer in KEYS else -1
        self.penalties.append((who, reason))


class Bench:
    """Four members, one of which may fail; `faces[i]` is what member i was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.services: dict[int, Coins] = {}
        self.cores: dict[int, Core] = {}
        self.lines: dict[int, Line] = {}
        self.stores: dict[int, Store] = {}
        self.faces: dict[int, list[Tossed]] = {}
        self.failures: list[BaseException] = []
        self.said: list[tuple[int, int, CoinShare]] = []
        self.is_lost: Losing = lambda _sender, _to, _frame: False

    def start(self, *members: int) -> None:
        """Make the services of some members, on the stores that they had."""
        for me in members:
            store = self.stores.setdefault(me, MemoryStore())
            core = self.cores[me] = make_core(self.folder, me, store, genesis=GENESIS)
            told = self.faces[me] = []
            service = Coins(
                core,
                keys(),
                secrets()[me],
                post=lambda event, told=told: self.take(told, event),  # type: ignore[misc]
                on_failure=self.failures.append,
            )
            self.lines[me] = Line(self, me)
            service.connect(self.lines[me])  # type: ignore[arg-type]
            self.services[me] = service

    @staticmethod
    def take(told: list[Tossed], event: Event) -> None:
        assert isinstance(event, Tossed)
        told.append(event)

    def carry(self, sender: int, to: int, frame: CoinShare) -> None:
        if to in self.services:
            self.services[to].on_share(KEYS[sender], frame)

    def toss(self, *members: int, tag: tuple[int, ...] = TAG) -> None:
        for me in members:
            self.services[me].toss(tag)

    async def until_told(self, *members: int, tag: tuple[int, ...] = TAG) -> int:
        """Until these know the face of a coin, which is one for all; that face."""
        await until(lambda: all(self.find(me, tag) for me in members))
        faces = {answer.face for me in members for answer in self.find(me, tag)}
        assert len(faces) == 1
        return faces.pop()

    def find(self, me: int, tag: tuple[int, ...]) -> list[Tossed]:
        return [answer for answer in self.faces[me] if answer.tag == tag]

    def count(self, me: int, outcome: str) -> float:
        """What a member's metrics say of the shares that it heard."""
        series = self.cores[me].metrics.coin_shares.labels(outcome)
        return float(series._value.get())

    def grow(self, me: int, height: int) -> None:
        """The member's ledger stands at a height, as far as its service looks."""
        chain = self.cores[me].chain
        chain.head = replace(chain.head, height=height)

    async def stop(self, *members: int) -> None:
        """End the services of some members: what they wrote stays."""
        for me in members:
            await self.services.pop(me).close()

    async def close(self) -> None:
        await self.stop(*self.services)
        assert self.failures == []
