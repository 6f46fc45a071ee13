"""Gossip: what is pushed, announced and asked for, and what a peer can do with it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ledger.errors import StoreError, TransactionError
from ledger.reasons import Reason
from ledger.transaction import Envelope, decode_transaction
from node import gossip as module
from node.admission import Entry
from node.gossip import ANNOUNCED_FRAMES_MAX, PUSH_COUNT_MAX, PUSHES_WAITING_MAX, Gossip, split_ids
from node.peers.errors import PeerTimeout
from node.wire import Announce, Bodies, GetBodies, Transactions
from tests.ledger.support import ALICE, PROPOSER, World, transfer
from tests.node.parts import FakePeers, make_core
from tests.node.support import leaving_nothing, until

A, B, C = (transfer(ALICE, nonce) for nonce in range(3))
P, Q = b"\x01" * 32, b"\x02" * 32


@dataclass
class FakeAdmission:
    """Takes everything, one batch at a time, as fast as `gate` lets it."""

    received: list[tuple[list[bytes], bytes]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    on_received: Callable[[list[Envelope]], None] = lambda envelopes: None
    error: TransactionError | None = None
    failure: Exception | None = None

    async def receive(self, raws: Sequence[bytes], source: bytes) -> list[Entry]:
        await self.gate.wait()
        if self.failure:
            raise self.failure
        envelopes = [decode_transaction(raw) for raw in raws]
        self.received.append(([envelope.id for envelope in envelopes], source))
        self.on_received(envelopes)
        return [Entry(envelope, self.error) for envelope in envelopes]


class Bench:
    def __init__(self, home: Path) -> None:
        self.core = make_core(home, batch={"gossip_delay_ms": 0})
        self.admission = FakeAdmission()
        self.admission.gate.set()
        self.admission.on_received = self.pend
        self.peers = FakePeers()
        self.peers.add(P, Q)
        self.failures: list[BaseException] = []
        self.gossip = Gossip(
            self.core,
            self.peers,  # type: ignore[arg-type]
            self.admission,  # type: ignore[arg-type]
            self.failures.append,
        )

    def pend(self, envelopes: list[Envelope]) -> None:
        for envelope in envelopes:
            if envelope.id not in self.core.mempool:
                self.core.mempool.add(envelope, 0)

    def push(self, peer: bytes, *envelopes: Envelope) -> None:
        self.gossip.on_transactions(peer, Transactions(tuple(e.raw for e in envelopes)))

    def announce(self, peer: bytes, *ids: bytes) -> None:
        self.gossip.on_announce(peer, Announce(b"".join(ids)))

    @property
    def said(self) -> list[tuple[object, tuple[bytes, ...] | None]]:
        return list(self.peers.broadcasts)

    @property
    def dropped(self) -> float:
        return self.core.metrics.registry.get_sample_value("quorate_gossip_dropped_total") or 0.0


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(module, "ANNOUNCE_AFTER_S", 0.03)
    async with leaving_nothing():
        bench = Bench(tmp_path)
        bench.gossip.start()
        yield bench
        bench.admission.gate.set()
        await bench.gossip.close()


# Spreading


async def test_clients_bodies_are_pushed_to_all_in_frames_of_some_size(bench: Bench) -> None:
    many = [transfer(ALICE, nonce) for nonce in range(PUSH_COUNT_MAX + 3)]
    bench.gossip.on_admitted(many[:10], None)
    bench.gossip.on_admitted(many[10:], None)
    await until(lambda: len(bench.said) == 2, 5)
    frames = [frame.raws for frame, only in bench.said if isinstance(frame, Transactions)]
    assert [len(raws) for raws in frames] == [PUSH_COUNT_MAX, 3]
    assert [raw for raws in frames for raw in raws] == [envelope.raw for envelope in many]
    assert {only for _, only in bench.said} == {None}


async def test_large_bodies_make_more_frames(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PUSH_BYTES_MAX", 2 * len(A.raw))
    bench.gossip.on_admitted([A, B, C], None)
    await until(lambda: len(bench.said) == 2, 5)


async def test_peers_bodies_are_announced_to_the_others_if_they_linger(bench: Bench) -> None:
    bench.pend([A, B])
    bench.gossip.on_admitted([A, C, B], P)
    await until(lambda: bench.said, 5)
    assert bench.said == [(Announce(A.id + B.id), (Q,))]
    assert not bench.gossip._heard


async def test_a_new_peer_hears_of_all_that_is_pending(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANNOUNCE_COUNT_MAX", 2)
    bench.pend([A, B, C])
    bench.gossip.on_peer_up(P)
    assert bench.peers.sent == [(P, Announce(A.id + B.id)), (P, Announce(C.id))]


# Taking in


async def test_pushes_of_a_peer_are_taken_in_one_after_the_other(bench: Bench) -> None:
    bench.push(P, A, B)
    bench.push(P, C)
    assert bench.gossip.waiting == 3
    await until(lambda: len(bench.admission.received) == 2, 5)
    assert bench.admission.received == [([A.id, B.id], P), ([C.id], P)]
    assert bench.gossip.waiting == 0
    await until(lambda: not bench.gossip._pushed, 5)


async def test_a_peer_that_pushes_too_much_loses_the_rest_and_nobody_else_does(
    bench: Bench,
) -> None:
    bench.admission.gate.clear()
    bench.push(P, A)
    await until(lambda: bench.gossip.waiting == 0, 5)
    for _ in range(PUSHES_WAITING_MAX + 4):
        bench.push(P, B)
    bench.push(Q, C)
    assert bench.dropped == 4
    assert bench.gossip.waiting == PUSHES_WAITING_MAX + 1
    bench.admission.gate.set()
    await until(lambda: ([C.id], Q) in bench.admission.received, 5)
    await until(lambda: bench.gossip.waiting == 0, 5)
    bench.push(P, A)
    await until(lambda: bench.admission.received[-1] == ([A.id], P), 5)
    await until(lambda: not bench.gossip._pushed and len(bench.gossip._tasks) == 1, 5)


async def test_a_bad_body_is_held_against_who_pushed_it_bad_luck_is_not(bench: Bench) -> None:
    bench.admission.error = TransactionError(Reason.TX_STALE_NONCE)
    bench.push(P, A)
    bench.admission.error = TransactionError(Reason.TX_BAD_SIGNATURE)
    bench.push(Q, B, C)
    await until(lambda: len(bench.admission.received) == 2, 5)
    assert bench.peers.penalties == [(P, "tx-bad-signature"), (Q, "tx-bad-signature")]
    bench.peers.penalties.clear()
    bench.admission.error = TransactionError(Reason.TX_STALE_NONCE)
    bench.push(P, A)
    await until(lambda: len(bench.admission.received) == 3, 5)
    assert bench.peers.penalties == []


# Announcements


async def test_what_is_announced_and_not_known_is_asked_of_the_announcer(bench: Bench) -> None:
    world = World()
    applied = world.order(A)
    bench.core.decisions.execute(1, (world.value(A, proposer=PROPOSER),), b"seal", world.bodies.get)
    assert bench.core.chain.head_id == applied.block_id
    bench.pend([B])
    bench.peers.answer = lambda peer, request: Bodies(0, (C.raw,))
    bench.announce(P, A.id, B.id, C.id)
    await until(lambda: bench.admission.received, 5)
    assert bench.peers.asked == [(P, GetBodies(0, C.id))]
    assert bench.admission.received == [([C.id], P)]
    await until(lambda: not bench.gossip._asking, 5)


async def test_nothing_is_asked_for_what_is_known(bench: Bench) -> None:
    bench.pend([A])
    bench.announce(P, A.id)
    bench.announce(P)
    assert bench.gossip._asking == {}


async def test_a_long_announcement_is_asked_for_in_parts(bench: Bench) -> None:
    many = {e.id: e for e in (transfer(ALICE, nonce) for nonce in range(PUSH_COUNT_MAX + 1))}
    bench.peers.answer = lambda peer, request: Bodies(
        0,
        tuple(many[id_].raw for id_ in split_ids(request.ids)),  # type: ignore[union-attr]
    )
    bench.announce(P, *many)
    await until(lambda: len(bench.core.mempool) == len(many), 5)
    assert [len(ids) for ids, _ in bench.admission.received] == [PUSH_COUNT_MAX, 1]


async def test_a_peer_that_does_not_answer_is_let_alone_until_it_announces_again(
    bench: Bench,
) -> None:
    bench.peers.answer = lambda peer, request: PeerTimeout("no answer")
    for envelope in (A, B, C):
        bench.announce(P, envelope.id)
    await until(lambda: not bench.gossip._asking, 5)
    assert len(bench.peers.asked) == 1
    assert bench.failures == []
    bench.peers.answer = lambda peer, request: Bodies(0, (A.raw,))
    bench.announce(P, A.id)
    await until(lambda: A.id in bench.core.mempool, 5)


async def test_announcements_that_wait_are_bounded_and_cost_nothing_beyond(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.admission.gate.clear()
    bench.peers.answer = lambda peer, request: Bodies(0, ())
    looked_up = 0
    contains = bench.core.chain.contains

    def count(id_: bytes) -> bool:
        nonlocal looked_up
        looked_up += 1
        return contains(id_)

    monkeypatch.setattr(bench.core.chain, "contains", count)
    for number in range(ANNOUNCED_FRAMES_MAX + 20):
        bench.announce(P, bytes([number]) * 32)
    assert looked_up == ANNOUNCED_FRAMES_MAX
    bench.admission.gate.set()
    await until(lambda: not bench.gossip._asking, 5)


# Failures


async def test_an_error_that_is_no_peers_reaches_the_node(bench: Bench) -> None:
    bench.admission.failure = StoreError(Reason.STORE_IO, "no space left")
    bench.push(P, A)
    bench.push(P, B)
    await until(lambda: bench.failures, 5)
    assert bench.failures == [bench.admission.failure]
    assert bench.gossip.waiting == 0
    assert bench.gossip._pushed == {}


async def test_closing_ends_what_is_under_way(bench: Bench) -> None:
    bench.admission.gate.clear()
    bench.push(P, A)
    bench.push(Q, B)
    bench.announce(P, C.id)
    bench.gossip.on_admitted([A], None)
    await asyncio.sleep(0)


def test_ids_are_split_and_a_remainder_is_dropped() -> None:
    assert split_ids(A.id + B.id + b"rest") == [A.id, B.id]
    assert split_ids(b"") == []
