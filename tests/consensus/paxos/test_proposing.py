"""Proposing: several heights in flight, nothing twice, and an idle chain that comes to rest."""

from typing import Any

from consensus.effects import Broadcast, Request
from consensus.events import Proposed
from consensus.message import NULL_DIGEST, compute_digest
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import Accept
from consensus.paxos.refusals import Refusal
from tests.consensus.paxos.bench import (
    FIRST,
    Bench,
    accept,
    entry,
    make_bench,
    of_type,
    refusals,
    said,
    start_event,
)


def leader(**parameters: Any) -> Bench:
    """The first leader, with work."""
    bench = make_bench(0, **parameters)
    bench.pending()
    return bench


def test_a_leader_asks_for_a_value_and_proposes_it_to_all() -> None:
    bench = make_bench(0, start=False)
    effects = bench.feed(start_event(bench, fresh=True))
    assert of_type(effects, Request) == [Request(1, ())]
    effects = bench.feed(Proposed(1, b"a"))
    assert of_type(effects, Broadcast) == [Broadcast(accept(FIRST, 1, b"a"))]


def test_the_next_height_is_asked_for_at_once_after_what_is_in_flight() -> None:
    bench = leader()
    effects = bench.feed(Proposed(1, b"a"))
    assert of_type(effects, Request) == [Request(2, (compute_digest(b"a"),))]


def test_no_more_than_the_pipeline_are_in_flight() -> None:
    bench = leader(pipeline=2)
    bench.propose(1, b"a")
    assert not of_type(bench.propose(2, b"b"), Request)
    assert [r.height for r in of_type(bench.accepted(1, 1), Request)] == [3]


def test_a_null_is_named_among_what_is_not_executed() -> None:
    bench = make_bench(1)
    bench.pending()
    effects = bench.lead((0, (entry(FIRST, 2, b"b"),)))
    [request] = of_type(effects, Request)
    assert request == Request(3, (NULL_DIGEST, compute_digest(b"b")))


def test_a_value_nobody_asked_for_is_unwanted() -> None:
    bench = leader()
    assert refusals(bench.feed(Proposed(2, b"a"))) == [Refusal.UNWANTED]
    assert refusals(make_bench(1).feed(Proposed(1, b"a"))) == [Refusal.UNWANTED]


def test_an_empty_value_is_refused() -> None:
    assert refusals(leader().feed(Proposed(1, b""))) == [Refusal.NULL_VALUE]


def test_a_new_leader_asks_for_values_above_what_it_imposes() -> None:
    bench = make_bench(1)
    effects = bench.lead((0, (entry(FIRST, 1, b"a"),)))
    assert [r.height for r in of_type(effects, Request)] == [2]


def test_it_waits_until_it_has_decided_what_others_have() -> None:
    bench = make_bench(1)
    assert not of_type(bench.lead((2, ())), Request)


def test_a_later_proposal_tells_what_is_chosen() -> None:
    bench = leader()
    bench.propose(1, b"a")
    bench.accepted(1, 1)
    [message] = [m for m in said(bench.propose(2, b"b")) if isinstance(m, Accept)]
    assert message.chosen == 1
    assert "learn" not in bench.timers


def test_an_idle_chain_with_work_moves_with_an_empty_payload() -> None:
    bench = leader()
    assert "idle" in bench.timers
    assert of_type(bench.elapse("idle"), Request) == [Request(1, (), required=True)]
    assert "idle" not in bench.timers


def test_a_chain_at_rest_does_not() -> None:
    bench = make_bench(0)
    assert "idle" not in bench.timers
    assert not of_type(bench.elapse("idle"), Request)


def test_heights_above_the_last_checkpoint_have_to_move_too() -> None:
    bench = make_bench(0, checkpoint_interval=2)
    bench.pending()
    bench.propose(1, b"a")
    bench.accepted(1, 1)
    bench.pending(some=False)
    assert "idle" in bench.timers


def test_one_value_to_a_ballot_and_height() -> None:
    """Whatever a host answers, and whoever asks again."""
    bench = leader()
    bench.propose(1, b"a")
    assert refusals(bench.feed(Proposed(1, b"b"))) == [Refusal.UNWANTED]
    again = [m for m in said(bench.elapse("resend")) if isinstance(m, Accept)]
    assert {(m.ballot, m.value) for m in again} == {(FIRST, b"a")}


def test_a_new_ballot_takes_the_own_old_proposal_over_if_it_was_accepted() -> None:
    bench = leader()
    bench.propose(1, b"a")
    bench.follow(Ballot(1, 2))
    effects = bench.lead()
    found = [m for m in said(effects) if isinstance(m, Accept)]
    assert [(m.ballot, m.value, m.imposed) for m in found] == [(Ballot(2, 0), b"a", True)]
