"""Voting again after the journal was lost: barriers, answers, and view changes that became void."""

from typing import Any

import pytest

from consensus.effects import Accuse, Broadcast, Ignore, Persist, Rewrite, Send
from consensus.events import Offered, Started
from consensus.message import compute_digest
from consensus.pbft.journal import durable_records
from consensus.pbft.messages import Observing, Returned, Returning, ViewChange, Welcome
from consensus.pbft.refusals import Refusal
from tests.consensus.pbft.bench import (
    Bench,
    block_id_of,
    certificate,
    make_bench,
    new_view,
    of_type,
    prepared,
    refusals,
    said,
    seal,
    standing,
    view_change,
)

VALUE = b"value"
BARRIER = 40
"""Nothing decided yet, K = 8 and L = 32: one checkpoint ahead, and L above it."""


def lost(barrier: int = 0) -> Bench:
    """Replica 1 with an empty journal beside an executed ledger."""
    records = (Observing(barrier),) if barrier else ()
    return make_bench(me=1, fresh=False, records=records)


def follow(bench: Bench, to: int) -> list[Any]:
    """Execute what the others decided, with their checkpoints; the effects of the last step."""
    effects: list[Any] = []
    for height in range(bench.replica.decided + 1, to + 1):
        bench.feed(Offered(height, (VALUE,), seal(height, VALUE)))
        effects = bench.apply(height)
        if height % 8 == 0:
            effects = bench.hear(2, certificate(height, block_id_of(height)))
    return effects


def test_an_observer_names_its_barrier_once_a_correct_member_must_have_spoken() -> None:
    bench = lost()
    assert not bench.hear(2, standing(0, 3))
    effects = bench.hear(3, standing(0, 5))
    assert of_type(effects, Persist) == [Persist(Observing(BARRIER))]
    assert of_type(effects, Broadcast) == [Broadcast(Returning(BARRIER))]


def test_a_liar_does_not_raise_the_barrier() -> None:
    bench = lost()
    bench.hear(2, standing(0, 1_000_000))
    bench.hear(3, standing(0, 5))
    assert bench.replica.barrier == BARRIER


def test_at_the_start_of_the_chain_too() -> None:
    bench = lost()
    for member in (2, 3):
        bench.hear(member, standing(0, 0))
    assert bench.replica.barrier == BARRIER


def test_the_barrier_is_repeated_and_follows_the_others_until_enough_have_answered() -> None:
    bench = lost(BARRIER)
    bench.hear(0, Welcome(BARRIER, 0, ()))
    for member in (2, 3):
        bench.hear(member, standing(0, 16))
    effects = bench.elapse("resend")
    assert Persist(Observing(56)) in effects
    assert Broadcast(Returning(56)) in effects
    assert not bench.replica.welcomes
    assert refusals(bench.hear(0, Welcome(BARRIER, 0, ()))) == [Refusal.UNWANTED]
    for member in (0, 2):
        bench.hear(member, Welcome(56, 0, ()))
    for member in (2, 3):
        bench.hear(member, standing(0, 32))
    assert not any(
        isinstance(e, Broadcast) and isinstance(e.message, Returning)
        for e in bench.elapse("resend")
    )
    assert bench.replica.barrier == 56


def test_it_votes_again_with_the_checkpoint_and_the_answers_in_either_order() -> None:
    early, late = lost(BARRIER), lost(BARRIER)
    for member in (0, 2):
        early.hear(member, Welcome(BARRIER, 0, ()))
    follow(early, 39)
    assert early.standing[0] == "observer"
    follow(early, 40)
    assert early.standing[0] == "voter"
    follow(late, 40)
    late.hear(0, Welcome(BARRIER, 0, ()))
    late.hear(0, Welcome(BARRIER, 0, ()))
    assert late.standing[0] == "observer"
    effects = late.hear(3, Welcome(BARRIER, 0, ()))
    assert late.standing[0] == "voter"
    assert of_type(effects, Rewrite) == [Rewrite(durable_records(late.replica))]
    assert Returned(1, BARRIER) in durable_records(late.replica)


def test_a_barrier_that_is_covered_counts_only_once_what_is_below_is_executed() -> None:
    bench = lost(BARRIER)
    for member in (0, 2):
        bench.hear(member, Welcome(BARRIER, 0, ()))
    bench.hear(2, certificate(BARRIER, block_id_of(BARRIER)))
    assert bench.standing[0] == "observer"
    follow(bench, BARRIER)
    assert bench.standing[0] == "voter"


def test_it_votes_in_no_view_before_those_in_which_it_was_welcomed() -> None:
    bench = lost(BARRIER)
    bench.hear(0, Welcome(BARRIER, 2, ()))
    bench.hear(2, Welcome(BARRIER, 5, ()))
    follow(bench, BARRIER)
    at = certificate(BARRIER, block_id_of(BARRIER))
    assert bench.standing == ("observer", 0, "normal")
    assert "resend" in bench.timers
    bench.hear(3, Welcome(BARRIER, 1, ()))
    assert bench.standing == ("observer", 0, "normal")
    bench.hear(2, new_view(2, *[view_change(r, 2, stable=at) for r in (0, 2, 3)]))
    assert bench.standing == ("voter", 2, "normal")
    assert Returned(1, BARRIER) in durable_records(bench.replica)


def test_a_member_writes_the_barrier_down_before_it_answers() -> None:
    bench = make_bench(me=1)
    effects = bench.hear(3, Returning(BARRIER))
    returned = Returned(3, BARRIER)
    assert effects == [Persist(returned), Send(3, Welcome(BARRIER, 0, (returned,)))]
    again = bench.hear(3, Returning(BARRIER))
    assert again == [Send(3, Welcome(BARRIER, 0, (returned,)))]
    assert returned in durable_records(bench.replica)


@pytest.mark.parametrize(
    ("barrier", "refusal"),
    [
        (24, Refusal.BELOW_WINDOW),
        (39, Refusal.NOT_A_CHECKPOINT),
        (72, Refusal.BEYOND_WINDOW),
    ],
)
def test_barriers_out_of_place_are_refused(barrier: int, refusal: Refusal) -> None:
    bench = make_bench(me=1)
    assert refusals(bench.hear(3, Returning(barrier))) == [refusal]
    assert not bench.replica.returned


def test_a_barrier_never_sinks() -> None:
    bench = make_bench(me=1)
    bench.hear(3, Returning(48))
    assert refusals(bench.hear(3, Returning(40))) == [Refusal.BELOW_WINDOW]
    assert bench.replica.returned == {3: 48}


def test_an_observer_notes_a_barrier_but_nobody_may_count_on_it() -> None:
    effects = lost(BARRIER).hear(3, Returning(BARRIER))
    assert effects == [Persist(Returned(3, BARRIER))]


def test_old_view_changes_of_a_returning_member_are_void_alone_and_in_a_new_view() -> None:
    """Found by thinking: a liar kept one, and later built a new view on what it does not show."""
    bench = make_bench(me=0)
    old = view_change(3, 1)
    bench.hear(3, old)
    assert 3 in bench.replica.view_changes
    bench.hear(3, Returning(BARRIER))
    assert 3 not in bench.replica.view_changes
    assert refusals(bench.hear(3, old)) == [Refusal.VOID]
    built = new_view(1, view_change(1, 1), view_change(2, 1), old)
    assert Refusal.VOID in refusals(bench.hear(1, built))


def test_who_cannot_enter_a_view_for_that_asks_for_the_next() -> None:
    """Found by a storm: two waited for ever for a view that the third was in."""
    bench = make_bench(me=0)
    bench.hear(3, Returning(BARRIER))
    effects = bench.hear(1, new_view(1, view_change(1, 1), view_change(2, 1), view_change(3, 1)))
    assert bench.standing == ("voter", 2, "view-change")
    assert [body for body in said(effects) if isinstance(body, ViewChange)]
    bench.votes(view_change(1, 2), view_change(2, 2))
    assert not refusals(bench.hear(2, new_view(2, *[view_change(r, 2) for r in (0, 1, 2)])))
    assert bench.standing == ("voter", 2, "normal")


def test_an_observer_that_cannot_enter_a_view_asks_for_nothing() -> None:
    bench = lost(BARRIER)
    bench.hear(0, Welcome(BARRIER, 0, (Returned(3, 48),)))
    built = new_view(1, view_change(1, 1), view_change(2, 1), view_change(3, 1))
    assert bench.hear(1, built) == [Ignore(built, Refusal.VOID)]


def test_a_restart_does_not_make_them_valid_again() -> None:
    bench = make_bench(me=0, records=(Returned(3, BARRIER),))
    built = new_view(1, view_change(1, 1), view_change(2, 1), view_change(3, 1))
    assert Refusal.VOID in refusals(bench.hear(1, built))


def test_whoever_came_back_refuses_its_own_old_view_changes() -> None:
    bench = lost(BARRIER)
    for member in (0, 2):
        bench.hear(member, Welcome(BARRIER, 0, ()))
    follow(bench, BARRIER)
    stable = certificate(BARRIER, block_id_of(BARRIER))
    others = [view_change(r, 2, stable=stable) for r in (2, 3)]
    built = new_view(2, view_change(1, 2), *others)
    assert Refusal.VOID in refusals(bench.hear(2, built))


def test_its_view_changes_count_once_they_show_the_barrier() -> None:
    bench = make_bench(me=0)
    bench.hear(3, Returning(BARRIER))
    stable = certificate(BARRIER, block_id_of(BARRIER))
    assert not refusals(bench.hear(3, view_change(3, 1, stable=stable)))
    assert 3 in bench.replica.view_changes


def test_who_did_not_hear_takes_the_later_view_change_and_accuses_nobody() -> None:
    bench = make_bench(me=0)
    later = view_change(3, 1, stable=certificate(BARRIER, block_id_of(BARRIER)))
    bench.hear(3, view_change(3, 1))
    effects = bench.hear(3, later)
    assert not of_type(effects, Accuse)
    assert bench.replica.view_changes[3] is later
    assert refusals(bench.hear(3, view_change(3, 1))) == [Refusal.STALE_VIEW]
    two_faced = view_change(
        3,
        1,
        stable=certificate(BARRIER, block_id_of(BARRIER)),
        certificates=(prepared(0, 41, compute_digest(VALUE)),),
    )
    assert of_type(bench.hear(3, two_faced), Accuse)


def test_an_observer_is_told_who_came_back_before() -> None:
    bench = lost(BARRIER)
    told = (Returned(3, 48), Returned(1, 48), Returned(9, 48), Returned(2, 1_000_000))
    effects = bench.hear(0, Welcome(BARRIER, 0, told))
    assert effects == [Persist(Returned(3, 48))]
    assert bench.replica.returned == {3: 48}


def test_a_follower_takes_no_part() -> None:
    bench = make_bench(me=None)
    assert not of_type(bench.hear(3, Returning(BARRIER)), Send)
    assert refusals(bench.hear(3, Welcome(BARRIER, 0, ()))) == [Refusal.UNWANTED]


def test_only_an_observer_is_welcomed() -> None:
    bench = make_bench(me=1)
    assert refusals(bench.hear(3, Welcome(0, 0, ()))) == [Refusal.UNWANTED]


def test_the_ledger_may_be_further_than_what_others_say() -> None:
    bench = make_bench(me=1, start=False)
    bench.feed(Started((), 20, block_id_of(20), bench.committee, fresh=False))
    for member in (2, 3):
        bench.hear(member, standing(0, 3))
    assert bench.replica.barrier == 16 + 8 + 32
