"""Castro and Liskov 1999, 4.2: proposal, prepare, commit, decide."""

import pytest

from consensus.effects import Accuse, Broadcast, Check, Decide, Persist, Request, SetTimer
from consensus.events import Pending, Proposed, Started, Verdict
from consensus.message import NULL_DIGEST, NULL_VALUE, Signed, compute_digest
from consensus.pbft.messages import Accepted, Ask, Checkpoint, Commit, Prepare, PrePrepare, Proposal
from consensus.pbft.refusals import Refusal
from tests.consensus.pbft.bench import (
    GENESIS_ID,
    block_id_of,
    make_bench,
    of_type,
    pre_prepare,
    refusals,
    said,
    seal,
    vote,
)

VALUE = b"value"
DIGEST = compute_digest(VALUE)
PREPARE = Prepare(0, 1, DIGEST)
COMMIT = Commit(0, 1, DIGEST)


def test_a_backup_has_the_value_checked_before_it_votes() -> None:
    bench = make_bench(me=1)
    effects = bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    assert of_type(effects, Check) == [Check(1, DIGEST, VALUE)]
    assert not said(effects)


def test_a_backup_writes_down_the_proposal_and_then_prepares() -> None:
    bench = make_bench(me=1)
    message = pre_prepare(0, 0, 1, VALUE)
    bench.hear(0, message)
    assert bench.check(VALUE) == [
        Persist(Accepted(message.proposal, VALUE)),
        Broadcast(Signed(1, PREPARE)),
    ]


@pytest.mark.parametrize("verdict", [Verdict.INVALID, Verdict.LATER])
def test_a_backup_does_not_vote_for_what_is_not_valid(verdict: Verdict) -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    assert not bench.check(VALUE, verdict)


def test_later_may_be_followed_by_valid() -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.check(VALUE, Verdict.LATER)
    assert said(bench.check(VALUE)) == [PREPARE]


def test_prepared_takes_the_proposal_and_two_prepares_of_four() -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    assert said(bench.loop_back(bench.check(VALUE))) == [PREPARE]
    effects = bench.votes(vote(2, PREPARE))
    [record] = of_type(effects, Persist)
    assert [p.signer for p in record.record.prepares] == [1, 2]
    assert said(effects) == [COMMIT]
    assert effects.index(record) < effects.index(of_type(effects, Broadcast)[0])


def test_a_quorum_of_commits_decides_with_a_seal() -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.loop_back(bench.check(VALUE))
    bench.loop_back(bench.votes(vote(2, PREPARE)))
    assert not of_type(bench.votes(vote(0, COMMIT)), Decide)
    assert of_type(bench.votes(vote(3, COMMIT)), Decide) == [
        Decide(1, (VALUE,), seal(1, VALUE, signers=(0, 1, 3)))
    ]


def test_votes_may_come_before_their_proposal() -> None:
    bench = make_bench(me=1)
    bench.votes(vote(2, PREPARE), vote(3, PREPARE), vote(0, COMMIT), vote(3, COMMIT))
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    effects = bench.loop_back(bench.check(VALUE))
    assert said(effects) == [PREPARE, COMMIT]
    assert [e.height for e in of_type(effects, Decide)] == [1]


def test_heights_are_decided_in_order() -> None:
    bench = make_bench(me=1)
    other = compute_digest(b"second")
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.hear(0, pre_prepare(0, 0, 2, b"second"))
    bench.check(VALUE)
    bench.check(b"second")
    late = [vote(r, Commit(0, 2, other)) for r in (0, 2, 3)]
    assert not of_type(bench.votes(*late), Decide)
    first = [vote(r, COMMIT) for r in (0, 2, 3)]
    assert [e.height for e in of_type(bench.votes(*first), Decide)] == [1, 2]


def test_commits_decide_a_value_that_this_replica_never_prepared() -> None:
    bench = make_bench(me=1)
    effects = bench.votes(*[vote(r, COMMIT) for r in (0, 2, 3)])
    assert said(effects) == [Ask(1, DIGEST)]
    effects = bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    assert of_type(effects, Check) == [Check(1, DIGEST, VALUE, forced=True)]
    assert of_type(bench.check(VALUE), Decide)


def test_a_value_judged_invalid_is_fetched_once_a_quorum_prepared_it() -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.check(VALUE, Verdict.INVALID)
    effects = bench.votes(vote(2, PREPARE), vote(3, PREPARE))
    assert of_type(effects, Check) == [Check(1, DIGEST, VALUE, forced=True)]
    assert said(bench.check(VALUE)) == [PREPARE, COMMIT]


def test_commits_of_different_views_do_not_add_up() -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.check(VALUE)
    mixed = [vote(0, COMMIT), vote(2, Commit(1, 1, DIGEST)), vote(3, COMMIT)]
    assert not of_type(bench.votes(*mixed), Decide)


def test_votes_for_other_digests_do_not_add_up() -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.check(VALUE)
    other = Prepare(0, 1, compute_digest(b"other"))
    effects = bench.loop_back(bench.votes(vote(2, other), vote(3, other)))
    assert not said(effects)


def test_the_primary_proposes_what_the_host_gives() -> None:
    bench = make_bench(me=0, start=False)
    started = bench.feed(Started((), 0, GENESIS_ID, bench.committee))
    assert Request(1, ()) in started
    effects = bench.feed(Proposed(1, VALUE))
    proposal = Signed(0, Proposal(0, 1, DIGEST))
    assert effects[:2] == [
        Persist(Accepted(proposal, VALUE)),
        Broadcast(PrePrepare(proposal, VALUE)),
    ]
    assert of_type(effects, Request) == [Request(2, (DIGEST,))]


def test_a_value_follows_what_is_decided_but_not_executed() -> None:
    """Found by simulation: the work of a height was ordered again in the step that decided it."""
    bench = make_bench(me=0, pipeline=1)
    bench.loop_back(bench.feed(Proposed(1, VALUE)))
    bench.loop_back(bench.votes(vote(1, PREPARE), vote(2, PREPARE)))
    effects = bench.votes(vote(1, COMMIT), vote(2, COMMIT))
    assert of_type(effects, Request) == [Request(2, (DIGEST,))]
    bench.apply(1)
    bench.feed(Pending(some=True))
    assert of_type(bench.elapse("idle"), Request) == [Request(2, (), required=True)]


def test_the_primary_never_prepares() -> None:
    bench = make_bench(me=0)
    effects = bench.loop_back(bench.feed(Proposed(1, VALUE)))
    assert [type(body) for body in said(effects)] == [PrePrepare]
    assert said(bench.votes(vote(1, PREPARE), vote(2, PREPARE))) == [COMMIT]


def test_a_prepare_by_the_primary_is_refused() -> None:
    bench = make_bench(me=1)
    assert refusals(bench.votes(vote(0, PREPARE))) == [Refusal.PRIMARY_PREPARES]


def test_the_pipeline_bounds_the_heights_in_flight() -> None:
    bench = make_bench(me=0, pipeline=2)
    assert of_type(bench.feed(Proposed(1, b"a")), Request)
    assert not of_type(bench.feed(Proposed(2, b"b")), Request)
    assert refusals(bench.feed(Proposed(3, b"c"))) == [Refusal.UNWANTED]


def test_the_host_cannot_propose_the_null() -> None:
    bench = make_bench(me=0)
    assert refusals(bench.feed(Proposed(1, NULL_VALUE))) == [Refusal.NULL_VALUE]


def test_one_replica_alone_decides() -> None:
    bench = make_bench(me=0, size=1)
    effects = bench.loop_back(bench.feed(Proposed(1, VALUE)))
    [decide] = of_type(effects, Decide)
    assert decide.values == (VALUE,)
    assert [c.signer for c in decide.seal.commits] == [0]


@pytest.mark.parametrize(
    ("sender", "message", "refusal"),
    [
        (2, pre_prepare(2, 0, 1, VALUE), Refusal.NOT_THE_PRIMARY),
        (2, pre_prepare(0, 0, 1, VALUE), Refusal.NOT_THE_SIGNER),
        (0, pre_prepare(0, 4, 1, VALUE), Refusal.FUTURE_VIEW),
        (0, pre_prepare(0, 0, 0, VALUE), Refusal.BELOW_WINDOW),
        (0, pre_prepare(0, 0, 33, VALUE), Refusal.BEYOND_WINDOW),
        (0, pre_prepare(0, 0, 1, NULL_VALUE), Refusal.NULL_VALUE),
        (0, PrePrepare(vote(0, Proposal(0, 1, DIGEST)), b"another"), Refusal.BAD_DIGEST),
        (3, vote(3, Prepare(0, 33, DIGEST)), Refusal.BEYOND_WINDOW),
        (3, vote(3, Commit(0, 0, DIGEST)), Refusal.BELOW_WINDOW),
        (3, vote(2, Commit(0, 1, DIGEST)), Refusal.NOT_THE_SIGNER),
        (9, vote(9, Commit(0, 1, DIGEST)), Refusal.NOT_A_MEMBER),
    ],
)
def test_refusals(sender: int, message: object, refusal: Refusal) -> None:
    bench = make_bench(me=1)
    assert refusals(bench.hear(sender, message)) == [refusal]
    assert not bench.replica.slots


def test_two_proposals_for_one_height_convict_the_primary() -> None:
    bench = make_bench(me=1)
    first, second = pre_prepare(0, 0, 1, VALUE), pre_prepare(0, 0, 1, b"other")
    bench.hear(0, first)
    effects = bench.hear(0, second)
    assert of_type(effects, Accuse) == [Accuse(0, (first.proposal, second.proposal))]
    assert refusals(effects) == [Refusal.EQUIVOCATION]
    assert not of_type(bench.hear(0, second), Accuse)


@pytest.mark.parametrize("kind", [Prepare, Commit])
def test_two_votes_for_one_height_convict_their_signer(kind: type[Prepare | Commit]) -> None:
    bench = make_bench(me=1)
    first, second = vote(3, kind(0, 1, DIGEST)), vote(3, kind(0, 1, NULL_DIGEST))
    effects = bench.votes(first, second)
    assert of_type(effects, Accuse) == [Accuse(3, (first, second))]


def test_a_vote_counts_once_per_sender() -> None:
    bench = make_bench(me=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.check(VALUE)
    effects = bench.votes(*[vote(2, PREPARE)] * 3)
    assert said(effects) == []
    assert refusals(effects) == [Refusal.DUPLICATE] * 2


def test_a_backup_that_waits_has_a_timer_and_an_idle_one_has_none() -> None:
    bench = make_bench(me=1, checkpoint_interval=1, window=2, pipeline=1)
    effects = bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    assert SetTimer(("progress",), 1_500) in effects
    bench.decide(1, VALUE)
    bench.votes(*[vote(r, Checkpoint(1, block_id_of(1))) for r in (0, 2, 3)])
    assert not bench.replica.clock.progress
    assert not bench.replica.clock.resend
