"""The acceptor: what it promises, what it accepts, and that it writes both down first."""

import pytest

from consensus.effects import Check, Persist, Send, Watch
from consensus.events import Verdict
from consensus.paxos.ballot import Ballot, compute_next_ballot
from consensus.paxos.messages import Accepted, Nack, Prepare, Promise, Promised
from consensus.paxos.refusals import Refusal
from tests.consensus.paxos.bench import (
    FIRST,
    accept,
    entry,
    make_bench,
    of_type,
    refusals,
    restart,
    said,
    written,
)

SECOND, THIRD = Ballot(1, 2), Ballot(2, 0)


def test_ballots_count_rounds_first_and_never_collide() -> None:
    assert sorted([Ballot(1, 0), Ballot(0, 2), Ballot(0, 1)]) == [
        Ballot(0, 1),
        Ballot(0, 2),
        Ballot(1, 0),
    ]
    assert compute_next_ballot(Ballot(4, 2), 0) == Ballot(5, 0)
    assert compute_next_ballot(Ballot(4, 2), 0) != compute_next_ballot(Ballot(4, 2), 1)


def test_a_promise_is_written_before_it_is_given() -> None:
    bench = make_bench(1)
    effects = bench.hear(2, Prepare(SECOND, 1))
    persist, send = Persist(Promised(SECOND)), Send(2, Promise(SECOND, 0, ()))
    assert effects.index(persist) < effects.index(send)


def test_a_promise_again_is_not_written_again() -> None:
    bench = make_bench(1)
    bench.hear(2, Prepare(SECOND, 1))
    effects = bench.hear(2, Prepare(SECOND, 1))
    assert effects == [Send(2, Promise(SECOND, 0, ()))]


def test_a_lower_prepare_hears_what_was_promised() -> None:
    bench = make_bench(1)
    bench.hear(0, Prepare(THIRD, 1))
    effects = bench.hear(2, Prepare(SECOND, 1))
    assert effects == [Send(2, Nack(SECOND, THIRD))]


def test_a_promise_ends_the_belief_in_a_leader() -> None:
    bench = make_bench(1)
    bench.follow(FIRST)
    effects = bench.hear(2, Prepare(SECOND, 1))
    assert bench.replica.leader is None
    assert Watch(None) in effects


def test_a_promise_names_what_was_accepted_from_the_start_on() -> None:
    bench = make_bench(1)
    for height, value in enumerate((b"a", b"b", b"c"), start=1):
        bench.accept(FIRST, height, value)
    bench.follow(FIRST, chosen=1)
    [promise] = said(bench.hear(2, Prepare(SECOND, 3)))
    assert promise == Promise(SECOND, 1, (entry(FIRST, 3, b"c"),))


def test_an_accepted_value_is_written_before_it_is_said() -> None:
    bench = make_bench(1)
    effects = bench.accept(FIRST, 1, b"a")
    persist, send = Persist(entry(FIRST, 1, b"a")), Send(0, Accepted(FIRST, 1))
    assert effects.index(persist) < effects.index(send)
    assert bench.replica.promised == FIRST


def test_accepting_is_promising() -> None:
    bench = make_bench(1)
    bench.accept(SECOND, 1, b"a")
    assert bench.hear(0, Prepare(Ballot(1, 0), 1)) == [Send(0, Nack(Ballot(1, 0), SECOND))]


@pytest.mark.parametrize("low", [FIRST, Ballot(1, 0)])
def test_nothing_is_accepted_below_the_promise(low: Ballot) -> None:
    bench = make_bench(1)
    bench.hear(2, Prepare(SECOND, 1))
    effects = bench.hear(low.proposer, accept(low, 1, b"a"))
    assert effects == [Send(low.proposer, Nack(low, SECOND))]


def test_a_verdict_that_comes_after_a_higher_promise_is_too_late() -> None:
    bench = make_bench(1)
    bench.hear(0, accept(FIRST, 1, b"a"))
    bench.hear(2, Prepare(SECOND, 1))
    assert not written(bench.check(b"a"))
    assert bench.replica.slots[1].accepted is None


def test_a_higher_ballot_replaces_what_was_accepted() -> None:
    bench = make_bench(1)
    bench.accept(FIRST, 1, b"a")
    effects = bench.accept(SECOND, 1, b"b")
    assert written(effects) == [entry(SECOND, 1, b"b")]
    [promise] = said(bench.hear(0, Prepare(THIRD, 1)))
    assert promise.entries == (entry(SECOND, 1, b"b"),)


def test_a_proposal_that_comes_again_is_answered_again() -> None:
    bench = make_bench(1)
    bench.accept(FIRST, 1, b"a")
    effects = bench.hear(0, accept(FIRST, 1, b"a"))
    assert effects == [Send(0, Accepted(FIRST, 1))]


def test_nothing_is_accepted_unchecked() -> None:
    bench = make_bench(1)
    effects = bench.hear(0, accept(FIRST, 1, b"a"))
    assert [check.forced for check in of_type(effects, Check)] == [False]
    assert not said(effects)
    assert not said(bench.check(b"a", Verdict.INVALID))
    assert not said(bench.hear(0, accept(FIRST, 1, b"a")))


def test_what_phase_1_found_is_fetched_not_judged() -> None:
    bench = make_bench(1)
    effects = bench.hear(2, accept(SECOND, 1, b"a", imposed=True))
    assert [check.forced for check in of_type(effects, Check)] == [True]


def test_a_value_that_was_refused_may_still_be_imposed() -> None:
    bench = make_bench(1)
    bench.hear(0, accept(FIRST, 1, b"a"))
    bench.check(b"a", Verdict.INVALID)
    effects = bench.hear(2, accept(SECOND, 1, b"a", imposed=True))
    assert [check.forced for check in of_type(effects, Check)] == [True]
    assert Accepted(SECOND, 1) in said(bench.check(b"a"))


def test_a_null_needs_no_check() -> None:
    bench = make_bench(1)
    effects = bench.hear(2, accept(SECOND, 1, b"", imposed=True))
    assert not of_type(effects, Check)
    assert Accepted(SECOND, 1) in said(effects)


def test_only_the_owner_of_a_ballot_may_use_it() -> None:
    bench = make_bench(1)
    assert refusals(bench.hear(0, Prepare(SECOND, 1))) == [Refusal.NOT_THE_PROPOSER]
    assert refusals(bench.hear(2, accept(FIRST, 1, b"a"))) == [Refusal.NOT_THE_PROPOSER]


def test_beyond_the_window_nothing_is_accepted() -> None:
    bench = make_bench(1, window=8)
    assert refusals(bench.hear(0, accept(FIRST, 9, b"a"))) == [Refusal.BEYOND_WINDOW]
    assert Accepted(FIRST, 8) in said(bench.accept(FIRST, 8, b"a"))


def test_a_decided_height_is_confirmed_without_a_write() -> None:
    bench = make_bench(1)
    bench.decide(1, b"a")
    effects = bench.hear(2, accept(SECOND, 1, b"a", imposed=True))
    assert Accepted(SECOND, 1) in said(effects)
    assert not written(effects)


def test_but_not_below_the_promise() -> None:
    bench = make_bench(1)
    bench.decide(1, b"a")
    bench.hear(2, Prepare(SECOND, 1))
    assert bench.hear(0, accept(FIRST, 1, b"b")) == [Send(0, Nack(FIRST, SECOND))]


def test_an_observer_accepts_and_promises_nothing() -> None:
    bench, _ = restart(1)
    assert bench.replica.role.value == "observer"
    assert not said(bench.accept(FIRST, 1, b"a"))
    assert not said(bench.hear(2, Prepare(SECOND, 1)))
    [check] = of_type(bench.follow(FIRST, chosen=1), Check)
    assert check.forced
    bench.check(b"a")
    assert bench.replica.decided == 1
