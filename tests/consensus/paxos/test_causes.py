"""Why a ballot is left is counted under one cause each."""

from collections.abc import Callable

import pytest

from consensus import catalog
from consensus.events import Suspected
from consensus.paxos.ballot import Ballot
from consensus.paxos.causes import Cause
from consensus.paxos.messages import Heartbeat, Nack, Prepare
from consensus.paxos.replica import IDLE_LOOKS_MAX
from tests.consensus.paxos.bench import FIRST, Bench, make_bench

MINE = Ballot(1, 1)


def suspected() -> Bench:
    bench = make_bench(1)
    bench.feed(Suspected(0))
    bench.lead((0, ()))
    return bench


def unheard() -> Bench:
    bench = make_bench(1)
    bench.elapse("silence")
    bench.hear(2, Prepare(Ballot(1, 2), 1))
    return bench


def idle() -> Bench:
    bench = make_bench(1)
    bench.pending()
    for _ in range(IDLE_LOOKS_MAX + 1):
        bench.hear(0, Heartbeat(FIRST, 0, 0))
        bench.elapse("silence")
    bench.hear(2, Prepare(Ballot(1, 2), 1))
    return bench


def resigned() -> Bench:
    bench = make_bench(0)
    bench.elapse("silence")
    return bench


def outbid() -> Bench:
    bench = make_bench(0)
    bench.hear(1, Nack(FIRST, Ballot(3, 2)))
    return bench


def another_leader() -> Bench:
    bench = make_bench(1)
    bench.follow(FIRST)
    bench.follow(Ballot(1, 2))
    return bench


SITUATIONS: dict[Callable[[], Bench], Cause] = {
    suspected: Cause.LEADER_SUSPECTED,
    unheard: Cause.LEADER_UNHEARD,
    idle: Cause.LEADER_IDLE,
    resigned: Cause.LEADER_RESIGNED,
    outbid: Cause.OUTBID,
    another_leader: Cause.OUTBID,
}


def causes(bench: Bench) -> dict[str, int]:
    return dict(catalog.get("paxos").account(bench.engine).causes)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.__name__)
def test_each_cause_is_told_by_the_account(situation: Callable[[], Bench]) -> None:
    assert causes(situation()) == {SITUATIONS[situation].value: 1}


def test_a_candidate_whom_nobody_supports_counts_each_attempt() -> None:
    bench = make_bench(1)
    bench.feed(Suspected(0))
    for _ in range(3):
        bench.elapse("election")
    assert causes(bench) == {Cause.NO_MAJORITY.value: 2}


def test_a_candidate_without_a_leader_that_meets_a_higher_ballot_is_outbid_once() -> None:
    bench = make_bench(1)
    bench.prepare()
    before = causes(bench)
    bench.hear(2, Nack(MINE, Ballot(7, 2)))
    after = causes(bench)
    assert sum(after.values()) == sum(before.values()) + 1


def test_nothing_is_left_in_good_times() -> None:
    bench = make_bench(0)
    bench.propose(1, b"a")
    bench.accepted(1, 1)
    assert causes(bench) == {}
