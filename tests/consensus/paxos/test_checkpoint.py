"""Checkpoints: certificates for light clients, and a shorter journal that forgets nothing open."""

import pytest

from consensus.effects import Certify, Diverge, Ignore, Rewrite
from consensus.events import Applied
from consensus.paxos.messages import Checkpoint, CheckpointCertificate, Promised
from consensus.paxos.refusals import Refusal
from tests.consensus.paxos.bench import (
    FIRST,
    Bench,
    block_id_of,
    certificate,
    entry,
    make_bench,
    of_type,
    refusals,
    said,
    vote,
)


def at_checkpoint(me: int = 1) -> Bench:
    """A replica that has executed two heights, and votes each second one."""
    bench = make_bench(me, checkpoint_interval=2, window=8)
    bench.decide(1, b"a")
    bench.decide(2, b"b")
    return bench


def test_each_interval_ends_with_a_vote_after_a_shorter_journal() -> None:
    bench = make_bench(1, checkpoint_interval=2)
    assert not of_type(bench.decide(1, b"a"), Rewrite)
    effects = bench.decide(2, b"b")
    kinds = [type(e).__name__ for e in effects]
    assert kinds.index("Rewrite") < kinds.index("Broadcast")
    assert Checkpoint(2, block_id_of(2)) in said(effects)


def test_the_shorter_journal_keeps_what_is_open_and_the_promise() -> None:
    bench = make_bench(1, checkpoint_interval=2, window=8)
    bench.decide(1, b"a")
    for height, value in ((2, b"b"), (3, b"c"), (4, b"d")):
        bench.accept(FIRST, height, value)
    bench.follow(FIRST, chosen=3)
    [rewrite] = of_type(bench.apply(2), Rewrite)
    assert bench.replica.decided == 3
    kept = (Promised(FIRST), entry(FIRST, 3, b"c"), entry(FIRST, 4, b"d"))
    assert rewrite.records == kept


def test_a_majority_of_equal_votes_certifies() -> None:
    bench = at_checkpoint()
    bench.hear(1, vote(1, Checkpoint(2, block_id_of(2))))
    effects = bench.hear(0, vote(0, Checkpoint(2, block_id_of(2))))
    [certify] = of_type(effects, Certify)
    assert certify == Certify(2, certificate(2, block_id_of(2)))
    assert bench.replica.certified == 2


def test_votes_may_come_before_the_height_is_executed() -> None:
    bench = make_bench(1, checkpoint_interval=2)
    for signer in (0, 2):
        assert not of_type(bench.hear(signer, vote(signer, Checkpoint(2, block_id_of(2)))), Certify)
    assert bench.replica.known == 2
    bench.decide(1, b"a")
    assert of_type(bench.decide(2, b"b"), Certify)


def test_a_certificate_may_be_handed_on() -> None:
    bench = at_checkpoint()
    proof = certificate(2, block_id_of(2), (0, 2))
    assert of_type(bench.hear(0, proof), Certify) == [Certify(2, proof)]
    assert refusals(bench.hear(0, proof)) == [Refusal.DUPLICATE]


def test_who_has_derived_another_block_stops() -> None:
    bench = at_checkpoint()
    other = bytes([7]) * 32
    effects = bench.hear(0, certificate(2, other, (0, 2)))
    assert of_type(effects, Diverge) == [Diverge(2, block_id_of(2), other)]
    assert [type(e) for e in bench.follow(FIRST)] == [Ignore]


@pytest.mark.parametrize(
    ("signer", "sender", "height", "refusal"),
    [
        (0, 2, 2, Refusal.NOT_THE_SIGNER),
        (0, 0, 3, Refusal.NOT_A_CHECKPOINT),
        (0, 0, 0, Refusal.BELOW_CERTIFIED),
    ],
)
def test_other_votes_are_refused(signer: int, sender: int, height: int, refusal: Refusal) -> None:
    bench = at_checkpoint()
    signed = vote(signer, Checkpoint(height, block_id_of(2)))
    assert refusals(bench.hear(sender, signed)) == [refusal]


@pytest.mark.parametrize(
    "proof",
    [
        certificate(2, block_id_of(2), (0,)),
        certificate(2, block_id_of(2), (0, 0)),
        certificate(2, block_id_of(2), (0, 9)),
        certificate(3, block_id_of(3), (0, 2)),
        CheckpointCertificate(()),
        CheckpointCertificate(
            (vote(0, Checkpoint(2, bytes(32))), vote(2, Checkpoint(2, block_id_of(2))))
        ),
    ],
)
def test_what_is_no_certificate_is_refused(proof: CheckpointCertificate) -> None:
    assert refusals(at_checkpoint().hear(0, proof)) == [Refusal.BAD_CERTIFICATE]


def test_a_height_is_executed_once() -> None:
    bench = at_checkpoint()
    committee = bench.committee
    assert refusals(bench.feed(Applied(2, block_id_of(2), committee))) == [Refusal.DUPLICATE]
