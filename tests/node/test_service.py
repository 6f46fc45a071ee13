"""The service: what the API is told of a node, and why it is not moving."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from consensus.committee import Committee
from consensus.effects import Readable
from consensus.engine import Account
from consensus.events import Event, Read
from ledger.errors import TransactionError
from ledger.reasons import Reason
from ledger.transaction import Envelope
from node.admission import Entry
from node.api.backend import Freshness, NodeState, Outcome, TransactionStatus
from node.diagnosis.observer import Observer
from node.gate import BusyError
from node.lifecycle import Lifecycle
from node.reading import Reads
from node.service import Service
from node.verifier import VerifierClosedError
from tests.ledger.support import ALICE, VALIDATORS, World, transfer
from tests.node.parts import FakePeers, make_core
from tests.node.support import leaving_nothing, until

A, B, C = (transfer(ALICE, nonce) for nonce in range(3))
KEYS = [key.public_key for key in VALIDATORS]
CALM = Account(
    phase="normal",
    view=2,
    leader=2,
    height=7,
    waiting_for="prepares",
    needed=3,
    heard=(1,),
    counters={"decided": 7},
)


class FakeAdmission:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.error: Exception | None = None

    async def submit(self, raws: Sequence[bytes]) -> list[Entry]:
        if self.error:
            raise self.error
        return self.entries


class FakeHost:
    def __init__(self) -> None:
        self.alarms: list[str] = []
        self.heard_at: dict[int, float] = {}
        self.accused_at: dict[int, list[float]] = {}


class FakeCatchUp:
    def target(self) -> int:
        return 0


class FakeObserver(Observer):
    """Looks at an engine that says what the bench wants."""

    bench: "Bench"

    @property
    def account(self) -> Account:
        return self.bench.account


class Bench:
    def __init__(self, home: Path, me: int | None = 0, **fields: Any) -> None:
        self.core = make_core(home, me, **fields)
        self.admission = FakeAdmission()
        self.lifecycle = Lifecycle(self.core.metrics)
        self.peers = FakePeers()
        self.service = Service(
            self.core,
            None,
            self.admission,  # type: ignore[arg-type]
            self.lifecycle,
        )
        self.now = 100.0
        self.account = CALM
        host = FakeHost()
        observer = FakeObserver(
            self.core,
            None,
            host,
            self.peers,  # type: ignore[arg-type]
            FakeCatchUp(),
            patience_ms=900,
            clock=lambda: self.now,
        )
        observer.bench = self
        self.service.connect(host, self.peers, observer)  # type: ignore[arg-type]
        self.service._account = lambda: self.account  # type: ignore[method-assign]

    def add(self, *envelopes: Envelope) -> None:
        for envelope in envelopes:
            self.core.mempool.add(envelope, self.core.chain.height)

    def order(self, *envelopes: Envelope) -> None:
        world = World()
        value = world.value(*envelopes)
        height = self.core.chain.height + 1
        applied = self.core.decisions.execute(height, (value,), b"seal", world.bodies.get)
        self.lifecycle.on_applied(applied, self.core.mempool.apply_block(applied))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with leaving_nothing():
        yield Bench(tmp_path)


# Transactions


async def test_answers_say_what_became_of_each(bench: Bench) -> None:
    bench.add(B)
    bench.order(C)
    refused = TransactionError(Reason.TX_BAD_SIGNATURE, "not signed")
    full = TransactionError(Reason.MEMPOOL_FULL, "nothing here pays less")
    bench.admission.entries = [
        Entry(A),
        Entry(B, is_known=True),
        Entry(None, TransactionError(Reason.TX_MALFORMED)),
        Entry(C, refused),
        Entry(C, full),
    ]
    answers = await bench.service.submit([b""] * 5)
    assert [(a.outcome, a.id, a.status, a.reason, a.detail, a.retry_after_s) for a in answers] == [
        (Outcome.ACCEPTED, A.id, TransactionStatus.PENDING, None, None, None),
        (Outcome.KNOWN, B.id, TransactionStatus.PENDING, "tx-known", None, None),
        (Outcome.REJECTED, None, None, "tx-malformed", "tx-malformed", None),
        (Outcome.REJECTED, C.id, None, "tx-bad-signature", "not signed", None),
        (Outcome.REJECTED, C.id, None, "mempool-full", "nothing here pays less", 1),
    ]
    assert bench.service.mempool_view().rejected == {
        "tx-malformed": 1,
        "tx-bad-signature": 1,
        "mempool-full": 1,
    }


async def test_a_busy_node_says_come_back(bench: Bench) -> None:
    bench.admission.error = BusyError("too many", advice="try again soon")
    (answer,) = await bench.service.submit([A.raw])
    assert (answer.outcome, answer.reason, answer.retry_after_s) == (
        Outcome.REJECTED,
        "node-busy",
        1,
    )


async def test_a_stopping_node_takes_nothing(bench: Bench) -> None:
    refused = (Outcome.REJECTED, "node-stopping", True)
    bench.admission.error = VerifierClosedError("this node is closing")
    (answer,) = await bench.service.submit([A.raw])
    assert (answer.outcome, answer.reason, answer.unavailable) == refused
    bench.admission.error = AssertionError("it was asked")
    bench.service.state = NodeState.STOPPING
    (answer,) = await bench.service.submit([A.raw])
    assert (answer.outcome, answer.reason, answer.unavailable) == refused


async def test_a_transaction_is_seen_through_its_life(bench: Bench) -> None:
    def status(envelope: Envelope) -> tuple[TransactionStatus, str | None] | None:
        view = bench.service.transaction(envelope.id)
        return None if view is None else (view.status, view.reason)

    poor = transfer(ALICE, 1, amount=900_000)
    poorer = transfer(ALICE, 2, amount=900_000)
    assert status(A) is None
    bench.add(A)
    assert status(A) == (TransactionStatus.PENDING, None)
    bench.add(transfer(ALICE, 0, fee=5))
    assert status(A) == (TransactionStatus.DROPPED, "mempool-replaced")
    bench.order(A, poor, poorer)
    assert status(A) == (TransactionStatus.FINAL, None)
    assert status(poorer) == (TransactionStatus.FAILED, "tx-insufficient-balance")
    view = bench.service.transaction(poorer.id)
    assert view is not None
    assert (view.height, view.index, view.raw) == (1, 2, poorer.raw)


async def test_waiting_ends_with_the_block(bench: Bench) -> None:
    bench.add(A)
    waiting = asyncio.create_task(bench.service.wait_final(A.id, 10))
    await asyncio.sleep(0)
    bench.order(A)
    view = await asyncio.wait_for(waiting, 5)
    assert view is not None
    assert view.status is TransactionStatus.FINAL
    again = await asyncio.wait_for(bench.service.wait_final(A.id, 10), 5)
    assert again == view


async def test_waiting_too_long_tells_how_it_stands(bench: Bench) -> None:
    bench.add(A)
    view = await bench.service.wait_final(A.id, 0.01)
    assert view is not None
    assert view.status is TransactionStatus.PENDING
    assert await bench.service.wait_final(B.id, 0.01) is None


async def test_the_next_nonce_counts_what_is_pending(bench: Bench) -> None:
    bench.add(A, C)
    assert bench.service.next_nonce(ALICE.public_key) == 1


# The node


async def test_status_and_readiness(bench: Bench) -> None:
    status = bench.service.status()
    assert (status.role, status.state, status.head_height) == ("validator", "starting", 0)
    assert bench.service.ready() == (False, "starting")
    bench.service.state = NodeState.READY
    bench.order()
    bench.peers.add(KEYS[1])
    assert bench.service.ready() == (True, "ready")
    status = bench.service.status()
    assert (status.head_height, status.peers) == (1, 1)
    assert status.head_id == bench.core.chain.head_id


async def test_a_follower_is_none_of_the_validators(tmp_path: Path) -> None:
    bench = Bench(tmp_path, me=None)
    assert bench.service.status().role == "follower"
    assert not any(view.is_self for view in bench.service.validators())


async def test_the_committee_is_shown_in_the_order_in_which_it_leads(bench: Bench) -> None:
    bench.peers.add(KEYS[2], b"\x01" * 32)
    views = bench.service.validators()
    assert [view.public_key for view in views] == KEYS
    assert [view.is_self for view in views] == [True, False, False, False]
    assert [view.is_leader for view in views] == [False, False, True, False]
    assert [view.is_connected for view in views] == [True, False, True, False]


async def test_why_it_is_not_moving(bench: Bench) -> None:
    bench.peers.add(KEYS[1])
    finding = bench.service.engine_view().findings[0]
    assert finding.text == (
        "2 of 4 validators unreachable (validator-2, validator-3); 3 are needed, 2 are there"
    )
    assert finding.members == ("validator-2", "validator-3")
    bench.peers.add(KEYS[3])
    bench.now += 5
    view = bench.service.engine_view()
    assert view.findings[0].code == "waiting-for-votes"
    assert view.heard == ("validator-1",)
    assert view.silent == ("validator-2", "validator-3")
    assert (view.leader, view.phase, view.view) == ("validator-2", "normal", 2)


@pytest.mark.parametrize(
    ("engine", "headline"),
    [
        ("paxos", "moving: block 7 under way for 0.0 s"),
        (
            "pbft",
            "1 of 3 validators unreachable (validator-2); 3 are needed, 2 are there",
        ),
    ],
)
async def test_a_majority_is_enough_where_nobody_lies(
    tmp_path: Path, engine: str, headline: str
) -> None:
    bench = Bench(tmp_path, engine=engine)
    bench.service._seats.committee = Committee.of(3, 1)
    bench.peers.add(KEYS[1])
    assert bench.service.engine_view().findings[0].text == headline


async def test_a_phase_is_dated_from_its_change(bench: Bench) -> None:
    assert bench.service.engine_view().in_phase_ms == 0
    bench.now += 5
    assert bench.service.engine_view().in_phase_ms == 5_000
    bench.account = dataclasses.replace(CALM, phase="view-change", view=3, leader=3)
    assert bench.service.engine_view().in_phase_ms == 0
    bench.now += 2
    assert bench.service.engine_view().in_phase_ms == 2_000


# Reading


async def test_an_engine_that_confirms_no_reads_is_not_asked(bench: Bench) -> None:
    assert await bench.service.confirm_read(1) is Freshness.UNSUPPORTED


async def test_only_a_voter_confirms_reads(tmp_path: Path) -> None:
    core = make_core(tmp_path, None, engine="paxos")
    lifecycle = Lifecycle(core.metrics)
    follower = Service(core, None, FakeAdmission(), lifecycle)  # type: ignore[arg-type]
    assert await follower.confirm_read(1) is Freshness.NOT_A_VOTER
    core = make_core(tmp_path / "voter", engine="paxos")
    posted: list[Event] = []
    reads = Reads(posted.append, lambda: core.chain.height, 0)
    voter = Service(core, None, FakeAdmission(), lifecycle, reads=reads)  # type: ignore[arg-type]
    reading = asyncio.create_task(voter.confirm_read(5))
    await until(lambda: posted == [Read(1)])
    reads.on_readable(Readable(1, 0))
    assert await reading is Freshness.CONFIRMED
    reads.close()
