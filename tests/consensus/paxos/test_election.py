"""Elections: the detector's word, the canvass, and phase 1 over all open heights at once."""

import pytest

from consensus.effects import Broadcast, Persist, Send, SetTimer, Watch
from consensus.events import Suspected, Trusted
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import (
    Accept,
    Canvass,
    Heartbeat,
    Nack,
    Prepare,
    Promise,
    Promised,
    Support,
)
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
    start_event,
)

MINE = Ballot(1, 1)


def test_the_first_member_leads_from_the_start_and_the_others_watch_it() -> None:
    assert make_bench(0).phase == "leading"
    bench = make_bench(1, start=False)
    assert Watch(0) in bench.feed(start_event(bench, fresh=True))
    assert bench.phase == "following"


def test_who_trusts_its_leader_does_not_stand() -> None:
    bench = make_bench(1)
    assert "election" not in bench.timers
    assert not said(bench.elapse("election"))


def test_a_suspicion_starts_a_draw_from_t_to_2t() -> None:
    bench = make_bench(1, election_ms=150)
    effects = bench.feed(Suspected(0))
    assert SetTimer(("election",), 150, 150) in effects


def test_it_is_taken_back_when_the_leader_is_heard() -> None:
    bench = make_bench(1)
    bench.feed(Suspected(0))
    bench.follow(FIRST)
    assert "election" not in bench.timers
    bench.feed(Suspected(0))
    bench.feed(Trusted(0))
    assert "election" not in bench.timers


def test_a_word_on_somebody_else_is_unwanted() -> None:
    bench = make_bench(1)
    assert refusals(bench.feed(Suspected(2))) == [Refusal.UNWANTED]
    assert refusals(bench.feed(Trusted(2))) == [Refusal.UNWANTED]


def test_a_candidate_canvasses_before_it_binds_anybody() -> None:
    bench = make_bench(1)
    effects = bench.stand()
    assert said(effects) == [Canvass(MINE)]
    assert not of_type(effects, Persist)
    assert bench.phase == "canvassing"


def test_with_a_majority_behind_it_it_writes_its_ballot_down_and_prepares() -> None:
    bench = make_bench(1, size=5)
    bench.loop_back(bench.stand())
    assert bench.replica.supporters == {1}
    assert not said(bench.hear(2, Support(MINE)))
    effects = bench.hear(3, Support(MINE))
    persist, prepare = Persist(Promised(MINE)), Broadcast(Prepare(MINE, 1))
    assert effects.index(persist) < effects.index(prepare)
    assert refusals(bench.hear(4, Support(MINE))) == [Refusal.UNWANTED]


def test_a_majority_of_promises_makes_a_leader_that_says_so() -> None:
    bench = make_bench(1)
    bench.prepare()
    effects = bench.hear(2, Promise(MINE, 0, ()))
    assert bench.phase == "leading"
    assert Broadcast(Heartbeat(MINE, 0, 1)) in effects


def test_promises_of_another_ballot_do_not_count() -> None:
    bench = make_bench(1)
    bench.prepare()
    assert refusals(bench.hear(2, Promise(Ballot(0, 1), 0, ()))) == [Refusal.STALE_BALLOT]
    assert bench.phase == "preparing"


def test_one_member_promises_once() -> None:
    bench = make_bench(1, size=5)
    bench.prepare()
    for _ in range(3):
        bench.hear(2, Promise(MINE, 0, ()))
    assert bench.phase == "preparing"


def proposals(bench: Bench, *promises: tuple[int, tuple[object, ...]]) -> list[tuple[int, bytes]]:
    """What a new leader proposes at once."""
    effects = bench.lead(*promises)  # type: ignore[arg-type]
    return [(m.height, m.value) for m in said(effects) if isinstance(m, Accept)]


def test_the_value_of_the_highest_ballot_is_taken_over() -> None:
    """The chapter takes the greatest value; that loses a choice (see `test_beyond_bound`)."""
    one = (0, (entry(Ballot(0, 0), 1, b"zzz"),))
    two = (0, (entry(Ballot(0, 2), 1, b"aaa"),))
    assert proposals(make_bench(1, size=5), one, two) == [(1, b"aaa")]


def test_holes_are_filled_with_nulls_and_what_is_above_is_free() -> None:
    bench = make_bench(1)
    bench.pending()
    found = (entry(FIRST, 2, b"b"), entry(FIRST, 4, b"d"))
    assert proposals(bench, (0, found)) == [(1, b""), (2, b"b"), (3, b""), (4, b"d")]
    assert bench.replica.ordering.next_height == 5


def test_what_somebody_has_decided_is_learned_not_proposed() -> None:
    bench = make_bench(1)
    assert proposals(bench, (2, (entry(FIRST, 3, b"c"),))) == [(3, b"c")]
    assert bench.replica.known == 2
    assert not bench.replica.is_settled


def test_what_it_has_accepted_itself_counts_too() -> None:
    bench = make_bench(1)
    bench.accept(FIRST, 1, b"mine")
    assert proposals(bench, (0, ())) == [(1, b"mine")]


def test_an_entry_counts_however_little_its_acceptor_has_kept_of_the_ledger() -> None:
    """Its blocks may have been lost with what was not synced; what it accepted was not."""
    bench = make_bench(1, window=8)
    entries = tuple(entry(FIRST, h, b"%d" % h) for h in range(1, 13))
    got = proposals(bench, (0, entries))
    assert got == [(h, b"%d" % h) for h in range(1, 9)]
    assert bench.replica.ordering.imposed_to == 12


def test_imposed_heights_beyond_the_window_follow_later() -> None:
    bench = make_bench(1, window=8)
    entries = tuple(entry(FIRST, h, b"%d" % h) for h in range(1, 10))
    bench.lead((0, entries))
    bench.check(b"1")
    effects = bench.accepted(1, 1, 2)
    assert [m.height for m in said(effects) if isinstance(m, Accept)] == [9]


def test_a_nack_ends_a_candidacy_and_shows_what_to_exceed() -> None:
    bench = make_bench(1, election_ms=100)
    bench.prepare()
    effects = bench.hear(2, Nack(MINE, Ballot(7, 2)))
    assert bench.phase == "following"
    assert SetTimer(("election",), 200, 200) in effects
    assert said(bench.elapse("election")) == [Canvass(Ballot(8, 1))]


def test_a_nack_ends_a_leadership() -> None:
    bench = make_bench(0)
    bench.hear(1, Nack(FIRST, Ballot(3, 2)))
    assert bench.phase == "following"
    assert bench.replica.leader is None


def test_a_nack_to_another_ballot_is_unwanted() -> None:
    bench = make_bench(0)
    assert refusals(bench.hear(1, Nack(MINE, Ballot(3, 2)))) == [Refusal.UNWANTED]


def test_patience_doubles_with_each_failure_up_to_a_cap() -> None:
    bench = make_bench(1, election_ms=100, election_max_ms=350)
    bench.feed(Suspected(0))
    waits = []
    for _ in range(4):
        [timer] = [e for e in bench.elapse("election") if isinstance(e, SetTimer) and e.spread_ms]
        waits.append((timer.after_ms, timer.spread_ms))
    assert waits == [(100, 100), (200, 200), (350, 350), (350, 350)]


def test_and_comes_back_with_progress() -> None:
    bench = make_bench(1)
    bench.feed(Suspected(0))
    for _ in range(3):
        bench.elapse("election")
    failures = bench.replica.clock.failures
    bench.follow(FIRST)
    for height in range(1, 9):
        bench.decide(height, b"%d" % height)
    assert bench.replica.clock.failures == failures - 2


def test_whoever_trusts_a_leader_does_not_support_another() -> None:
    bench = make_bench(1)
    assert refusals(bench.hear(2, Canvass(Ballot(1, 2)))) == [Refusal.TRUSTS_LEADER]
    bench.feed(Suspected(0))
    assert Send(2, Support(Ballot(1, 2))) in bench.hear(2, Canvass(Ballot(1, 2)))


def test_but_it_supports_the_leader_itself() -> None:
    bench = make_bench(1)
    assert Send(0, Support(Ballot(1, 0))) in bench.hear(0, Canvass(Ballot(1, 0)))


def test_a_leader_supports_nobody_else() -> None:
    bench = make_bench(0)
    assert refusals(bench.hear(2, Canvass(Ballot(1, 2)))) == [Refusal.TRUSTS_LEADER]


def test_a_canvass_that_is_too_low_hears_so() -> None:
    bench = make_bench(1)
    bench.hear(2, Prepare(Ballot(5, 2), 1))
    assert bench.hear(0, Canvass(Ballot(5, 0))) == [Send(0, Nack(Ballot(5, 0), Ballot(5, 2)))]


def test_a_canvass_binds_nobody() -> None:
    bench = make_bench(1)
    bench.feed(Suspected(0))
    bench.hear(2, Canvass(Ballot(1, 2)))
    assert bench.replica.promised == FIRST
    assert bench.follow(FIRST)
    assert bench.replica.trusts_leader


@pytest.mark.parametrize("message", [Canvass(Ballot(1, 2)), Support(MINE)])
def test_observers_stay_out_of_elections(message: object) -> None:
    bench, _ = restart(1)
    assert not said(bench.hear(2, message))
    assert "election" not in bench.timers


def test_a_higher_leader_ends_a_leadership() -> None:
    bench = make_bench(0)
    bench.follow(Ballot(1, 2))
    assert bench.phase == "following"
    assert bench.replica.leader == Ballot(1, 2)


def test_a_candidate_steps_back_for_a_leader_that_is_heard() -> None:
    bench = make_bench(1)
    bench.stand()
    bench.follow(Ballot(1, 2))
    assert bench.phase == "following"
    assert refusals(bench.hear(2, Support(MINE))) == [Refusal.UNWANTED]


def test_one_alone_elects_itself_at_once() -> None:
    bench, effects = restart(0, Promised(FIRST), size=1)
    assert SetTimer(("election",), 1, 0) in effects
    bench.loop_back(bench.elapse("election"))
    assert bench.phase == "leading"
    assert bench.replica.candidate == Ballot(1, 0)
