"""Resending, answering, and taking decided heights from others."""

import pytest

from consensus.effects import Behind, Broadcast, Certify, Check, Decide, Effect, Send, SetTimer
from consensus.events import Offered, Proposed
from consensus.message import NULL_DIGEST, Signed, compute_digest
from consensus.pbft.catch_up import ANSWERED_HEIGHTS, ANSWERS_PER_MEMBER
from consensus.pbft.messages import (
    Ask,
    Checkpoint,
    Commit,
    Decision,
    Prepare,
    PrePrepare,
    Tell,
)
from consensus.pbft.refusals import Refusal
from tests.consensus.pbft.bench import (
    block_id_of,
    certificate,
    make_bench,
    new_view,
    of_type,
    pre_prepare,
    prepared,
    refusals,
    said,
    seal,
    standing,
    view_change,
    vote,
)

VALUE = b"value"
DIGEST = compute_digest(VALUE)


def test_an_undecided_backup_repeats_its_votes_and_says_where_it_stands() -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.loop_back(bench.check(VALUE))
    bench.loop_back(bench.votes(vote(2, Prepare(0, 1, DIGEST))))
    effects = bench.elapse("resend")
    assert said(effects) == [
        Prepare(0, 1, DIGEST),
        Commit(0, 1, DIGEST),
        standing(asks=True),
    ]
    assert all(m.message.signature for m in of_type(effects, Broadcast)[:2])


def test_the_primary_sends_its_value_again_to_those_who_lack_it() -> None:
    bench = make_bench(me=0)
    bench.loop_back(bench.feed(Proposed(1, VALUE)))
    bench.votes(vote(2, Prepare(0, 1, DIGEST)))
    sends = of_type(bench.elapse("resend"), Send)
    assert [send.to for send in sends] == [1, 3]
    assert all(isinstance(send.message, PrePrepare) for send in sends)


def test_pauses_double_are_capped_and_start_anew_with_progress() -> None:
    bench = make_bench(me=1, resend_ms=100)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    pauses = [of_type(bench.elapse("resend"), SetTimer)[-1].after_ms for _ in range(5)]
    assert pauses == [200, 400, 800, 800, 800]
    bench.decide(1, VALUE)
    effects = bench.hear(0, pre_prepare(0, 0, 2, b"next"))
    assert SetTimer(("resend",), 100) in effects


def test_own_checkpoints_are_repeated_until_stable() -> None:
    bench = make_bench(me=1, checkpoint_interval=1, window=2, pipeline=1)
    bench.decide(1, VALUE)
    assert Checkpoint(1, block_id_of(1)) in said(bench.elapse("resend"))
    bench.votes(*[vote(r, Checkpoint(1, block_id_of(1))) for r in (0, 2, 3)])
    assert not bench.replica.clock.resend


def test_who_is_in_an_earlier_view_gets_the_stored_new_view() -> None:
    bench = make_bench(me=2)
    signed = new_view(1, *[view_change(r, 1) for r in (0, 1, 3)])
    bench.hear(1, signed)
    effects = bench.hear(3, standing(asks=True))
    assert Send(3, signed) in effects
    effects = bench.hear(0, standing(1, active=False, asks=True))
    assert Send(0, signed) in effects
    effects = bench.hear(1, standing(1, asks=True))
    assert Send(1, signed) not in effects


def test_who_missed_decided_heights_gets_values_and_seals() -> None:
    bench = make_bench(me=1)
    for height in range(1, 7):
        bench.decide(height, b"value %d" % height)
    sends = of_type(bench.hear(3, standing(0, 1, asks=True)), Send)
    heights = [s.message.height for s in sends if isinstance(s.message, Decision)]
    assert heights == [2, 3, 4, 5]
    assert len(heights) == ANSWERED_HEIGHTS


def test_who_missed_the_checkpoint_gets_its_certificate() -> None:
    bench = make_bench(me=1)
    found = certificate(8, block_id_of(8))
    bench.hear(2, found)
    assert Send(3, found) in bench.hear(3, standing(0, 0, asks=True))


def test_the_same_question_is_answered_once_in_a_pause() -> None:
    bench = make_bench(me=1)
    question = standing(asks=True)
    effects = bench.hear(3, question)
    assert SetTimer(("answers",), 200) in effects
    assert refusals(bench.hear(3, question)) == [Refusal.ANSWERED]
    assert of_type(bench.hear(2, question), Send)
    bench.elapse("answers")
    assert of_type(bench.hear(3, question), Send)


def test_answers_in_one_pause_are_bounded() -> None:
    bench = make_bench(me=1)
    for height in range(ANSWERS_PER_MEMBER + 50):
        bench.hear(3, standing(0, height, asks=True))
    assert len(bench.replica.answered[3]) == ANSWERS_PER_MEMBER
    assert of_type(bench.hear(2, standing(asks=True)), Send)


def test_a_standing_that_does_not_ask_is_not_answered() -> None:
    bench = make_bench(me=1)
    assert not of_type(bench.hear(3, standing(0, 0, asks=False)), Send)


def test_a_decision_is_fetched_and_taken() -> None:
    bench = make_bench(me=1)
    effects = bench.hear(3, Decision(1, (VALUE,), seal(1, VALUE)))
    assert of_type(effects, Check) == [Check(1, DIGEST, VALUE, forced=True)]
    assert of_type(bench.check(VALUE), Decide) == [Decide(1, (VALUE,), seal(1, VALUE))]


def test_a_decided_null_needs_no_value() -> None:
    bench = make_bench(me=1)
    effects = bench.hear(3, Decision(1, (), seal(1, b"")))
    assert of_type(effects, Decide) == [Decide(1, (), seal(1, b""))]


@pytest.mark.parametrize(
    ("decision", "refusal"),
    [
        (Decision(1, (VALUE,), seal(1, VALUE, signers=(0, 1))), Refusal.BAD_SEAL),
        (Decision(1, (b"forged",), seal(1, VALUE)), Refusal.BAD_SEAL),
        (Decision(0, (VALUE,), seal(0, VALUE)), Refusal.DECIDED),
        (Decision(99, (VALUE,), seal(99, VALUE)), Refusal.BEYOND_WINDOW),
    ],
)
def test_forged_and_useless_decisions_are_refused(decision: Decision, refusal: Refusal) -> None:
    bench = make_bench(me=1)
    assert refusals(bench.hear(3, decision)) == [refusal]
    assert not bench.replica.slots


def test_offered_heights_are_decided_at_once() -> None:
    bench = make_bench(me=1)
    effects = bench.feed(Offered(1, (VALUE,), seal(1, VALUE)))
    assert of_type(effects, Decide) == [Decide(1, (VALUE,), seal(1, VALUE))]
    assert not of_type(effects, Check)


def test_offers_far_beyond_the_window_are_taken_in_order() -> None:
    bench = make_bench(me=1)
    bench.hear(2, certificate(80, block_id_of(80)))
    effects: list[Effect] = []
    for height in range(1, 81):
        value = b"value %d" % height
        effects = bench.feed(Offered(height, (value,), seal(height, value)))
        assert of_type(effects, Decide)
        effects = bench.apply(height)
    assert of_type(effects, Certify) == [Certify(80, certificate(80, block_id_of(80)))]


@pytest.mark.parametrize(
    ("event", "refusal"),
    [
        (Offered(2, (VALUE,), seal(2, VALUE)), Refusal.UNWANTED),
        (Offered(0, (VALUE,), seal(0, VALUE)), Refusal.DECIDED),
        (Offered(1, (VALUE,), seal(1, VALUE, signers=(1, 2))), Refusal.BAD_SEAL),
        (Offered(1, (VALUE,), None), Refusal.BAD_SEAL),
        (Offered(1, (), seal(1, VALUE)), Refusal.BAD_SEAL),
    ],
)
def test_other_offers_are_refused(event: Offered, refusal: Refusal) -> None:
    bench = make_bench(me=1)
    assert refusals(bench.feed(event)) == [refusal]


def test_an_offered_certificate_is_taken_with_its_height() -> None:
    bench = make_bench(me=1, checkpoint_interval=1, window=2, pipeline=1)
    found = certificate(1, block_id_of(1))
    bench.feed(Offered(1, (VALUE,), seal(1, VALUE), found))
    assert of_type(bench.apply(1), Certify) == [Certify(1, found)]


def test_a_forged_offered_certificate_does_no_harm() -> None:
    bench = make_bench(me=1, checkpoint_interval=1, window=2, pipeline=1)
    forged = certificate(1, block_id_of(1), (0, 1))
    effects = bench.feed(Offered(1, (VALUE,), seal(1, VALUE), forged))
    assert refusals(effects) == [Refusal.BAD_CERTIFICATE]
    assert of_type(effects, Decide)


def test_a_value_is_told_from_a_slot_and_from_history() -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    assert of_type(bench.hear(3, Ask(1, DIGEST)), Send) == [Send(3, Tell(1, VALUE))]
    bench.decide(1, VALUE)
    bench.hear(2, certificate(8, block_id_of(8)))
    assert 1 not in bench.replica.slots
    bench.elapse("answers")
    assert of_type(bench.hear(3, Ask(1, DIGEST)), Send) == [Send(3, Tell(1, VALUE))]
    assert refusals(bench.hear(3, Ask(1, NULL_DIGEST))) == [Refusal.UNWANTED]
    assert refusals(bench.hear(3, Ask(1, DIGEST))) == [Refusal.ANSWERED]


def test_nobody_is_behind_on_one_members_word() -> None:
    bench = make_bench(me=1)
    assert not of_type(bench.hear(3, standing(0, 500, asks=False)), Behind)
    assert not bench.replica.is_behind
    assert of_type(bench.hear(2, standing(0, 50, asks=False)), Behind) == [Behind(50)]


def test_who_lags_a_little_fetches_after_a_pause_and_suspects_nobody() -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.hear(2, standing(0, 1, asks=False))
    assert bench.timers == {"progress", "resend"}
    bench.hear(3, standing(0, 1, asks=False))
    assert bench.timers == {"resend"}
    assert Behind(1) in bench.elapse("resend")


def test_a_follower_decides_by_seals_and_never_speaks() -> None:
    bench = make_bench(me=None)
    effects = bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    effects += bench.votes(*[vote(r, Commit(0, 1, DIGEST)) for r in (0, 1, 2)])
    effects += bench.check(VALUE) + bench.apply(1)
    assert [d.height for d in of_type(effects, Decide)] == [1]
    effects += bench.feed(Offered(2, (b"second",), seal(2, b"second")))
    effects += bench.hear(3, certificate(8, block_id_of(8)))
    effects += bench.hear(3, standing(0, 0, asks=True))
    effects += bench.votes(*[view_change(r, 1) for r in range(4)])
    effects += bench.hear(1, new_view(1, *[view_change(r, 1) for r in (0, 1, 3)]))
    effects += bench.hear(3, Ask(1, DIGEST))
    assert not said(effects)
    assert not of_type(effects, SetTimer)


def test_a_follower_keeps_values_whatever_their_view() -> None:
    bench = make_bench(me=None)
    bench.hear(3, pre_prepare(3, 7, 1, VALUE))
    effects = bench.votes(*[vote(r, Commit(7, 1, DIGEST)) for r in (0, 1, 2)])
    assert of_type(effects, Check) == [Check(1, DIGEST, VALUE, forced=True)]


def test_heard_values_are_bounded() -> None:
    bench = make_bench(me=None)
    for number in range(20):
        bench.hear(number % 4, pre_prepare(number % 4, number, 1, b"value %d" % number))
    assert len(bench.replica.slots[1].values) <= 3


def test_a_lone_suspect_repeats_its_view_change() -> None:
    bench = make_bench(me=2)
    bench.votes(view_change(0, 3), view_change(1, 3))
    effects = bench.elapse("resend")
    assert [type(b).__name__ for b in said(effects)] == ["ViewChange", "Standing"]
    assert isinstance(of_type(effects, Broadcast)[0].message, Signed)


def test_an_unanswered_ask_is_repeated() -> None:
    bench = make_bench(me=2)
    cert = prepared(0, 1, DIGEST)
    bench.hear(1, new_view(1, *[view_change(r, 1, certificates=(cert,)) for r in (0, 1, 3)]))
    assert Ask(1, DIGEST) in said(bench.elapse("resend"))
