"""Bodies by id: what is answered to peers, and what of their answers is believed."""

import asyncio
from collections.abc import Callable, Collection, Sequence

import pytest

from ledger.transaction import Envelope, decode_transaction
from node import bodies as module
from node.admission import BadBodiesError
from node.bodies import ASK_COUNT_MAX, BodyExchange
from node.peers.errors import PeerTimeout
from node.wire import Answer, Bodies, GetBodies, Request
from tests.ledger.support import ALICE, BOB, World, transfer
from tests.node.parts import FakePeers

A, B, C, D = (transfer(ALICE, nonce) for nonce in range(4))
P, Q, R = (bytes([n]) * 32 for n in (1, 2, 3))


class FakeAdmission:
    """Believes bodies by what they are, without keys."""

    def __init__(self) -> None:
        self.verifying: set[bytes] = set()

    def hasten(self, ids: Collection[bytes]) -> set[bytes]:
        return self.verifying & set(ids)

    async def obtain(self, raws: Sequence[bytes], wanted: Collection[bytes]) -> list[Envelope]:
        envelopes = [decode_transaction(raw) for raw in raws]
        if any(envelope.id not in wanted for envelope in envelopes):
            raise BadBodiesError("not asked for")
        return envelopes


class Bench:
    def __init__(self) -> None:
        self.world = World()
        self.held: dict[bytes, Envelope] = {}
        self.admission = FakeAdmission()
        self.peers = FakePeers()
        self.exchange = BodyExchange(
            self.world.chain,
            self.admission,  # type: ignore[arg-type]
            self.peers,  # type: ignore[arg-type]
            self.held.get,
        )

    def ask(self, *ids: bytes) -> tuple[bytes, ...]:
        return self.exchange.answer(GetBodies(7, b"".join(ids))).raws


@pytest.fixture
def bench() -> Bench:
    return Bench()


def serve(**by_peer: Sequence[Envelope]) -> Callable[[bytes, Request], Answer]:
    """Peers p, q and r give what is asked of what they have."""
    names = {P: "p", Q: "q", R: "r"}

    def answer(peer: bytes, request: Request) -> Answer:
        assert isinstance(request, GetBodies)
        envelopes = by_peer.get(names[peer], ())
        return Bodies(0, tuple(e.raw for e in envelopes if e.id in request.ids))

    return answer


def test_it_answers_what_is_pending_held_or_in_a_block(bench: Bench) -> None:
    bench.held[C.id] = C
    bench.world.order(A, B)
    assert bench.ask(C.id, bytes(32), B.id, A.id) == (C.raw, B.raw, A.raw)


def test_a_request_of_odd_length_or_nothing_is_harmless(bench: Bench) -> None:
    bench.held[A.id] = A
    assert bench.ask() == ()
    assert bench.ask(A.id, b"rest") == (A.raw,)
    assert bench.ask(b"short") == ()


def test_an_answer_is_bounded_in_number_and_bytes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.held[A.id], bench.held[B.id] = A, B
    assert len(bench.ask(*[A.id] * 8_000)) == ASK_COUNT_MAX
    monkeypatch.setattr(module, "ANSWER_BYTES_MAX", len(A.raw))
    assert bench.ask(A.id, B.id) == (A.raw,)


def test_a_block_is_read_once_for_one_answer_and_not_many_are(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for first in range(0, 40, 2):
        bench.world.order(transfer(ALICE, first), transfer(ALICE, first + 1))
    opened: list[int] = []
    read = bench.world.chain.bodies

    def note(height: int) -> list[bytes]:
        opened.append(height)
        return read(height)

    monkeypatch.setattr(bench.world.chain, "bodies", note)
    raws = bench.ask(*(transfer(ALICE, nonce).id for nonce in range(40)))
    assert opened == list(range(1, module.BLOCKS_OPENED_MAX + 1))
    assert len(raws) == 2 * module.BLOCKS_OPENED_MAX


async def test_the_proposer_is_asked_first_and_others_for_the_rest(bench: Bench) -> None:
    bench.peers.add(P, Q, R)
    bench.peers.answer = serve(r=[A], p=[B], q=[C])
    found = await bench.exchange.fetch([A.id, B.id], R)
    assert {envelope.id for envelope in found} == {A.id, B.id}
    assert [peer for peer, _ in bench.peers.asked] == [R, P]
    assert bench.peers.asked[1][1] == GetBodies(0, B.id)


async def test_silent_and_gone_peers_are_passed_over(bench: Bench) -> None:
    bench.peers.add(P, Q, R)
    give = serve(r=[A])
    bench.peers.answer = lambda peer, request: {P: None, Q: PeerTimeout("no answer")}.get(
        peer, give(peer, request)
    )
    assert await bench.exchange.fetch([A.id], Q) == [A]
    assert bench.peers.penalties == []


async def test_a_paused_peer_does_not_hold_up_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ASK_PATIENCE_S", 0.01)
    bench.peers.add(P, Q)
    bench.peers.answer = serve(q=[A])
    answer_at_once = bench.peers.request

    async def request(peer: bytes, request: Request, timeout_s: float | None = None) -> Answer:
        if peer == P:
            await asyncio.Event().wait()
        answer: Answer = await answer_at_once(peer, request, timeout_s)
        return answer

    monkeypatch.setattr(bench.peers, "request", request)
    async with asyncio.timeout(5):
        assert await bench.exchange.fetch([A.id], P) == [A]


async def test_who_answers_with_something_else_is_penalised_and_not_believed(bench: Bench) -> None:
    bench.peers.add(P, Q)
    bench.peers.answer = lambda peer, _: Bodies(0, (A.raw, D.raw) if peer == P else (A.raw,))
    assert await bench.exchange.fetch([A.id], P) == [A]
    assert bench.peers.penalties == [(P, "bodies-bad")]


async def test_what_is_being_verified_is_not_asked_for(bench: Bench) -> None:
    bench.peers.add(P)
    bench.admission.verifying = {A.id}
    assert await bench.exchange.fetch([A.id], P) == []
    assert bench.peers.asked == []


async def test_a_question_is_bounded(bench: Bench) -> None:
    bench.peers.add(P)
    bench.peers.answer = serve()
    ids = [transfer(BOB, nonce).id for nonce in range(ASK_COUNT_MAX + 5)]
    assert await bench.exchange.fetch(ids, None) == []
    ((_, request),) = bench.peers.asked
    assert isinstance(request, GetBodies)
    assert len(request.ids) == 32 * ASK_COUNT_MAX


async def test_nobody_connected_is_no_error(bench: Bench) -> None:
    assert await bench.exchange.fetch([A.id], P) == []
