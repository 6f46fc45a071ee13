"""Catch-up: what is fetched is judged before it is kept, and liars stop nobody."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from consensus import catalog
from consensus.events import Offered
from consensus.message import NULL_DIGEST, Signed, compute_digest, compute_vote_context
from consensus.pbft.messages import (
    CERTIFICATES,
    SEALS,
    Checkpoint,
    CheckpointCertificate,
    Commit,
    CommitSeal,
)
from ledger.apps.committee import ChangeRule
from ledger.errors import StoreError
from ledger.keys import KeyPair
from ledger.reasons import Reason
from ledger.transaction import Envelope
from node import sync as module
from node.admission import Admission
from node.body_log import BodyLog
from node.peers.errors import PeerError, PeerGone, PeerTimeout
from node.stages import Stages
from node.sync import NEAR_HEIGHTS, Sync, read_blocks
from node.verifier import Verifier
from node.votes import Votes
from node.wire import Answer, BlockBundle, Blocks, GetBlocks, Request
from tests.ledger.support import ALICE, GENESIS, VALIDATORS, World, transfer
from tests.node.parts import FakePeers, forge, make_core
from tests.node.support import leaving_nothing, until

CONTEXT = compute_vote_context(GENESIS.chain_id, "pbft")
KEYS = [key.public_key for key in VALIDATORS]
HUGE = 2**63
SIGNERS = [Votes(CONTEXT, {}, key, Stages()) for key in VALIDATORS]


def make_seal(
    height: int, values: tuple[bytes, ...], signers: tuple[int, ...] = (0, 1, 2)
) -> bytes:
    digest = compute_digest(values[0]) if values else NULL_DIGEST
    commits = (Signed(replica, Commit(0, height, digest)) for replica in signers)
    return SEALS.encode(CommitSeal(tuple(SIGNERS[c.signer].sign(c) for c in commits)))


def make_certificate(height: int, block_id: bytes) -> bytes:
    votes = (Signed(replica, Checkpoint(height, block_id)) for replica in (1, 2, 3))
    return CERTIFICATES.encode(
        CheckpointCertificate(tuple(SIGNERS[v.signer].sign(v) for v in votes))
    )


class Source:
    """A ledger that is further: one transfer a height, each sealed, some certified."""

    def __init__(self, heights: int) -> None:
        self.world = World()
        for height in range(1, heights + 1):
            values = (self.world.value(transfer(ALICE, height - 1), timestamp_ms=height),)
            seal = make_seal(height, values)
            applied = self.world.chain.execute(height, values, seal, self.world.bodies.get)
            if height % 8 == 0:
                self.world.chain.certify(height, make_certificate(height, applied.block_id))

    def read(self, request: GetBlocks, heights_max: int = 64) -> tuple[BlockBundle, ...]:
        return read_blocks(self.world.chain, request, heights_max)


class FakeOrdering:
    """Engine and ordering in one: executes what is offered in order, if its bodies are there."""

    def __init__(self, chain: Any) -> None:
        self.chain = chain
        self.is_starved = False
        self.bodies: dict[bytes, Envelope] = {}
        self.offered: list[Offered] = []
        self.is_stuck = False

    def hold(self, height: int, values: tuple[bytes, ...], bodies: dict[bytes, Envelope]) -> None:
        self.bodies.update(bodies)

    def offer(self, offered: Offered) -> None:
        self.offered.append(offered)
        self.tell(offered)
        if offered.certificate and offered.height <= self.chain.height:
            self.chain.certify(offered.height, CERTIFICATES.encode(offered.certificate))

    def tell(self, offered: Offered) -> None:
        if offered.height != self.chain.height + 1 or self.is_stuck:
            return
        wanted = [id_ for value in offered.values for id_ in module._split(value)]
        self.is_starved = any(id_ not in self.bodies for id_ in wanted)
        if not self.is_starved:
            seal = SEALS.encode(offered.seal)
            self.chain.execute(offered.height, offered.values, seal, self.bodies.get)


class Bench:
    def __init__(
        self,
        home: Path,
        heights: int = 20,
        me: int | None = None,
        rule: ChangeRule | None = None,
        newcomers: tuple[KeyPair, ...] = (),
    ) -> None:
        self.core = make_core(home, me, rule=rule, sync={"heights_per_request_max": 8})
        self.chain = self.core.chain
        self.source = Source(heights)
        self.ordering = FakeOrdering(self.chain)
        self.failures: list[BaseException] = []
        self.peers = FakePeers()
        self.liars: dict[bytes, Callable[[GetBlocks], Answer | PeerError | None]] = {}
        self.peers.answer = self.answer
        self.verifier = Verifier(self.core.stages, self.core.metrics, self.failures.append)
        self.log = BodyLog(
            self.core.store,
            self.core.stages,
            self.core.metrics,
            lambda _: True,
            self.failures.append,
        )
        admission = Admission(
            self.core,
            self.verifier,
            self.log,
            on_admitted=lambda envelopes, source: None,
            on_displaced=lambda drops: None,
            is_congested=lambda: False,
        )
        keys = dict(enumerate([*KEYS, *(key.public_key for key in newcomers)]))
        votes = Votes(CONTEXT, keys, VALIDATORS[0], self.core.stages)
        self.sync = Sync(
            self.core,
            votes,
            admission,
            self.ordering,  # type: ignore[arg-type]
            self.peers,  # type: ignore[arg-type]
            on_failure=self.failures.append,
        )

    def answer(self, peer: bytes, request: Request) -> Answer | PeerError | None:
        assert isinstance(request, GetBlocks)
        if lie := self.liars.get(peer):
            return lie(request)
        return Blocks(0, self.source.read(request))

    def lie(self, peer: bytes, change: Callable[[BlockBundle], BlockBundle]) -> None:
        """Let a peer give the source's blocks, changed."""
        self.liars[peer] = lambda request: Blocks(0, tuple(map(change, self.source.read(request))))

    def asked(self, peer: bytes) -> list[GetBlocks]:
        return [r for p, r in self.peers.asked if p == peer and isinstance(r, GetBlocks)]

    async def until_level(self) -> None:
        await until(lambda: self.chain.head_id == self.source.world.chain.head_id, 10)


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    for name, seconds in {"TICK_S": 0.005, "PATIENCE_S": 0.02, "SHUN_S": 0.02}.items():
        monkeypatch.setattr(module, name, seconds)
    monkeypatch.setattr(module, "APPLY_TIMEOUT_S", 0.1)
    async with leaving_nothing():
        bench = Bench(tmp_path)
        bench.sync.start()
        yield bench
        await bench.sync.close()
        bench.log.close()
        bench.verifier.close()
        assert bench.failures == []


async def test_a_node_that_is_far_behind_fetches_everything(bench: Bench) -> None:
    bench.peers.add(KEYS[1], height=20)
    await bench.until_level()
    assert [request.first for request in bench.asked(KEYS[1])] == [1, 9, 17]
    assert bench.sync.fetched_heights == 20
    assert bench.peers.penalties == []
    await until(lambda: not bench.sync.is_catching_up, 5)


async def test_certificates_are_offered_with_their_heights(bench: Bench) -> None:
    bench.peers.add(KEYS[1], height=20)
    await bench.until_level()
    certified = [offered.height for offered in bench.ordering.offered if offered.certificate]
    assert certified == [8, 16]


async def test_a_certificate_that_was_not_there_yet_is_asked_for_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CERTIFICATE_PAUSE_S", 0.0)
    bench.lie(KEYS[1], lambda bundle: replace(bundle, certificate=b""))
    bench.peers.add(KEYS[1], height=20)
    await bench.until_level()
    assert bench.chain.certified_height == 0
    del bench.liars[KEYS[1]]
    bench.peers.asked.clear()
    bench.peers.add(KEYS[1], height=20, certified=16)
    await until(lambda: bench.chain.certified_height == 16, 5)
    assert bench.asked(KEYS[1]) == [GetBlocks(0, 16, 1, bodies=False)]


async def test_a_peer_that_claims_a_certificate_it_does_not_give_is_penalised_and_shunned(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CERTIFICATE_PAUSE_S", 0.0)
    bench.peers.add(KEYS[1], height=20)
    await bench.until_level()
    bench.liars[KEYS[2]] = lambda _: Blocks(0, ())
    bench.lie(KEYS[3], lambda bundle: replace(bundle, certificate=b""))
    bench.peers.add(KEYS[2], height=20, certified=19)
    bench.peers.add(KEYS[3], height=20, certified=20)
    await until(lambda: {peer for peer, _ in bench.peers.penalties} == {KEYS[2], KEYS[3]}, 5)
    assert bench.sync._shunned.keys() == {KEYS[2], KEYS[3]}


async def test_a_node_that_is_near_asks_for_no_bodies_unless_it_starves(bench: Bench) -> None:
    for height in range(1, 4):
        bench.ordering.bodies[transfer(ALICE, height - 1).id] = transfer(ALICE, height - 1)
    bench.peers.add(KEYS[1], height=5)
    await until(lambda: bench.chain.height >= 5, 10)
    asked = bench.asked(KEYS[1])
    assert not asked[0].bodies
    assert [request.bodies for request in asked if request.first == 4][-1]


async def test_the_engines_evidence_wakes_it_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.sync.PATIENCE_S", 1_000.0)
    bench.peers.add(KEYS[1], height=20)
    bench.sync.on_behind(20)
    await bench.until_level()


async def test_nobody_is_asked_while_nobody_is_ahead(bench: Bench) -> None:
    bench.peers.add(KEYS[1])
    bench.peers.add(KEYS[2], height=0)
    bench.sync.on_behind(0)
    await until(lambda: not bench.sync._wake.is_set(), 5)
    assert bench.peers.asked == []


async def test_a_peer_that_goes_away_is_replaced_by_another(bench: Bench) -> None:
    bench.peers.add(*KEYS[1:3], height=20)
    first = min(KEYS[1:3])

    def answer_once(request: GetBlocks) -> Answer | PeerError:
        return Blocks(0, bench.source.read(request)) if request.first == 1 else PeerGone("gone")

    bench.liars[first] = answer_once
    await bench.until_level()
    assert bench.peers.penalties == []


def lose_a_vote(bundle: BlockBundle) -> BlockBundle:
    return replace(bundle, seal=make_seal(bundle.height, bundle.values, (0, 1)))


def count_a_vote_twice(bundle: BlockBundle) -> BlockBundle:
    return replace(bundle, seal=make_seal(bundle.height, bundle.values, (0, 1, 1)))


def forge_a_vote(bundle: BlockBundle) -> BlockBundle:
    seal = SEALS.decode(bundle.seal)
    forged = replace(seal.commits[0], signature=bytes(64))
    return replace(bundle, seal=SEALS.encode(CommitSeal((forged, *seal.commits[1:]))))


def seal_another_value(bundle: BlockBundle) -> BlockBundle:
    return replace(bundle, values=(*bundle.values[:-1], bundle.values[-1] + b"\x00"))


def add_a_foreign_body(bundle: BlockBundle) -> BlockBundle:
    return replace(bundle, bodies=(*bundle.bodies, transfer(ALICE, 500).raw))


def forge_a_body(bundle: BlockBundle) -> BlockBundle:
    return replace(bundle, bodies=(forge(transfer(ALICE, bundle.height - 1)).raw,))


def bend_the_certificate(bundle: BlockBundle) -> BlockBundle:
    alone = SIGNERS[1].sign(Signed(1, Checkpoint(bundle.height, bytes(32))))
    return replace(bundle, certificate=CERTIFICATES.encode(CheckpointCertificate((alone,))))


@pytest.mark.parametrize(
    "change",
    [
        lose_a_vote,
        count_a_vote_twice,
        forge_a_vote,
        seal_another_value,
        add_a_foreign_body,
        forge_a_body,
        bend_the_certificate,
        lambda bundle: replace(bundle, seal=b""),
        lambda bundle: replace(bundle, seal=SEALS.encode(CommitSeal(()))),
        lambda bundle: replace(bundle, values=()),
        lambda bundle: replace(bundle, values=bundle.values * 100),
        lambda bundle: replace(bundle, certificate=b"\xff"),
        lambda bundle: replace(bundle, bodies=(b"garbage",)),
        lambda bundle: replace(bundle, height=bundle.height + 1),
        lambda bundle: replace(bundle, height=1),
        lambda bundle: replace(bundle, height=HUGE),
    ],
)
async def test_bad_blocks_are_refused_and_penalised_and_an_honest_peer_is_asked(
    bench: Bench, change: Callable[[BlockBundle], BlockBundle]
) -> None:
    liar, honest = KEYS[2], KEYS[1]
    bench.lie(liar, change)
    bench.peers.add(liar, height=HUGE)
    await until(lambda: bench.peers.penalties, 5)
    assert bench.chain.height == 0
    assert bench.ordering.offered == []
    bench.peers.add(honest, height=20)
    await bench.until_level()
    assert set(bench.peers.penalties) == {(liar, "sync-bad-blocks")}


@pytest.mark.parametrize(
    "answer", [Blocks(0, ()), PeerTimeout("no answer"), None], ids=["nothing", "silence", "gone"]
)
async def test_a_liar_that_claims_a_huge_height_delays_little_and_is_asked_ever_more_seldom(
    bench: Bench, answer: Answer | PeerError | None
) -> None:
    liar, honest = KEYS[2], KEYS[1]
    bench.liars[liar] = lambda _: answer
    bench.peers.add(liar, height=HUGE)
    await until(lambda: len(bench.asked(liar)) == 3, 5)
    shunned = bench.sync._shunned[liar]
    assert shunned.times >= 2
    bench.peers.add(honest, height=20)
    await bench.until_level()
    assert not bench.sync.is_catching_up
    assert bool(bench.peers.penalties) == isinstance(answer, Blocks)
    del bench.peers.peers[liar]
    await until(lambda: liar not in bench.sync._shunned, 5)


async def test_only_f_plus_1_validators_are_believed(bench: Bench) -> None:
    bench.liars = dict.fromkeys(KEYS, lambda _: None)
    bench.peers.add(b"\x05" * 32, b"\x06" * 32, height=HUGE)
    bench.peers.add(KEYS[1], height=HUGE)
    assert bench.sync.target() == 0
    bench.peers.add(KEYS[2], height=20)
    assert bench.sync.target() == 20
    bench.peers.add(KEYS[3], height=30)
    assert bench.sync.target() == 30


async def test_one_validator_is_believed_where_nobody_lies(bench: Bench) -> None:
    bench.sync._spec = catalog.get("paxos")
    bench.liars = dict.fromkeys(KEYS, lambda _: None)
    bench.peers.add(b"\x05" * 32, height=HUGE)
    assert bench.sync.target() == 0
    bench.peers.add(KEYS[1], height=20)
    assert bench.sync.target() == 20


async def test_it_is_catching_up_only_when_that_is_proven(bench: Bench) -> None:
    bench.ordering.is_stuck = True
    bench.peers.add(KEYS[1], height=20)
    await until(lambda: bench.asked(KEYS[1]), 5)
    assert NEAR_HEIGHTS == 8
    bench.sync._heights_max = 20
    await until(lambda: bench.sync.is_catching_up, 5)
    bench.ordering.is_stuck = False
    await bench.until_level()
    await until(lambda: not bench.sync.is_catching_up, 5)


async def test_a_height_that_nobody_executes_is_given_up_and_blamed_on_nobody(
    bench: Bench,
) -> None:
    bench.ordering.is_stuck = True
    bench.peers.add(KEYS[1], height=20)
    await until(lambda: len(bench.asked(KEYS[1])) >= 3, 5)
    assert bench.peers.penalties == []
    bench.ordering.is_stuck = False
    await bench.until_level()


async def test_our_own_disk_is_not_a_peers_fault(bench: Bench) -> None:
    error = StoreError(Reason.STORE_IO, "no space left")

    def fail(height: int, values: tuple[bytes, ...], bodies: dict[bytes, Envelope]) -> None:
        raise error

    bench.ordering.hold = fail  # type: ignore[method-assign]
    bench.peers.add(KEYS[1], height=20)
    await until(lambda: bench.failures, 5)
    assert bench.failures == [error]
    assert bench.peers.penalties == []
    bench.failures.clear()


async def test_closing_in_the_middle_of_an_answer_leaves_nothing(bench: Bench) -> None:
    never = asyncio.Event()

    async def wait(peer: bytes, request: Any, timeout_s: float | None = None) -> Any:
        bench.peers.asked.append((peer, request))
        await never.wait()

    bench.peers.request = wait  # type: ignore[method-assign]
    bench.peers.add(KEYS[1], height=20)
    await until(lambda: bench.peers.asked, 5)


async def test_closing_ends_a_wait_that_is_over_at_the_same_moment(bench: Bench) -> None:
    closing = asyncio.create_task(bench.sync.close())
    bench.sync.on_behind(5)
    await asyncio.wait_for(closing, 5)


# Answering


@pytest.mark.parametrize(
    ("first", "count", "heights"),
    [
        (1, 4, [1, 2, 3, 4]),
        (18, 4, [18, 19, 20]),
        (0, 3, [1, 2]),
        (20, 1, [20]),
        (21, 4, []),
        (HUGE, 1_024, []),
        (2**64 - 1, 1, []),
        (5, 1_024, list(range(5, 13))),
    ],
)
def test_blocks_are_read_within_limits(first: int, count: int, heights: list[int]) -> None:
    bundles = SOURCE.read(GetBlocks(0, first, count), 8)
    assert [bundle.height for bundle in bundles] == heights


def test_bodies_are_given_where_they_are_asked_for() -> None:
    (bundle,) = SOURCE.read(GetBlocks(0, 8, 1))
    assert bundle.bodies == (transfer(ALICE, 7).raw,)
    assert bundle.certificate
    (bundle,) = SOURCE.read(GetBlocks(0, 8, 1, bodies=False))
    assert bundle.bodies == ()


def test_an_answer_is_bounded_in_bytes_but_never_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUNDLE_BYTES_MAX", 1)
    assert [bundle.height for bundle in SOURCE.read(GetBlocks(0, 3, 10))] == [3]


SOURCE = Source(20)
