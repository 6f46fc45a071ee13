"""Frames: each kind reaches the part that understands it, requests are answered within limits."""

from pathlib import Path
from typing import Any, cast

import pytest

from node.coins.service import Coins
from node.frames import FrameRouter
from node.wire import (
    Announce,
    Blocks,
    Bodies,
    CoinShare,
    Consensus,
    GetBlocks,
    GetBodies,
    Hello,
    Role,
    Status,
    Transactions,
)
from tests.ledger.support import World
from tests.node.parts import FakePeers, make_core

PEER = b"\x07" * 32


class Recorder:
    """Host, gossip and bodies in one."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    async def on_consensus(self, peer: bytes, frame: Consensus) -> None:
        self.calls.append(("consensus", frame))

    def on_transactions(self, peer: bytes, frame: Transactions) -> None:
        self.calls.append(("transactions", frame))

    def on_announce(self, peer: bytes, frame: Announce) -> None:
        self.calls.append(("announce", frame))

    def on_share(self, peer: bytes, frame: CoinShare) -> None:
        self.calls.append(("coin", frame))

    def answer(self, request: GetBodies) -> Bodies:
        self.calls.append(("bodies", request))
        return Bodies(request.request, ())


class Bench:
    def __init__(self, home: Path) -> None:
        self.core = make_core(home, sync={"heights_per_request_max": 3})
        self.peers = FakePeers()
        self.rest = Recorder()
        self.router = FrameRouter(
            self.core,
            self.rest,  # type: ignore[arg-type]
            self.rest,  # type: ignore[arg-type]
            self.rest,  # type: ignore[arg-type]
            self.peers,  # type: ignore[arg-type]
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (Consensus(b"vote"), "consensus"),
        (Transactions((b"raw",)), "transactions"),
        (Announce(bytes(32)), "announce"),
    ],
)
async def test_each_kind_goes_where_it_belongs(bench: Bench, frame: Any, name: str) -> None:
    await bench.router.on_frame(PEER, frame)
    assert bench.rest.calls == [(name, frame)]
    assert bench.peers.penalties == []


async def test_a_status_needs_nothing_more(bench: Bench) -> None:
    await bench.router.on_frame(PEER, Status(1, 0, Role.VALIDATOR))
    assert (bench.rest.calls, bench.peers.penalties) == ([], [])


@pytest.mark.parametrize(
    "frame", [Hello(1, bytes(32), Role.VALIDATOR, 1), Bodies(1, ()), Blocks(1, ())]
)
async def test_what_does_not_belong_here_is_held_against_the_peer(bench: Bench, frame: Any) -> None:
    await bench.router.on_frame(PEER, frame)
    assert bench.peers.penalties == [(PEER, "frame-unexpected")]
    assert bench.rest.calls == []


async def test_a_share_of_a_coin_goes_to_whoever_serves_coins(bench: Bench) -> None:
    share = CoinShare((1,), bytes(32), bytes(64), is_wanted=False)
    await bench.router.on_frame(PEER, share)
    assert bench.peers.penalties == [(PEER, "frame-unexpected")]
    parts: tuple[Any, ...] = (bench.core, bench.rest, bench.rest, bench.rest, bench.peers)
    router = FrameRouter(*parts, coins=cast("Coins", bench.rest))
    await router.on_frame(PEER, share)
    assert bench.rest.calls == [("coin", share)]


async def test_requests_are_answered(bench: Bench) -> None:
    world = World()
    for height in range(1, 6):
        value = world.value(timestamp_ms=height)
        bench.core.decisions.execute(height, (value,), b"seal", world.bodies.get)
    assert await bench.router.on_request(PEER, GetBodies(4, bytes(32))) == Bodies(4, ())
    answer = await bench.router.on_request(PEER, GetBlocks(9, 2, 1_000))
    assert isinstance(answer, Blocks)
    assert answer.request == 9
    assert [block.height for block in answer.blocks] == [2, 3, 4]
