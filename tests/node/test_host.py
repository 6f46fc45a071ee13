"""The host: messages become signed frames, and only what a member really said comes in."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consensus import catalog
from consensus.block import Header as TreeHeader
from consensus.block import TreeBlock
from consensus.effects import (
    Accuse,
    Adopt,
    Behind,
    Broadcast,
    Certify,
    Check,
    Decide,
    Diverge,
    Ignore,
    Mine,
    Readable,
    Send,
    Toss,
)
from consensus.effects import Request as Wanted
from consensus.errors import ContractError
from consensus.events import Event, Received
from consensus.message import Signed, compute_vote_context
from consensus.pbft.messages import (
    MESSAGES,
    Ask,
    Checkpoint,
    CheckpointCertificate,
    Commit,
    CommitSeal,
    Prepare,
    Tell,
)
from node.host import DivergenceError, EngineHost
from node.stages import Stages
from node.votes import Votes
from node.wire import CONSENSUS_BYTES_MAX, Consensus, Frame, encode_frame
from tests.ledger.support import GENESIS, VALIDATORS, World
from tests.node.parts import FakePeers, make_core

KEYS = [key.public_key for key in VALIDATORS]
CONTEXT = compute_vote_context(GENESIS.chain_id, "pbft")
DIGEST = bytes(32)


def votes_of(replica: int) -> Votes:
    return Votes(CONTEXT, dict(enumerate(KEYS)), VALIDATORS[replica], Stages())


def prepare(replica: int) -> Any:
    return votes_of(replica).sign(Signed(replica, Prepare(0, 1, DIGEST)))


@dataclass
class Recorder:
    """Driver, ordering and catch-up in one: remembers what it was told."""

    posted: list[Event] = field(default_factory=list)
    delivered: list[Event] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)

    def post(self, event: Event) -> None:
        self.posted.append(event)

    async def deliver(self, event: Event) -> None:
        self.delivered.append(event)

    def request(self, effect: Wanted) -> None:
        self.told.append(effect)

    def check(self, effect: Check) -> None:
        self.told.append(effect)

    def decide(self, height: int, values: tuple[bytes, ...], seal: bytes) -> None:
        self.told.append((height, values, seal))

    def on_behind(self, height: int) -> None:
        self.told.append(height)


class Bench:
    def __init__(self, home: Path, me: int | None = 0) -> None:
        self.core = make_core(home, me)
        self.failures: list[BaseException] = []
        self.peers = FakePeers()
        self.peers.add(*KEYS[1:])
        self.rest: Any = Recorder()
        self.host = EngineHost(self.core, votes_of(me or 0), self.failures.append)
        self.host.connect(self.rest, self.rest, self.peers, self.rest)  # type: ignore[arg-type]

    async def hear(self, peer: bytes, message: Any) -> None:
        data = message if isinstance(message, bytes) else MESSAGES.encode(message)
        await self.host.on_consensus(peer, Consensus(data))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# In


async def test_a_members_message_is_delivered_under_its_id(bench: Bench) -> None:
    await bench.hear(KEYS[2], prepare(2))
    ask = Ask(1, DIGEST)
    await bench.hear(KEYS[3], ask)
    assert bench.rest.delivered == [Received(2, prepare(2)), Received(3, ask)]
    assert bench.peers.penalties == []


async def test_one_member_may_hand_on_anothers_vote(bench: Bench) -> None:
    await bench.hear(KEYS[3], prepare(2))
    assert bench.rest.delivered == [Received(3, prepare(2))]


@pytest.mark.parametrize(
    ("peer", "message", "reason"),
    [
        (b"\x09" * 32, prepare(2), "consensus-not-a-validator"),
        (KEYS[1], b"", "consensus-malformed"),
        (KEYS[1], b"\xc1garbage", "consensus-malformed"),
        (KEYS[1], b"\x90" * 50_000, "consensus-malformed"),
        (KEYS[1], MESSAGES.encode(prepare(1)) + b"\x00", "consensus-malformed"),
        (KEYS[1], msgspec.msgpack.encode(["pbft-prepare", 0, 1, DIGEST]), "consensus-malformed"),
        (KEYS[1], Signed(1, Prepare(0, 1, DIGEST)), "consensus-bad-signature"),
        (KEYS[1], msgspec.structs.replace(prepare(1), signer=2), "consensus-bad-signature"),
        (KEYS[1], msgspec.structs.replace(prepare(1), signer=77), "consensus-bad-signature"),
        (
            KEYS[1],
            CheckpointCertificate((Signed(1, Checkpoint(8, DIGEST), bytes(64)),)),
            "consensus-bad-signature",
        ),
    ],
)
async def test_what_no_correct_member_says_is_penalised_and_goes_no_further(
    bench: Bench, peer: bytes, message: Any, reason: str
) -> None:
    await bench.hear(peer, message)
    assert bench.peers.penalties == [(peer, reason)]
    assert bench.rest.delivered == []


# Out


def test_a_broadcast_goes_to_the_other_members_and_loops_back_signed(bench: Bench) -> None:
    bench.host.broadcast(Broadcast(Signed(0, Prepare(0, 1, DIGEST))))
    ((frame, only),) = bench.peers.broadcasts
    assert only == tuple(KEYS[1:])
    assert isinstance(frame, Consensus)
    assert MESSAGES.decode(frame.data) == prepare(0)
    assert bench.rest.posted == [Received(0, prepare(0))]


def test_a_message_to_one_goes_to_one(bench: Bench) -> None:
    bench.host.send(Send(2, Ask(1, DIGEST)))
    frame = Consensus(MESSAGES.encode(Ask(1, DIGEST)))
    assert bench.peers.broadcasts == [(frame, (KEYS[2],))]
    bench.host.send(Send(0, Ask(1, DIGEST)))
    assert bench.rest.posted == [Received(0, Ask(1, DIGEST))]
    bench.host.send(Send(9, Ask(1, DIGEST)))
    assert len(bench.peers.broadcasts) == 1


def test_what_is_too_large_for_a_frame_is_lost_and_breaks_nothing(bench: Bench) -> None:
    def broadcast(frame: Frame, only: object = None) -> int:
        return len(encode_frame(frame))

    bench.peers.broadcast = broadcast  # type: ignore[method-assign]
    bench.host.broadcast(Broadcast(Tell(1, bytes(CONSENSUS_BYTES_MAX))))
    bench.host.send(Send(2, Tell(1, bytes(CONSENSUS_BYTES_MAX))))
    assert len(bench.rest.posted) == 1
    assert bench.failures == []


def test_a_decision_goes_to_ordering_with_an_encoded_seal(bench: Bench) -> None:
    seal = CommitSeal((votes_of(1).sign(Signed(1, Commit(0, 1, DIGEST))),))
    bench.host.decide(Decide(1, (b"value",), seal))
    assert bench.rest.told == [(1, (b"value",), bench.core.spec.seals.encode(seal))]


def test_requests_checks_and_catching_up_are_handed_on(bench: Bench) -> None:
    effects = [Wanted(3, ()), Check(3, DIGEST, b"value", False)]
    bench.host.request(effects[0])  # type: ignore[arg-type]
    bench.host.check(effects[1])  # type: ignore[arg-type]
    bench.host.catch_up(Behind(9))
    assert bench.rest.told == [*effects, 9]


def test_a_certificate_is_kept_by_the_chain(bench: Bench) -> None:
    world = World()
    world.order()
    bench.core.decisions.execute(1, (world.value(),), b"seal", world.bodies.get)
    certificate = CheckpointCertificate((Signed(1, Checkpoint(1, DIGEST), bytes(64)),))
    bench.host.certify(Certify(1, certificate))
    assert bench.core.chain.certified_height == 1
    kept = bench.core.chain.block(1).certificate
    assert kept == bench.core.spec.certificates.encode(certificate)


def test_evidence_raises_an_alarm_and_nothing_else(bench: Bench) -> None:
    bench.host.accuse(Accuse(2, (prepare(2),)))
    assert bench.host.alarms == ["replica 2 signed two votes that clash"]
    assert bench.core.metrics.registry.get_sample_value("quorate_evidence_total") == 1
    assert bench.failures == []


def test_refusals_are_counted_by_name(bench: Bench) -> None:
    bench.host.ignore(Ignore(prepare(2), "stale-view"))
    registry = bench.core.metrics.registry
    labels = {"refusal": "stale-view"}
    assert registry.get_sample_value("quorate_engine_ignored_total", labels) == 1


def test_a_ledger_that_is_not_the_certified_one_ends_the_node(bench: Bench) -> None:
    bench.host.diverge(Diverge(8, b"\x01" * 32, b"\x02" * 32))
    (error,) = bench.failures
    assert isinstance(error, DivergenceError)
    assert error.reason == "diverged"
    assert bench.core.metrics.registry.get_sample_value("quorate_divergence") == 1


# Trees of blocks


class Tree:
    def __init__(self) -> None:
        self.done: list[Any] = []

    def perform(self, effect: Any) -> None:
        self.done.append(effect)


BLOCK = TreeBlock(TreeHeader(1, DIGEST, 5, DIGEST, b"claim"), b"value")


def plant(home: Path) -> tuple[Bench, Tree]:
    bench, tree = Bench(home), Tree()
    bench.host._spec = catalog.get("pow")
    bench.host.connect(bench.rest, None, bench.peers, None, tree)  # type: ignore[arg-type]
    return bench, tree


def test_what_a_tree_asks_is_served_by_its_side(tmp_path: Path) -> None:
    bench, tree = plant(tmp_path)
    bench.host.grow(Adopt(DIGEST))
    assert tree.done == [Adopt(DIGEST)]


def test_what_nothing_serves_is_an_error_of_ours(tmp_path: Path, bench: Bench) -> None:
    with pytest.raises(ContractError):
        bench.host.grow(Mine(None))
    other, _ = plant(tmp_path / "other")
    with pytest.raises(ContractError):
        other.host.request(Wanted(1, ()))
    with pytest.raises(ContractError):
        other.host.catch_up(Behind(3))
    with pytest.raises(ContractError):
        bench.host.answer_read(Readable(1, 3))
    with pytest.raises(ContractError):
        bench.host.toss(Toss((1,), common=True))


def test_who_tosses(bench: Bench) -> None:
    asked: list[tuple[int, ...]] = []
    bench.host.on_toss = asked.append
    bench.host.toss(Toss((1,), common=True))
    assert asked == [(1,)]
    assert bench.rest.posted == []
    bench.host.toss(Toss((2,), common=False))
    (answer,) = bench.rest.posted
    assert answer.tag == (2,)
    assert answer.face in {0, 1}


def test_a_block_is_shared_as_the_message_it_is(tmp_path: Path) -> None:
    bench, _ = plant(tmp_path)
    bench.host.share(BLOCK, None)
    bench.host.share(BLOCK, 2)
    bench.host.share(BLOCK, 0)
    (everybody, one) = bench.peers.broadcasts
    data = catalog.get("pow").messages.encode(BLOCK)
    assert everybody == (Consensus(data), tuple(KEYS[1:]))
    assert one == (Consensus(data), (KEYS[2],))
