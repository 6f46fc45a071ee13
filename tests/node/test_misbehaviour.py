"""A validator's own identity in bad hands: refused, counted, scored; the others go on."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from consensus.committee import ReplicaId
from consensus.message import NULL_DIGEST, Message, Signed, compute_digest, compute_vote_context
from consensus.pbft.messages import (
    MESSAGES,
    Ask,
    Checkpoint,
    CheckpointCertificate,
    Commit,
    CommitSeal,
    Decision,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Proposal,
    Tell,
    ViewChange,
)
from ledger.block import encode_payload
from ledger.keys import KeyPair
from ledger.transaction import Envelope
from node.peers.errors import PeerDeclined
from node.stages import Stages
from node.sync import read_blocks
from node.votes import Votes
from node.wire import (
    Announce,
    Answer,
    Blocks,
    Bodies,
    Consensus,
    GetBlocks,
    GetBodies,
    Lane,
    Request,
    Transactions,
)
from tests.node.conftest import MakeCluster
from tests.node.parts import forge, held_heights
from tests.node.support import Cluster, Impostor, penalties, until

HUGE = 2**63
LAST = 2**64 - 1


def sign(cluster: Cluster, replica: ReplicaId, message: Message, chain: bytes = b"") -> Any:
    """The message with the signatures that this replica's key can give."""
    context = compute_vote_context(chain or cluster.genesis.chain_id, "pbft")
    key = KeyPair(cluster.identity(replica).seed)
    return Votes(context, {}, key, Stages()).sign(message)


def say(impostor: Impostor, message: Any) -> None:
    impostor.say(Consensus(MESSAGES.encode(message)))


async def start_beside(cluster: Cluster, index: int, **fields: Any) -> Impostor:
    """All validators but one, which somebody else plays."""
    await cluster.start(*(other for other in range(4) if other != index))
    await cluster.until_linked()
    impostor = await cluster.impersonate(index, **fields)
    await impostor.until_linked(3)
    await until(lambda: all(len(node.peers.connected()) == 3 for node in cluster.running))
    return impostor


async def assert_goes_on(cluster: Cluster, index: int = 1) -> list[Envelope]:
    """The others still finalise, agree, and nobody has failed."""
    payments = cluster.pay(3)
    await cluster.submit(index, payments)
    await cluster.until_final(payments)
    cluster.assert_agreement()
    for node in cluster.running:
        assert node._failure is not None
        assert not node._failure.done()
    return payments


async def until_penalised(cluster: Cluster, reason: str) -> None:
    await until(lambda: all(penalties(node).get(reason) for node in cluster.running))


async def test_garbage_and_forged_votes_are_penalised_until_the_peer_is_shut_out(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    impostor = await start_beside(cluster, 3)
    impostor.say(Consensus(b"\xc1 not a message"))
    await until_penalised(cluster, "consensus-malformed")
    say(impostor, Signed(3, Prepare(0, 1, NULL_DIGEST), bytes(64)))
    say(impostor, sign(cluster, 3, Signed(3, Prepare(0, 1, NULL_DIGEST)), chain=bytes(32)))
    await until_penalised(cluster, "consensus-bad-signature")
    await until(lambda: not impostor.peers.connected())
    await assert_goes_on(cluster)


def make_odd_messages(cluster: Cluster, me: ReplicaId) -> list[Any]:
    """Well-formed, signed where they must be, and nonsense."""
    digest = bytes(32)

    def vote(body: Any, signer: ReplicaId = me) -> Any:
        return Signed(signer, body)

    commit = vote(Commit(LAST, LAST, digest))
    proposal = vote(Proposal(LAST, LAST, digest))
    prepare = vote(Prepare(LAST, LAST, digest))
    change = vote(ViewChange(LAST, 0, (), ()))
    prepared = PreparedCertificate(vote(Proposal(0, 1, digest)), ())
    messages = [
        prepare,
        commit,
        vote(Prepare(0, 0, digest)),
        vote(Commit(0, 0, NULL_DIGEST)),
        vote(Checkpoint(0, digest)),
        vote(Checkpoint(LAST, digest)),
        vote(Checkpoint(4, digest)),
        change,
        vote(ViewChange(1, LAST, (), ())),
        vote(ViewChange(1, 0, (vote(Checkpoint(0, digest)),), ())),
        vote(ViewChange(1, 4, (vote(Checkpoint(4, digest)),), (prepared, prepared))),
        vote(ViewChange(HUGE, 0, (), (PreparedCertificate(proposal, (prepare,) * 3),))),
        vote(NewView(0, (), ())),
        vote(NewView(3, (), ())),
        vote(NewView(3, (change, change, change), (proposal,))),
        vote(NewView(LAST, (change,), ())),
        PrePrepare(proposal, b""),
        PrePrepare(vote(Proposal(0, 1, digest)), b"another value"),
        PrePrepare(vote(Proposal(3, 1, NULL_DIGEST)), b""),
        PrePrepare(vote(Proposal(3, HUGE, compute_digest(b"x"))), b"x"),
        Decision(1, (), CommitSeal(())),
        Decision(LAST, (b"",) * 5, CommitSeal((commit, commit, commit))),
        Decision(1, (), CommitSeal((vote(Commit(0, 1, NULL_DIGEST)),) * 3)),
        CheckpointCertificate(()),
        CheckpointCertificate((vote(Checkpoint(4, digest)),) * 3),
        Ask(LAST, digest),
        Ask(0, digest),
        Tell(1, b""),
        Tell(LAST, b"unasked"),
    ]
    return [sign(cluster, me, message) for message in messages]


async def test_odd_messages_under_good_signatures_change_nothing(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    impostor = await start_beside(cluster, 3)
    for message in make_odd_messages(cluster, 3):
        say(impostor, message)
    await assert_goes_on(cluster)
    for message in make_odd_messages(cluster, 3):
        say(impostor, message)
    await assert_goes_on(cluster)
    assert len(impostor.peers.connected()) == 3, "odd is not proof of malice"


async def test_a_follower_has_no_voice(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    impostor = await cluster.impersonate(cluster.add_follower())
    await impostor.until_linked(4)
    vote = sign(cluster, 4, Signed(4, Prepare(0, 1, bytes(32))))
    say(impostor, vote)
    await until_penalised(cluster, "consensus-not-a-validator")
    await assert_goes_on(cluster)


async def test_transactions_that_nobody_signed_are_penalised(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    impostor = await start_beside(cluster, 3)
    good, bad = cluster.pay(1)[0], forge(cluster.build(1))
    impostor.say(Transactions((good.raw, bad.raw)), Transactions((b"garbage",)))
    await until_penalised(cluster, "tx-bad-signature")
    await until_penalised(cluster, "tx-malformed")
    await cluster.until_final([good])
    assert all(bad.id not in node.core.mempool for node in cluster.running)


async def test_a_forgery_under_a_good_ones_id_does_not_keep_it_out(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    impostor = await start_beside(cluster, 3)
    payments = cluster.pay(20)
    impostor.say(Transactions(tuple(forge(payment).raw for payment in payments)))
    await cluster.submit(1, payments)
    await cluster.until_final(payments)
    for node in cluster.running:
        located = [node.core.chain.transaction(payment.id) for payment in payments]
        assert [found.raw for found in located if found] == [p.raw for p in payments]


def propose(cluster: Cluster, ids: list[bytes], *, ms: int | None = None) -> Any:
    """What the primary of view 0 says to order these at height 1."""
    at_ms = time.time_ns() // 1_000_000 if ms is None else ms
    return propose_bytes(cluster, encode_payload(at_ms, cluster.identity(0).public_key, ids))


def propose_bytes(cluster: Cluster, value: bytes) -> Any:
    """The same for any bytes at all."""
    signed = sign(cluster, 0, Signed(0, Proposal(0, 1, compute_digest(value))))
    return PrePrepare(signed, value)


@pytest.mark.parametrize(
    "make_message",
    [
        lambda cluster: propose(cluster, [bytes([n]) * 32 for n in range(200)]),
        lambda cluster: propose(cluster, [], ms=LAST),
        lambda cluster: propose(cluster, [n.to_bytes(32, "big") for n in range(4_001)]),
        lambda cluster: propose(cluster, [bytes(32)] * 2),
        lambda cluster: propose_bytes(cluster, b"\xff"),
    ],
    ids=["ids-nobody-has", "time-ahead", "too-many", "twice", "garbage"],
)
async def test_a_primary_that_proposes_what_cannot_be_accepted_is_replaced(
    make_cluster: MakeCluster, make_message: Callable[[Cluster], Any]
) -> None:
    cluster = make_cluster()
    impostor = await start_beside(cluster, 0)
    say(impostor, make_message(cluster))
    await assert_goes_on(cluster)
    for node in cluster.running:
        assert node.service.engine_view().view >= 1
        height = node.core.chain.height
        assert all(held > height for held in held_heights(node))
    assert impostor.peers.connected()


async def test_a_primary_that_gives_other_bodies_than_it_proposed_is_penalised_and_replaced(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    other = cluster.build(77)

    def answer(peer: bytes, request: Request) -> Answer:
        return Bodies(0, (other.raw,)) if isinstance(request, GetBodies) else Blocks(0, ())

    impostor = await start_beside(cluster, 0, answer=answer)
    say(impostor, propose(cluster, [cluster.build(3).id]))
    await until_penalised(cluster, "bodies-bad")
    await assert_goes_on(cluster)
    assert all(other.id not in node.core.mempool for node in cluster.running)


async def test_two_proposals_for_one_height_raise_an_alarm_and_harm_nobody(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    impostor = await start_beside(cluster, 0)
    say(impostor, propose(cluster, [], ms=1))
    say(impostor, propose(cluster, [], ms=2))
    await until(lambda: all(node.host.alarms for node in cluster.running))
    await assert_goes_on(cluster)
    assert cluster.nodes[1].service.status().alarms == ("replica 0 signed two votes that clash",)


async def test_silly_ranges_are_answered_with_little_or_nothing(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    payments = await assert_goes_on(cluster)
    impostor = await cluster.impersonate(cluster.add_follower())
    await impostor.until_linked(4)
    peer = cluster.nodes[0].core.identity.public_key

    async def heights(first: int, count: int) -> list[int]:
        answer = await impostor.peers.request(peer, GetBlocks(0, first, count))
        return [block.height for block in answer.blocks]

    chain = cluster.nodes[0].core.chain
    await until(lambda: chain.height == chain.certified_height)  # at rest
    height = chain.height
    assert await heights(0, 1) == []
    assert await heights(0, 1_024) == list(range(1, min(height, 64) + 1))
    assert await heights(LAST, 1_024) == []
    assert await heights(height + 1, 1) == []

    async def bodies(ids: bytes) -> tuple[bytes, ...]:
        return (await impostor.peers.request(peer, GetBodies(0, ids))).raws

    assert await bodies(b"") == ()
    assert await bodies(b"short") == ()
    assert await bodies(bytes(32) * 8_192) == ()
    included = payments[0]
    assert await bodies(included.id + b"rest") == (included.raw,)
    assert len(await bodies(included.id * 8_192)) == 1_000
    impostor.say(Announce(b""), Announce(b"odd"), Announce(bytes(32) * 8_192))
    await assert_goes_on(cluster)
    assert len(impostor.peers.connected()) == 4


async def test_lists_beyond_the_limit_are_no_frames(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start(0, 1, 2)
    await cluster.until_linked()
    impostor = await cluster.impersonate(3)
    await impostor.until_linked(3)
    oversize = b"\x92\x04\xc6" + (32 * 8_193).to_bytes(4, "big") + bytes(32 * 8_193)
    for link in list(impostor.peers._table):
        assert link.send(Lane.TRANSACTIONS, oversize)
    await until(
        lambda: all(
            any(reason in penalties(node) for reason in ("frame-oversize", "frame-malformed"))
            for node in cluster.running
        )
    )
    await assert_goes_on(cluster)


async def test_many_questions_at_once_are_declined_and_votes_still_pass(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    impostor = await start_beside(cluster, 3)
    await assert_goes_on(cluster)
    peer = cluster.nodes[1].core.identity.public_key
    link = impostor.peers._table.get(peer)
    assert link is not None
    link.asking = asyncio.Semaphore(50)
    asked = [impostor.peers.request(peer, GetBlocks(0, 1, 64)) for _ in range(12)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(answer) for answer in answers} == {Blocks, PeerDeclined}
    assert penalties(cluster.nodes[1])["requests-too-many"] == 8
    await assert_goes_on(cluster)


@pytest.mark.parametrize("lie", ["nothing", "garbage", "silence"])
async def test_a_liar_that_claims_a_huge_height_keeps_nobody_from_catching_up(
    make_cluster: MakeCluster, lie: str
) -> None:
    cluster = make_cluster(sync__request_timeout_ms=500)
    await cluster.start(0, 1, 2)
    await cluster.until_linked()
    payments: list[Envelope] = []
    while cluster.nodes[0].core.chain.height < 20:
        payments += await assert_goes_on(cluster)

    def answer(peer: bytes, request: Request) -> Answer | None:
        if not isinstance(request, GetBlocks):
            return Bodies(0, ())
        if lie == "silence":
            return None
        blocks = read_blocks(cluster.nodes[0].core.chain, request, 4) if lie == "garbage" else ()
        return Blocks(0, tuple(replace(block, seal=blocks[-1].seal) for block in blocks))

    impostor = await cluster.impersonate(cluster.add_follower(), height=HUGE, answer=answer)
    await impostor.until_linked(3)
    await cluster.start(3)
    await cluster.until_final(payments)
    await cluster.until_ready()
    await assert_goes_on(cluster, index=3)
