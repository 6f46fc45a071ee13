"""Admission: what enters, what is refused and why, and what is durable when a client is answered."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ledger.chain import Chain
from ledger.errors import StoreError
from ledger.mempool import Dropped, MempoolLimits
from ledger.mempool_log import log_batch
from ledger.reasons import Reason
from ledger.transaction import Envelope
from node.admission import Admission, BadBodiesError, Entry, blames_sender
from node.body_log import BodyLog
from node.verifier import Verifier
from tests.ledger.support import ALICE, BOB, CAROL, GENESIS, PROPOSER, World, transfer
from tests.node.parts import BrittleStore, forge, logged, make_core
from tests.node.support import leaving_nothing, until

A, B, C = (transfer(ALICE, nonce) for nonce in range(3))
PEER = b"\x07" * 32


class Bench:
    def __init__(self, home: Path, **fields: Any) -> None:
        self.store = fields.setdefault("store", BrittleStore())
        self.core = make_core(home, **fields)
        self.store.synced_writes = 0
        self.failures: list[BaseException] = []
        self.admitted: list[tuple[list[Envelope], bytes | None]] = []
        self.displaced: list[Dropped] = []
        self.is_congested = False
        self.verifier = Verifier(self.core.stages, self.core.metrics, self.failures.append)
        self.log = BodyLog(
            self.store,
            self.core.stages,
            self.core.metrics,
            self.core.mempool.__contains__,
            self.failures.append,
        )
        self.admission = Admission(
            self.core,
            self.verifier,
            self.log,
            on_admitted=lambda envelopes, source: self.admitted.append((envelopes, source)),
            on_displaced=self.displaced.extend,
            is_congested=lambda: self.is_congested,
        )

    async def submit(self, *envelopes: Envelope) -> list[Entry]:
        return await self.admission.submit([envelope.raw for envelope in envelopes])

    async def receive(self, *envelopes: Envelope) -> list[Entry]:
        return await self.admission.receive([envelope.raw for envelope in envelopes], PEER)

    def order(self, *envelopes: Envelope) -> None:
        """Execute a block of these."""
        world = World()
        raw = world.value(*envelopes, proposer=PROPOSER)
        height = self.core.chain.height + 1
        applied = self.core.decisions.execute(height, (raw,), b"seal", world.bodies.get)
        self.core.mempool.apply_block(applied)

    @property
    def pending(self) -> set[bytes]:
        return set(self.core.mempool.ids())

    def close(self) -> None:
        self.log.close()
        self.verifier.close()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with leaving_nothing():
        bench = Bench(tmp_path)
        yield bench
        bench.close()


def make_store(*pending: Envelope) -> BrittleStore:
    """A database with these in its mempool log."""
    store = BrittleStore()
    Chain.open(store, GENESIS)
    store.write(log_batch(pending))
    return store


def reasons(entries: list[Entry]) -> list[str | None]:
    return [str(entry.error.reason) if entry.error else None for entry in entries]


async def test_what_a_client_gives_is_pending_and_durable_when_it_is_answered(
    bench: Bench,
) -> None:
    entries = await bench.submit(A, B)
    assert [(e.envelope, e.error, e.is_known) for e in entries] == [
        (A, None, False),
        (B, None, False),
    ]
    assert bench.pending == logged(bench.store) == {A.id, B.id}
    assert bench.store.synced_writes == 1
    assert bench.admitted == [([A, B], None)]


async def test_what_a_peer_pushes_waits_for_the_next_sync(bench: Bench) -> None:
    await bench.receive(A)
    assert bench.pending == {A.id}
    assert logged(bench.store) == set()
    assert bench.admitted == [([A], PEER)]
    await bench.submit(A)
    assert logged(bench.store) == {A.id}, "told as known means durable too"


async def test_every_refusal_has_its_reason_and_keeps_nothing(bench: Bench) -> None:
    entries = await bench.admission.submit(
        [
            b"",
            b"\xff" * 100,
            A.raw + b"\x00",
            transfer(chain_id=bytes(32)).raw,
            transfer(amount=0).raw,
            forge(A).raw,
            transfer(BOB, amount=10**6).raw,
            transfer(nonce=10**6).raw,
            transfer(valid_until=0).raw,
        ]
    )
    assert reasons(entries) == [
        "tx-malformed",
        "tx-malformed",
        "tx-malformed",
        "tx-wrong-chain",
        "tx-zero-amount",
        "tx-bad-signature",
        "tx-insufficient-balance",
        "tx-nonce-too-far",
        "tx-expired",
    ]
    blamed = [blames_sender(entry.error) for entry in entries if entry.error]
    assert blamed == [True] * 6 + [False] * 3
    assert bench.pending == set()
    assert bench.store.synced_writes == 0
    assert bench.admitted == []


async def test_good_ones_enter_beside_bad_ones(bench: Bench) -> None:
    entries = await bench.submit(forge(transfer(CAROL)), A, transfer(BOB, amount=10**6), B)
    assert reasons(entries) == ["tx-bad-signature", None, "tx-insufficient-balance", None]
    assert bench.pending == {A.id, B.id}


async def test_the_same_again_is_known_and_needs_no_work(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.submit(A)
    bench.order(B, A)
    await bench.submit(B)
    verified = len(bench.admitted)
    monkeypatch.setattr(bench.verifier, "verify", None)
    entries = await bench.submit(A, B)
    assert [entry.is_known for entry in entries] == [True, True]
    assert len(bench.admitted) == verified


async def test_twice_in_one_batch_is_once(bench: Bench) -> None:
    entries = await bench.submit(A, A)
    assert [(entry.error, entry.is_known) for entry in entries] == [(None, False), (None, True)]
    assert bench.admitted == [([A], None)]


async def test_of_two_with_one_id_only_the_one_that_is_signed_enters(bench: Bench) -> None:
    for entries in (await bench.submit(forge(A), A), await bench.submit(B, forge(B))):
        assert sorted(reasons(entries), key=str) == [None, "tx-bad-signature"]
    assert bench.core.mempool.get(A.id) == A
    assert bench.core.mempool.get(B.id) == B


async def test_a_forgery_that_arrives_meanwhile_spoils_nothing(bench: Bench) -> None:
    both = await asyncio.gather(bench.receive(forge(A)), bench.submit(A))
    assert [reasons(entries) for entries in both] == [["tx-bad-signature"], [None]]
    assert bench.core.mempool.get(A.id) == A


async def test_what_was_included_while_it_was_verified_is_known(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = bench.verifier.verify

    async def verify_and_decide(envelopes: list[Envelope], *, urgent: bool) -> list[bool]:
        verdicts = await verify(envelopes, urgent=urgent)
        bench.order(A)
        return verdicts

    monkeypatch.setattr(bench.verifier, "verify", verify_and_decide)
    entries = await bench.submit(A)
    assert [(entry.error, entry.is_known) for entry in entries] == [(None, True)]


async def test_what_makes_way_leaves_the_log_and_is_told(bench: Bench) -> None:
    await bench.submit(A)
    better = transfer(ALICE, 0, fee=5)
    await bench.submit(better)
    assert bench.displaced == [Dropped(A.id, Reason.MEMPOOL_REPLACED)]
    assert logged(bench.store) == bench.pending == {better.id}


async def test_what_is_replaced_within_its_own_batch_never_was(bench: Bench) -> None:
    better = transfer(ALICE, 0, fee=5)
    await bench.submit(A, better)
    assert bench.displaced == [Dropped(A.id, Reason.MEMPOOL_REPLACED)]
    assert bench.admitted == [([better], None)]
    assert logged(bench.store) == bench.pending == {better.id}


async def test_obtained_bodies_need_only_form_and_signature(bench: Bench) -> None:
    wanted = [transfer(BOB, 7, amount=10**6), transfer(CAROL, valid_until=0)]
    raws = [envelope.raw for envelope in wanted]
    assert await bench.admission.obtain(raws, {e.id for e in wanted} | {A.id}) == wanted
    assert await bench.admission.obtain([], {A.id}) == []
    assert bench.pending == set()
    bench.log.write()
    assert logged(bench.store) == set(), "whoever asked knows whether a vote may follow"


@pytest.mark.parametrize(
    "bad",
    [b"", forge(A).raw, B.raw, transfer(chain_id=bytes(32)).raw],
    ids=["garbage", "forged", "not-asked-for", "other-chain"],
)
async def test_an_answer_with_a_bad_body_is_refused_whole(bench: Bench, bad: bytes) -> None:
    foreign = transfer(chain_id=bytes(32)).id
    with pytest.raises(BadBodiesError):
        await bench.admission.obtain([C.raw, bad], {A.id, C.id, foreign})


async def test_the_log_fills_the_mempool_after_a_start(tmp_path: Path) -> None:
    later = transfer(BOB, 5_000)
    store = make_store(C, B, A, later)
    async with leaving_nothing():
        bench = Bench(tmp_path, store=store)
        assert bench.admission.reload() == (3, 1)
        assert bench.core.mempool.select(10, 10**6) == [A, B, C]
        assert bench.log.recall(later.id) == later
        assert logged(store) == {A.id, B.id, C.id, later.id}
        bench.close()


async def test_what_the_chain_has_included_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    async with leaving_nothing():
        bench = Bench(tmp_path)
        await bench.submit(A, B)
        bench.order(A)
        again = Bench(tmp_path, store=bench.store)
        assert again.admission.reload() == (1, 0)
        assert again.pending == {B.id}
        bench.close()
        again.close()


async def test_a_full_mempool_that_is_reloaded_spares_what_does_not_fit(tmp_path: Path) -> None:
    store = make_store(A, B, C)
    async with leaving_nothing():
        bench = Bench(tmp_path, store=store, limits=MempoolLimits(count_max=2))
        kept, spared = bench.admission.reload()
        assert (kept, spared) == (2, 1)
        assert len(bench.pending) == 2
        assert logged(store) == {A.id, B.id, C.id}
        bench.close()


async def test_a_disk_that_fails_answers_nobody_and_is_told(bench: Bench) -> None:
    bench.store.is_broken = True
    with pytest.raises(StoreError) as caught:
        await asyncio.wait_for(bench.submit(A), 5)
    assert caught.value.reason is Reason.STORE_IO
    assert bench.failures == [caught.value]
    bench.store.is_broken = False


async def test_clients_wait_while_the_network_is_congested_and_peers_do_not(bench: Bench) -> None:
    bench.is_congested = True
    client = asyncio.create_task(bench.submit(A))
    await bench.receive(B)
    assert bench.pending == {B.id}
    bench.is_congested = False
    await asyncio.wait_for(client, 5)
    assert bench.pending == {A.id, B.id}


async def test_a_client_that_goes_away_leaves_the_door_open(bench: Bench) -> None:
    bench.is_congested = True
    client = asyncio.create_task(bench.submit(A))
    await asyncio.sleep(0)
    client.cancel()
    await asyncio.wait({client})
    bench.is_congested = False
    await asyncio.wait_for(bench.submit(A), 5)
    await until(lambda: bench.pending == {A.id})
