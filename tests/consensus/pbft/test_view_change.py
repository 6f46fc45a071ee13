"""Castro and Liskov 1999, 4.4 and 4.5.2: replacing a primary without losing anything."""

from typing import Any

from consensus.effects import (
    Accuse,
    Behind,
    Broadcast,
    CancelTimer,
    Check,
    Decide,
    Persist,
    Request,
    Rewrite,
    SetTimer,
)
from consensus.events import Pending, Proposed
from consensus.message import NULL_DIGEST, Signed, compute_digest
from consensus.pbft.messages import (
    Ask,
    Commit,
    NewView,
    Prepare,
    PreparedCertificate,
    Tell,
    ViewChange,
)
from consensus.pbft.refusals import Refusal
from consensus.pbft.replica import Phase
from tests.consensus.pbft.bench import (
    Bench,
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
    view_change,
    vote,
)

VALUE = b"value"
DIGEST = compute_digest(VALUE)


def left(bench: Bench) -> Bench:
    """The replica leaves view 0."""
    bench.feed(Pending(some=True))
    bench.loop_back(bench.leave())
    return bench


def test_a_backup_that_waits_in_vain_asks_for_the_next_view() -> None:
    bench = make_bench(me=2)
    assert SetTimer(("progress",), 1_500) in bench.feed(Pending(some=True))
    effects = bench.leave()[1:]
    change = ViewChange(1, 0, (), ())
    assert effects[:2] == [Persist(change), Broadcast(Signed(2, change))]
    assert bench.replica.phase is Phase.CHANGING


def test_a_view_change_carries_what_was_prepared() -> None:
    bench = make_bench(me=2)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.loop_back(bench.check(VALUE))
    bench.votes(vote(1, Prepare(0, 1, DIGEST)))
    [change] = [body for body in said(bench.leave()) if isinstance(body, ViewChange)]
    assert change.prepared == (prepared(0, 1, DIGEST),)


def test_who_left_a_view_votes_there_no_more() -> None:
    bench = left(make_bench(me=2))
    effects = bench.hear(0, pre_prepare(0, 0, 1, VALUE)) + bench.check(VALUE)
    effects += bench.votes(vote(1, Prepare(0, 1, DIGEST)), vote(3, Prepare(0, 1, DIGEST)))
    assert not said(effects)


def test_but_still_learns_what_the_others_decide_there() -> None:
    bench = left(make_bench(me=2))
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    effects = bench.votes(*[vote(r, Commit(0, 1, DIGEST)) for r in (0, 1, 3)])
    assert of_type(effects, Check) == [Check(1, DIGEST, VALUE, forced=True)]
    assert of_type(bench.check(VALUE), Decide)


def test_the_timer_of_the_new_view_starts_with_a_quorum_and_is_doubled() -> None:
    bench = left(make_bench(me=2))
    assert not bench.replica.clock.progress
    assert SetTimer(("progress",), 3_000) not in bench.votes(view_change(1, 1))
    effects = bench.votes(view_change(3, 1))
    assert SetTimer(("progress",), 3_000) in effects


def test_later_view_changes_count_towards_that_quorum() -> None:
    """Otherwise replicas spread over several views would wait for each other for ever."""
    bench = left(make_bench(me=2))
    effects = bench.votes(view_change(1, 1), view_change(3, 7))
    assert SetTimer(("progress",), 3_000) in effects


def test_a_new_view_that_does_not_come_is_skipped() -> None:
    bench = left(make_bench(me=2))
    bench.votes(view_change(1, 1), view_change(3, 1))
    assert said(bench.elapse("progress")) == [ViewChange(2, 0, (), ())]


def test_f_plus_1_view_changes_are_joined_at_the_smallest_view() -> None:
    bench = make_bench(me=2)
    assert not said(bench.votes(view_change(0, 6)))
    assert said(bench.votes(view_change(1, 4))) == [ViewChange(4, 0, (), ())]


def test_one_liar_starts_no_view_change() -> None:
    bench = make_bench(me=2)
    bench.votes(*[view_change(3, view) for view in (1, 2, 3)])
    assert bench.replica.view == 0
    assert bench.replica.phase is Phase.NORMAL


def test_the_new_primary_opens_its_view_with_a_quorum() -> None:
    bench = left(make_bench(me=1))
    effects = bench.votes(view_change(2, 1), view_change(3, 1))
    [written] = of_type(effects, Persist)
    [body] = said(effects)
    assert isinstance(body, NewView)
    assert body == written.record.body
    assert [change.signer for change in body.view_changes] == [1, 2, 3]
    effects = bench.loop_back(effects)
    assert bench.replica.phase is Phase.NORMAL
    assert of_type(effects, Request) == [Request(1, ())]


def test_the_new_primary_announces_once() -> None:
    bench = left(make_bench(me=1))
    bench.votes(view_change(2, 1), view_change(3, 1))
    assert not said(bench.votes(view_change(0, 1)))


def test_a_backup_enters_a_proved_view_durably_before_it_votes() -> None:
    bench = left(make_bench(me=2))
    cert = prepared(0, 1, NULL_DIGEST)
    changes = [view_change(r, 1, certificates=(cert,)) for r in (0, 1, 3)]
    signed = new_view(1, *changes)
    effects = bench.hear(1, signed)
    kinds = [type(effect) for effect in effects]
    assert kinds.index(Rewrite) < kinds.index(Persist) < kinds.index(Broadcast)
    assert signed in of_type(effects, Rewrite)[0].records
    assert said(effects) == [Prepare(1, 1, NULL_DIGEST)]


def test_anybody_may_hand_a_new_view_on() -> None:
    bench = make_bench(me=2)
    bench.hear(3, new_view(1, *[view_change(r, 1) for r in (0, 1, 3)]))
    assert bench.replica.view == 1


def test_a_prepared_value_survives() -> None:
    """The value is known from view 0; it is fetched, not judged, and prepared again."""
    bench = make_bench(me=2)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.loop_back(bench.check(VALUE))
    bench.loop_back(bench.votes(vote(1, Prepare(0, 1, DIGEST))))
    bench.loop_back(bench.leave())
    changes = [view_change(r, 1, certificates=(prepared(0, 1, DIGEST),)) for r in (0, 1, 3)]
    effects = bench.loop_back(bench.hear(1, new_view(1, *changes)))
    assert said(effects) == [Prepare(1, 1, DIGEST)]
    effects = bench.loop_back(bench.votes(vote(3, Prepare(1, 1, DIGEST))))
    assert said(effects) == [Commit(1, 1, DIGEST)]


def test_a_value_that_is_forced_and_lacking_is_asked_for() -> None:
    bench = make_bench(me=2)
    changes = [view_change(r, 1, certificates=(prepared(0, 1, DIGEST),)) for r in (0, 1, 3)]
    effects = bench.hear(1, new_view(1, *changes))
    assert said(effects) == [Ask(1, DIGEST)]
    assert refusals(bench.hear(3, Tell(1, b"another"))) == [Refusal.BAD_DIGEST]
    effects = bench.hear(3, Tell(1, VALUE))
    assert of_type(effects, Check) == [Check(1, DIGEST, VALUE, forced=True)]
    assert said(bench.check(VALUE)) == [Prepare(1, 1, DIGEST)]


def test_nulls_fill_holes_and_are_decided_without_a_value() -> None:
    bench = make_bench(me=2)
    changes = [view_change(r, 1, certificates=(prepared(0, 2, DIGEST),)) for r in (0, 1, 3)]
    bench.hear(1, new_view(1, *changes))
    effects = bench.votes(*[vote(r, Commit(1, 1, NULL_DIGEST)) for r in (0, 1, 3)])
    assert of_type(effects, Decide) == [Decide(1, (), seal(1, b"", 1, (0, 1, 3)))]


def test_the_new_primary_proposes_above_what_is_imposed() -> None:
    bench = left(make_bench(me=1, pipeline=4))
    cert = prepared(0, 2, NULL_DIGEST)
    effects = bench.votes(view_change(2, 1, certificates=(cert,)), view_change(3, 1))
    effects = bench.loop_back(effects)
    assert of_type(effects, Request)[0].height == 3
    assert refusals(bench.feed(Proposed(1, VALUE))) == [Refusal.UNWANTED]


def test_a_proposal_beside_the_imposed_ones_is_refused() -> None:
    bench = make_bench(me=2)
    stable = certificate(8, block_id_of(8))
    changes = [view_change(r, 1, stable=stable) for r in (0, 1, 3)]
    bench.hear(1, new_view(1, *changes))
    assert refusals(bench.hear(1, pre_prepare(1, 1, 8, VALUE))) == [Refusal.NOT_IN_NEW_VIEW]
    cert = prepared(4, 9, NULL_DIGEST)
    changes = [view_change(r, 5, stable=stable, certificates=(cert,)) for r in (0, 1, 3)]
    bench.hear(1, new_view(5, *changes))
    effects = bench.hear(1, pre_prepare(1, 5, 9, VALUE))
    assert of_type(effects, Accuse)[0].offender == 1


def test_a_new_view_teaches_a_later_stable_checkpoint() -> None:
    bench = make_bench(me=2)
    stable = certificate(16, block_id_of(16))
    effects = bench.hear(1, new_view(1, *[view_change(r, 1, stable=stable) for r in (0, 1, 3)]))
    assert bench.replica.stable == 16
    assert of_type(effects, Behind) == [Behind(16)]


def test_decided_heights_are_voted_on_again_but_not_decided_again() -> None:
    bench = make_bench(me=2)
    bench.decide(1, VALUE)
    changes = [view_change(r, 1, certificates=(prepared(0, 1, DIGEST),)) for r in (0, 1, 3)]
    effects = bench.loop_back(bench.hear(1, new_view(1, *changes)))
    effects += bench.loop_back(bench.votes(vote(3, Prepare(1, 1, DIGEST))))
    assert said(effects) == [Prepare(1, 1, DIGEST), Commit(1, 1, DIGEST)]
    effects = bench.votes(*[vote(r, Commit(1, 1, DIGEST)) for r in (0, 1, 3)])
    assert not of_type(effects, Decide)


def test_a_forged_certificate_in_a_view_change_is_refused() -> None:
    bench = left(make_bench(me=1))
    genuine = prepared(0, 1, DIGEST)
    forged = PreparedCertificate(genuine.proposal, genuine.prepares[:1])
    effects = bench.votes(view_change(2, 1), view_change(3, 1, certificates=(forged,)))
    assert refusals(effects) == [Refusal.BAD_CERTIFICATE]
    assert not said(effects)


def test_a_forged_new_view_is_refused() -> None:
    bench = left(make_bench(me=2))
    changes = [view_change(r, 1, certificates=(prepared(0, 1, DIGEST),)) for r in (0, 1, 3)]
    forged = vote(1, NewView(1, tuple(changes), ()))
    assert refusals(bench.hear(1, forged)) == [Refusal.BAD_NEW_VIEW]
    assert bench.replica.phase is Phase.CHANGING


def test_two_new_views_for_one_view_convict_their_primary() -> None:
    bench = make_bench(me=2)
    first = new_view(1, *[view_change(r, 1) for r in (0, 1, 3)])
    second = new_view(1, *[view_change(r, 1) for r in (1, 2, 3)])
    bench.hear(1, first)
    effects = bench.hear(1, second)
    assert of_type(effects, Accuse) == [Accuse(1, (first, second))]


def test_two_view_changes_for_one_view_convict_their_signer() -> None:
    bench = make_bench(me=2)
    first, second = view_change(3, 1), view_change(3, 1, certificates=(prepared(0, 1, DIGEST),))
    assert of_type(bench.votes(first, second), Accuse) == [Accuse(3, (first, second))]


def test_a_primary_with_two_faces_is_convicted_when_its_faces_meet() -> None:
    bench = make_bench(me=2)
    message = pre_prepare(0, 0, 1, VALUE)
    bench.hear(0, message)
    other = prepared(0, 1, compute_digest(b"other face"))
    effects = bench.votes(view_change(3, 1, certificates=(other,)))
    assert of_type(effects, Accuse) == [Accuse(0, (message.proposal, other.proposal))]


def test_stale_view_changes_are_refused() -> None:
    bench = make_bench(me=2)
    bench.hear(1, new_view(1, *[view_change(r, 1) for r in (0, 1, 3)]))
    assert refusals(bench.votes(view_change(3, 1))) == [Refusal.STALE_VIEW]
    bench.votes(view_change(3, 5))
    assert refusals(bench.votes(view_change(3, 4))) == [Refusal.STALE_VIEW]


def test_what_an_older_view_left_does_not_keep_timers_running() -> None:
    """Found by reading: prepares of view 0 for a height that view 1 does not know."""
    bench = make_bench(me=2, checkpoint_interval=1, window=4, pipeline=1)
    votes: list[Any] = [vote(r, Prepare(0, 3, DIGEST)) for r in (1, 3)]
    effects = bench.votes(*votes)
    assert of_type(effects, SetTimer)
    effects = bench.hear(1, new_view(1, *[view_change(r, 1) for r in (0, 1, 3)]))
    assert CancelTimer(("progress",)) in effects
    assert CancelTimer(("resend",)) in effects
