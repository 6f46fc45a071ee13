"""A suspicion is said before it binds, and binds when f + 1 share it."""

from typing import Any

from consensus.effects import Broadcast, Effect, SetTimer
from consensus.events import Pending
from consensus.message import compute_digest
from consensus.pbft.messages import Prepare, Standing, ViewChange
from consensus.pbft.suspicion import SUSPICION_HEIGHTS
from tests.consensus.pbft.bench import (
    Bench,
    make_bench,
    new_view,
    of_type,
    pre_prepare,
    said,
    standing,
    view_change,
)

VALUE = b"value"


def alone(**changes: Any) -> tuple[Bench, list[Effect]]:
    """A backup that waited in vain, and what it then did."""
    bench = make_bench(me=2, **changes)
    bench.feed(Pending(some=True))
    return bench, bench.elapse("progress")


def changes_in(effects: list[Effect]) -> list[int]:
    """The views that were asked for."""
    return [body.view for body in said(effects) if isinstance(body, ViewChange)]


def test_who_waited_in_vain_says_so_and_waits_on() -> None:
    bench, effects = alone()
    assert of_type(effects, Broadcast) == [Broadcast(standing(suspects=True, asks=True))]
    assert SetTimer(("progress",), 1_500) in effects
    assert bench.standing == ("voter", 0, "normal")


def test_and_goes_on_voting() -> None:
    bench, _ = alone()
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    assert said(bench.check(VALUE)) == [Prepare(0, 1, compute_digest(VALUE))]


def test_f_plus_1_who_suspect_leave_the_view() -> None:
    bench, _ = alone()
    assert changes_in(bench.hear(3, standing(suspects=True))) == [1]


def test_in_whatever_order_they_come_to_it() -> None:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True))
    assert not changes_in(bench.hear(3, standing(suspects=True)))
    assert changes_in(bench.elapse("progress")) == [1]


def test_who_does_not_suspect_is_not_carried_away_by_words() -> None:
    bench = make_bench(me=2)
    for member in (0, 1, 3):
        assert not changes_in(bench.hear(member, standing(suspects=True)))


def test_a_view_change_is_a_suspicion_too() -> None:
    bench, _ = alone()
    assert changes_in(bench.votes(view_change(3, 1))) == [1]


def test_two_of_seven_are_not_enough() -> None:
    bench, _ = alone(size=7)
    assert not changes_in(bench.hear(3, standing(suspects=True)))
    assert changes_in(bench.hear(4, standing(suspects=True))) == [1]


def test_suspicions_of_another_view_do_not_count() -> None:
    bench, _ = alone()
    assert not changes_in(bench.hear(3, standing(5, suspects=True)))


def test_a_decided_height_withdraws_a_suspicion_aloud() -> None:
    bench, _ = alone()
    effects = bench.decide(1, VALUE)
    words = [body for body in said(effects) if isinstance(body, Standing)]
    assert [(body.suspects, body.asks) for body in words] == [(False, False)]
    assert not changes_in(bench.hear(3, standing(suspects=True)))


def test_a_withdrawn_suspicion_does_not_count() -> None:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True))
    bench.hear(3, standing(suspects=True))
    bench.hear(3, standing(height=1))
    assert not changes_in(bench.elapse("progress"))


def test_one_that_was_never_withdrawn_is_forgotten() -> None:
    bench = make_bench(me=2)
    bench.hear(3, standing(suspects=True))
    for height in range(1, SUSPICION_HEIGHTS + 1):
        bench.decide(height, b"value %d" % height)
    bench.feed(Pending(some=True))
    assert not changes_in(bench.elapse("progress"))


def test_a_new_view_starts_without_suspicions() -> None:
    bench, _ = alone()
    bench.hear(1, new_view(1, *[view_change(r, 1) for r in (0, 1, 3)]))
    assert not changes_in(bench.hear(3, standing(1, suspects=True)))


def test_one_replica_alone_needs_nobody() -> None:
    bench = make_bench(me=0, size=1)
    bench.feed(Pending(some=True))
    assert changes_in(bench.elapse("progress")) == [1]


# Censorship.


def test_work_passed_over_makes_a_backup_suspect_at_once() -> None:
    bench = make_bench(me=2)
    bench.hear(3, standing(suspects=True))
    assert changes_in(bench.feed(Pending(some=True, overdue=True))) == [1]


def test_and_decided_heights_do_not_settle_it() -> None:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True, overdue=True))
    effects = bench.decide(1, VALUE)
    assert not [body for body in said(effects) if isinstance(body, Standing)]
    assert changes_in(bench.hear(3, standing(height=1, suspects=True))) == [1]


def test_but_its_inclusion_does() -> None:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True, overdue=True))
    bench.decide(1, VALUE)
    effects = bench.feed(Pending(some=True))
    assert [body.suspects for body in said(effects)] == [False]
    assert not changes_in(bench.hear(3, standing(height=1, suspects=True)))


def test_it_is_said_again_before_others_forget_it() -> None:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True, overdue=True))
    told: list[int] = []
    for height in range(1, 2 * SUSPICION_HEIGHTS + 1):
        effects = bench.decide(height, b"value %d" % height)
        told += [body.height for body in said(effects) if isinstance(body, Standing)]
    assert told == [4, 8, 12, 16]


def test_the_primary_does_not_suspect_itself_of_it() -> None:
    bench = make_bench(me=0)
    assert not said(bench.feed(Pending(some=True, overdue=True)))


def test_the_next_censor_is_suspected_after_some_heights() -> None:
    bench = make_bench(me=3)
    bench.hear(2, standing(suspects=True))
    bench.loop_back(bench.feed(Pending(some=True, overdue=True)))
    bench.hear(1, new_view(1, *[view_change(r, 1) for r in (0, 1, 2)]))
    suspected_at = []
    for height in range(1, 9):
        effects = bench.decide(height, b"value %d" % height, view=1)
        suspected_at += [b.height for b in said(effects) if isinstance(b, Standing) and b.suspects]
    assert suspected_at == [7]
