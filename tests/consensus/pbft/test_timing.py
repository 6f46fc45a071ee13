"""Timeouts double, are capped, and come back down; an idle chain rests."""

from consensus.effects import CancelTimer, Request, SetTimer
from consensus.events import Pending, Proposed
from consensus.message import compute_digest
from consensus.pbft.deciding import CALM_HEIGHTS
from consensus.pbft.messages import Commit, Prepare
from consensus.pbft.timing import compute_timeout_ms, is_starved
from tests.consensus.pbft.bench import (
    Bench,
    make_bench,
    new_view,
    of_type,
    pre_prepare,
    standing,
    view_change,
    vote,
)


def fail_views(bench: Bench, count: int) -> list[int]:
    """Let views pass in which nothing happens; the timeouts that were set."""
    timeouts = []
    bench.hear(3, standing(suspects=True))
    for _ in range(count):
        bench.loop_back(bench.elapse("progress"))
        view = bench.replica.view
        effects = bench.votes(*[view_change(r, view) for r in (0, 1, 3)])
        timeouts += [t.after_ms for t in of_type(effects, SetTimer) if t.timer == ("progress",)]
    return timeouts


def test_timeouts_double_and_are_capped() -> None:
    bench = make_bench(me=2, timeout_ms=1_000, timeout_max_ms=5_000)
    bench.feed(Pending(some=True))
    assert fail_views(bench, 5) == [2_000, 4_000, 5_000, 5_000, 5_000]


def test_they_come_down_with_heights_decided_in_peace() -> None:
    bench = make_bench(me=2, timeout_ms=1_000, timeout_max_ms=8_000)
    bench.feed(Pending(some=True))
    fail_views(bench, 3)
    view = bench.replica.view
    bench.hear(view % 4, new_view(view, *[view_change(r, view) for r in (0, 1, 3)]))
    seen = []
    for height in range(1, 4 * CALM_HEIGHTS + 1):
        bench.decide(height, b"value %d" % height, view=view)
        seen.append(compute_timeout_ms(bench.replica))
    assert seen[::CALM_HEIGHTS] == [8_000, 4_000, 2_000, 1_000]
    assert seen[-1] == 1_000


def test_a_very_long_run_of_failures_does_not_overflow() -> None:
    bench = make_bench(me=2)
    bench.replica.clock.failures = 10_000
    assert compute_timeout_ms(bench.replica) == 24_000


def test_the_timer_restarts_on_every_decided_height() -> None:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True))
    effects = bench.decide(1, b"value")
    assert SetTimer(("progress",), 1_500) in effects


def test_the_timer_stops_when_idle_and_starts_with_work() -> None:
    bench = make_bench(me=2)
    assert bench.timers == set()
    bench.feed(Pending(some=True))
    assert bench.timers == {"progress", "starved"}
    bench.feed(Pending(some=False))
    assert bench.timers == set()


def test_heights_above_the_last_checkpoint_keep_the_timer_running() -> None:
    bench = make_bench(me=2, checkpoint_interval=2, window=4)
    bench.decide(1, b"value")
    assert "progress" in bench.timers
    bench.decide(2, b"value 2")
    assert "progress" not in bench.timers


def test_one_early_vote_does_not_start_the_timer_but_f_plus_1_do() -> None:
    bench = make_bench(me=2)
    prepare = Prepare(0, 1, compute_digest(b"value"))
    bench.votes(vote(1, prepare))
    assert bench.timers == {"resend"}
    bench.votes(vote(3, prepare))
    assert bench.timers == {"resend", "progress"}


def test_an_idle_primary_asks_without_need_and_orders_nothing() -> None:
    bench = make_bench(me=0)
    assert bench.replica.ordering.requested == 1
    assert bench.timers == set()


def test_with_work_that_is_not_given_the_primary_demands_a_value() -> None:
    bench = make_bench(me=0)
    effects = bench.feed(Pending(some=True))
    assert SetTimer(("idle",), 500) in effects
    assert of_type(bench.elapse("idle"), Request) == [Request(1, (), required=True)]
    assert "idle" not in bench.timers


def test_an_answer_stops_the_idle_timer() -> None:
    bench = make_bench(me=0)
    bench.feed(Pending(some=True))
    bench.feed(Proposed(1, b"value"))
    assert "idle" not in bench.timers


def test_an_elapsed_timer_that_does_not_run_changes_nothing() -> None:
    bench = make_bench(me=2)
    for name in ("progress", "resend", "idle", "answers"):
        assert not bench.elapse(name)


# Found on a busy network: decided heights put off the repetitions of a replica that was not well.


def test_progress_does_not_put_off_an_observer_that_still_has_to_ask() -> None:
    bench = make_bench(me=2, fresh=False)
    effects = bench.decide(1, b"value")
    assert SetTimer(("resend",), 400) not in effects
    assert "resend" in bench.timers


def test_nor_one_that_left_its_view_alone() -> None:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True))
    bench.loop_back(bench.leave())
    bench.decide(1, b"value")
    effects = bench.check(b"value")
    assert bench.replica.decided == 1
    assert SetTimer(("resend",), 400) not in effects


def test_nor_one_that_missed_a_new_view() -> None:
    bench = make_bench(me=2)
    effects = []
    for height in (1, 2):
        value = b"value %d" % height
        bench.hear(0, pre_prepare(0, 0, height, value))
        bench.check(value)
        effects = bench.votes(
            *[vote(r, Commit(1, height, compute_digest(value))) for r in (0, 1, 3)]
        )
    assert bench.replica.decided == 2
    assert bench.replica.is_outdated
    assert SetTimer(("resend",), 400) not in effects
    assert "resend" in bench.timers


def test_but_a_well_one_repeats_nothing_while_heights_are_decided() -> None:
    bench = make_bench(me=2)
    bench.decide(1, b"value")
    bench.hear(0, pre_prepare(0, 0, 3, b"value 3"))
    assert SetTimer(("resend",), 400) in bench.decide(2, b"value 2")


def test_work_that_waits_while_nothing_is_proposed_starves_a_backup() -> None:
    bench = make_bench(me=2, timeout_ms=1_000)
    effects = bench.feed(Pending(some=True))
    assert SetTimer(("starved",), 600) in effects
    bench.elapse("starved")
    assert bench.replica.suspected_at == 0
    assert bench.replica.view == 0


def test_a_proposal_ends_the_starving() -> None:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True))
    effects = bench.hear(0, pre_prepare(0, 0, 1, b"value"))
    assert CancelTimer(("starved",)) in effects
    assert not bench.replica.clock.starved


def test_nobody_starves_without_work_or_at_the_primary_or_at_the_cap() -> None:
    assert not is_starved(make_bench(me=2).replica)
    for me, longest_ms in ((0, 8_000), (2, 1_000)):
        bench = make_bench(me=me, timeout_ms=1_000, timeout_max_ms=longest_ms)
        bench.feed(Pending(some=True))
        assert not is_starved(bench.replica)
