"""The leader's pulse: answered by all who would still follow, and a leader of no use resigns."""

from consensus.effects import Broadcast, Send
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import Alive, Heartbeat, Nack, Prepare
from consensus.paxos.refusals import Refusal
from consensus.paxos.replica import IDLE_LOOKS_MAX
from tests.consensus.paxos.bench import FIRST, make_bench, refusals, restart, said


def test_a_leader_speaks_at_each_beat() -> None:
    bench = make_bench(0)
    assert said(bench.elapse("beat")) == [Heartbeat(FIRST, 0, 1)]
    assert said(bench.elapse("beat")) == [Heartbeat(FIRST, 0, 2)]
    assert "beat" in bench.timers


def test_a_beat_is_answered() -> None:
    bench = make_bench(1)
    assert Send(0, Alive(FIRST, 3, 0)) in bench.hear(0, Heartbeat(FIRST, 0, 3))


def test_news_is_not() -> None:
    assert not said(make_bench(1).hear(0, Heartbeat(FIRST, 0, 0)))


def test_not_by_one_that_has_promised_more() -> None:
    bench = make_bench(1)
    bench.hear(2, Prepare(Ballot(1, 2), 1))
    assert bench.hear(0, Heartbeat(FIRST, 0, 1)) == [Send(0, Nack(FIRST, Ballot(1, 2)))]


def test_nor_by_an_observer() -> None:
    bench, _ = restart(1)
    assert not said(bench.hear(0, Heartbeat(FIRST, 0, 1)))


def test_what_was_decided_last_is_announced_if_no_proposal_follows() -> None:
    bench = make_bench(0)
    bench.pending()
    bench.propose(1, b"a")
    bench.accepted(1, 1)
    assert "learn" in bench.timers
    assert bench.elapse("learn")[0] == Broadcast(Heartbeat(FIRST, 1, 0))
    assert "learn" not in bench.timers


def test_an_answer_to_nobody_who_leads() -> None:
    assert refusals(make_bench(1).hear(0, Alive(FIRST, 1, 0))) == [Refusal.NOT_LEADING]
    assert refusals(make_bench(0).hear(1, Alive(Ballot(1, 0), 1, 0))) == [Refusal.NOT_LEADING]


def test_a_leader_that_a_majority_answers_stays() -> None:
    bench = make_bench(0)
    for number in (1, 2, 3):
        bench.loop_back(bench.elapse("beat"))
        bench.hear(1, Alive(FIRST, number, 0))
        bench.elapse("silence")
        assert bench.phase == "leading"


def test_one_that_nobody_answers_resigns_and_is_more_patient() -> None:
    bench = make_bench(0)
    bench.loop_back(bench.elapse("beat"))
    bench.elapse("silence")
    assert bench.phase == "following"
    assert bench.replica.clock.failures == 1
    assert "election" in bench.timers


def test_one_that_proposes_and_decides_nothing_for_a_look_resigns() -> None:
    bench = make_bench(0)
    bench.pending()
    bench.propose(1, b"a")
    bench.hear(1, Alive(FIRST, 1, 0))
    bench.elapse("silence")
    assert bench.phase == "following"


def test_a_follower_that_hears_nothing_suspects_by_itself() -> None:
    bench = make_bench(1)
    bench.follow(FIRST)
    bench.elapse("silence")
    assert bench.replica.trusts_leader
    bench.elapse("silence")
    assert not bench.replica.trusts_leader


def test_a_leader_that_lets_work_wait_is_trusted_no_more() -> None:
    bench = make_bench(1)
    bench.pending()
    for _ in range(IDLE_LOOKS_MAX):
        bench.follow(FIRST)
        assert bench.replica.trusts_leader
        bench.elapse("silence")
    assert not bench.replica.trusts_leader


def test_a_leader_that_decides_is() -> None:
    bench = make_bench(1)
    bench.pending()
    for height in range(1, 2 * IDLE_LOOKS_MAX):
        bench.decide(height, b"%d" % height)
        bench.elapse("silence")
    assert bench.replica.trusts_leader
