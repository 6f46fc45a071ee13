"""Reads by the read index: confirmed by a majority after the question, and never before."""

from consensus.effects import Effect, Readable, Send
from consensus.events import Read
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import Alive, AskIndex, Heartbeat, Index
from consensus.paxos.reading import READS_PER_MEMBER
from consensus.paxos.refusals import Refusal
from tests.consensus.paxos.bench import (
    FIRST,
    Bench,
    entry,
    make_bench,
    of_type,
    refusals,
    restart,
    said,
)


def indices(effects: list[Effect]) -> list[Index]:
    return [m for m in said(effects) if isinstance(m, Index)]


def leader_at(height: int, size: int = 3) -> Bench:
    """The first leader, which has decided so much."""
    bench = make_bench(0, size)
    bench.pending()
    for number in range(1, height + 1):
        bench.propose(number, b"%d" % number)
        bench.accepted(number, *bench.others[: bench.committee.majority - 1])
        bench.apply(number)
    return bench


def test_a_member_asks_its_leader_and_passes_the_answer_on() -> None:
    bench = make_bench(1)
    bench.follow(FIRST)
    assert bench.feed(Read(7))[0] == Send(0, AskIndex(1, 7))
    assert of_type(bench.hear(0, Index(1, 7, 4)), Readable) == [Readable(7, 4)]
    assert refusals(bench.hear(0, Index(1, 7, 4))) == [Refusal.UNWANTED]


def test_a_question_is_asked_once_in_a_ballot_and_again_of_the_next_leader() -> None:
    bench = make_bench(1)
    bench.follow(FIRST)
    bench.feed(Read(7))
    assert not said(bench.feed(Read(7)))
    assert Send(2, AskIndex(1, 7)) in bench.follow(Ballot(1, 2))


def test_without_a_leader_it_waits() -> None:
    bench, _ = restart(1, entry(FIRST, 1, b"a"))
    assert not said(bench.feed(Read(7)))
    assert Send(2, AskIndex(1, 7)) in bench.follow(Ballot(1, 2))


def test_a_leader_answers_when_a_majority_has_answered_a_later_beat() -> None:
    bench = leader_at(2, size=5)
    bench.loop_back(bench.elapse("beat"))
    bench.hear(1, Alive(FIRST, 1, 0))
    bench.hear(2, Alive(FIRST, 1, 0))
    effects = bench.loop_back(bench.hear(3, AskIndex(3, 7)))
    assert Heartbeat(FIRST, 2, 2) in said(effects)
    assert not indices(effects)
    assert not indices(bench.hear(1, Alive(FIRST, 1, 0)))
    assert not indices(bench.hear(1, Alive(FIRST, 2, 0)))
    assert bench.hear(2, Alive(FIRST, 2, 0))[0] == Send(3, Index(3, 7, 2))


def test_the_index_is_that_of_the_question_or_later() -> None:
    bench = leader_at(1)
    bench.loop_back(bench.hear(2, AskIndex(2, 7)))
    bench.propose(2, b"2")
    bench.accepted(2, 1)
    [index] = indices(bench.loop_back(bench.hear(1, Alive(FIRST, 1, 0))))
    assert index == Index(2, 7, 1)


def test_questions_share_a_beat() -> None:
    bench = leader_at(1)
    bench.loop_back(bench.hear(2, AskIndex(2, 7)))
    effects = bench.loop_back(bench.hear(2, AskIndex(2, 8)))
    assert not said(effects)
    effects = bench.loop_back(bench.hear(1, Alive(FIRST, 1, 0)))
    assert indices(effects) == [Index(2, 7, 1)]
    assert indices(bench.loop_back(bench.hear(1, Alive(FIRST, 2, 0)))) == [Index(2, 8, 1)]


def test_a_new_leader_waits_for_what_phase_1_has_found() -> None:
    bench = make_bench(1)
    bench.lead((0, (entry(FIRST, 1, b"a"),)))
    mine = bench.replica.candidate
    effects = bench.loop_back(bench.hear(2, AskIndex(2, 7)))
    effects += bench.loop_back(bench.hear(2, Alive(mine, 1, 0)))
    assert not indices(effects)
    bench.check(b"a")
    effects = bench.loop_back(bench.accepted(1, 1, 2))
    effects += bench.loop_back(bench.hear(2, Alive(mine, bench.replica.leading.beats, 0)))
    assert indices(effects) == [Index(2, 7, 1)]


def test_and_for_what_others_have_decided() -> None:
    bench = make_bench(1)
    bench.lead((3, ()))
    mine = bench.replica.candidate
    bench.loop_back(bench.hear(2, AskIndex(2, 7)))
    assert not indices(bench.loop_back(bench.hear(2, Alive(mine, 5, 3))))


def test_questions_of_a_lost_leadership_are_forgotten() -> None:
    bench = leader_at(1)
    bench.hear(2, AskIndex(2, 7))
    bench.follow(Ballot(1, 2))
    assert not bench.replica.leading.reads
    assert not indices(bench.hear(1, Alive(FIRST, 9, 0)))


def test_a_leader_reads_too() -> None:
    bench = leader_at(1)
    effects = bench.loop_back(bench.feed(Read(3)))
    assert not of_type(effects, Readable)
    effects = bench.loop_back(bench.hear(1, Alive(FIRST, 1, 0)))
    assert of_type(effects, Readable) == [Readable(3, 1)]


def test_one_alone_confirms_itself() -> None:
    bench = leader_at(1, size=1)
    assert Readable(3, 1) in bench.loop_back(bench.feed(Read(3)))


def test_who_has_no_vote_reads_nothing() -> None:
    bench, _ = restart(1)
    assert refusals(bench.feed(Read(3))) == [Refusal.NOT_VOTING]
    follower = make_bench(None)
    assert refusals(follower.feed(Read(3))) == [Refusal.NOT_VOTING]


def test_a_question_that_is_no_leaders_is_passed_on_for_who_cannot_reach_it() -> None:
    bench = make_bench(1)
    bench.follow(FIRST)
    assert Send(0, AskIndex(2, 7)) in bench.hear(2, AskIndex(2, 7))
    effects = bench.hear(0, Index(2, 7, 4))
    assert Send(2, Index(2, 7, 4)) in effects
    assert not of_type(effects, Readable)


def test_only_once() -> None:
    bench = make_bench(1)
    bench.follow(FIRST)
    assert refusals(bench.hear(2, AskIndex(0, 7))) == [Refusal.NOT_LEADING]
    bench = leader_at(1)
    bench.hear(2, AskIndex(2, 7))
    assert refusals(bench.hear(2, AskIndex(2, 7))) == [Refusal.DUPLICATE]


def test_what_is_not_answered_is_asked_of_all() -> None:
    bench = make_bench(1)
    bench.follow(FIRST)
    bench.feed(Read(7))
    assert "resend" in bench.timers
    assert AskIndex(1, 7) in said(bench.elapse("resend"))


def test_reads_are_bounded() -> None:
    bench = make_bench(1)
    bench.follow(FIRST)
    for ticket in range(READS_PER_MEMBER + 5):
        bench.feed(Read(ticket))
    assert len(bench.replica.tickets) == READS_PER_MEMBER
    leader = leader_at(1)
    told = [leader.hear(2, AskIndex(2, n)) for n in range(READS_PER_MEMBER + 1)]
    assert refusals(told[-1]) == [Refusal.ANSWERED]
