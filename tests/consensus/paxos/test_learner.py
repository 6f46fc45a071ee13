"""Learning: what is chosen, whose word says so, and in which order it is decided."""

from consensus.effects import Check, Decide, Effect, Send
from consensus.events import Offered, Proposed, Verdict
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import Accepted, ChosenSeal, Heartbeat, Lack, Learned
from consensus.paxos.refusals import Refusal
from tests.consensus.paxos.bench import (
    FIRST,
    accept,
    entry,
    learned,
    make_bench,
    of_type,
    refusals,
    said,
)

HIGH = Ballot(3, 2)


def decided(effects: list[Effect]) -> list[tuple[int, tuple[bytes, ...]]]:
    return [(e.height, e.values) for e in of_type(effects, Decide)]


def test_a_majority_in_one_ballot_makes_a_value_chosen() -> None:
    bench = make_bench(0)
    bench.pending()
    effects = bench.propose(1, b"a")
    assert not decided(effects)
    assert decided(bench.accepted(1, 1)) == [(1, (b"a",))]


def test_one_voice_counts_once() -> None:
    bench = make_bench(0, size=5)
    bench.pending()
    bench.propose(1, b"a")
    assert not decided(bench.accepted(1, 1))
    assert refusals(bench.hear(1, Accepted(FIRST, 1))) == [Refusal.DUPLICATE]
    assert decided(bench.accepted(1, 2)) == [(1, (b"a",))]


def test_voices_of_another_ballot_do_not_count() -> None:
    bench = make_bench(0)
    bench.pending()
    bench.propose(1, b"a")
    assert refusals(bench.hear(1, Accepted(HIGH, 1))) == [Refusal.STALE_BALLOT]


def test_voices_of_a_lost_leadership_do_not_count_in_the_next() -> None:
    bench = make_bench(0, size=5)
    bench.pending()
    bench.propose(1, b"a")
    bench.accepted(1, 1)
    bench.follow(Ballot(1, 2))
    bench.lead()
    assert bench.replica.slots[1].voices == {0}
    assert not decided(bench.accepted(1, 1))
    assert decided(bench.accepted(1, 2)) == [(1, (b"a",))]


def test_heights_are_decided_in_order() -> None:
    bench = make_bench(0)
    bench.pending()
    bench.propose(1, b"a")
    bench.propose(2, b"b")
    assert not decided(bench.accepted(2, 1))
    assert decided(bench.accepted(1, 1)) == [(1, (b"a",)), (2, (b"b",))]


def test_what_the_leader_has_decided_is_what_it_proposed_in_its_ballot() -> None:
    bench = make_bench(1)
    bench.accept(FIRST, 1, b"a")
    assert decided(bench.follow(FIRST, chosen=1)) == [(1, (b"a",))]


def test_the_news_rides_on_the_next_proposal() -> None:
    bench = make_bench(1)
    bench.accept(FIRST, 1, b"a")
    assert decided(bench.hear(0, accept(FIRST, 2, b"b", chosen=1))) == [(1, (b"a",))]


def test_what_was_proposed_in_another_ballot_is_asked_for() -> None:
    bench = make_bench(1)
    bench.accept(FIRST, 1, b"a")
    effects = bench.follow(HIGH, chosen=1)
    assert not decided(effects)
    assert bench.replica.known == 1
    assert Lack(0, 0) in said(bench.elapse("resend"))
    assert not decided(bench.hear(2, learned(1, b"b", HIGH)))
    assert decided(bench.check(b"b")) == [(1, (b"b",))]


def test_a_height_that_never_came_is_asked_for_at_once() -> None:
    bench = make_bench(1)
    effects = bench.follow(FIRST, chosen=2)
    assert of_type(effects, Send)[-1] == Send(0, Lack(0, 0))
    assert not said([e for e in bench.follow(FIRST, chosen=2) if e == Send(0, Lack(0, 0))])


def test_a_chosen_value_is_fetched_not_judged() -> None:
    bench = make_bench(1)
    effects = bench.hear(2, learned(1, b"a"))
    assert [check.forced for check in of_type(effects, Check)] == [True]
    assert not decided(bench.check(b"a", Verdict.LATER))
    assert decided(bench.check(b"a")) == [(1, (b"a",))]


def test_a_null_needs_no_value() -> None:
    bench = make_bench(1)
    assert decided(bench.hear(2, learned(1, b""))) == [(1, ())]
    assert bench.replica.history[1].values == ()


def test_a_decided_height_is_not_decided_again() -> None:
    bench = make_bench(1)
    bench.decide(1, b"a")
    assert refusals(bench.hear(2, learned(1, b"a"))) == [Refusal.DECIDED]


def test_far_ahead_and_nonsense_is_refused() -> None:
    bench = make_bench(1, window=8)
    assert refusals(bench.hear(2, learned(9, b"a"))) == [Refusal.BEYOND_WINDOW]
    two = Learned(1, (b"a", b"b"), ChosenSeal(FIRST))
    assert refusals(bench.hear(2, two)) == [Refusal.BAD_SEAL]
    assert refusals(bench.hear(2, learned(1, b"a", Ballot(0, 9)))) == [Refusal.BAD_SEAL]


def test_history_is_kept_for_one_window() -> None:
    bench = make_bench(1, window=8)
    for height in range(1, 12):
        bench.decide(height, b"%d" % height)
    assert sorted(bench.replica.history) == list(range(4, 12))


def test_a_leader_that_learns_of_a_higher_ballot_leads_no_more() -> None:
    """What it proposed at that height is not what was chosen, so its word would mislead."""
    bench = make_bench(0, size=5)
    bench.pending()
    bench.propose(1, b"mine")
    bench.hear(3, learned(1, b"theirs", HIGH))
    effects = bench.check(b"theirs")
    assert decided(effects) == [(1, (b"theirs",))]
    assert bench.phase == "following"
    assert not [m for m in said(effects) if isinstance(m, Heartbeat)]
    assert bench.replica.seen == HIGH


def test_so_does_one_whose_host_has_fetched_it() -> None:
    bench = make_bench(0, size=5)
    bench.pending()
    bench.propose(1, b"mine")
    effects = bench.feed(Offered(1, (b"theirs",), ChosenSeal(HIGH)))
    assert decided(effects) == [(1, (b"theirs",))]
    assert bench.phase == "following"


def test_and_a_value_that_its_host_still_makes_is_unwanted() -> None:
    bench = make_bench(0, size=5)
    bench.pending()
    bench.feed(Offered(1, (b"theirs",), ChosenSeal(HIGH)))
    assert refusals(bench.feed(Proposed(1, b"mine"))) == [Refusal.UNWANTED]


def test_what_was_chosen_in_a_lower_ballot_troubles_no_leader() -> None:
    bench = make_bench(1, size=5)
    bench.lead((0, (entry(FIRST, 1, b"a"),)))
    effects = bench.feed(Offered(1, (b"a",), ChosenSeal(FIRST)))
    assert decided(effects) == [(1, (b"a",))]
    assert bench.phase == "leading"
