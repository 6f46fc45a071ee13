"""Repeating, asking, and taking decided heights."""

from typing import Any

from consensus.effects import Behind, Broadcast, Certify, Decide, Send, SetTimer
from consensus.events import Offered
from consensus.paxos.ballot import Ballot
from consensus.paxos.catch_up import ANSWERED_HEIGHTS
from consensus.paxos.messages import (
    Accept,
    Canvass,
    ChosenSeal,
    Heartbeat,
    Lack,
    Learned,
    Prepare,
    Support,
)
from consensus.paxos.refusals import Refusal
from tests.consensus.paxos.bench import (
    FIRST,
    Bench,
    accept,
    block_id_of,
    certificate,
    learned,
    make_bench,
    of_type,
    refusals,
    said,
)


def at(height: int, **parameters: Any) -> Bench:
    """A replica that has decided and executed so much."""
    bench = make_bench(1, **parameters)
    for number in range(1, height + 1):
        bench.decide(number, b"%d" % number)
    return bench


def test_a_leader_repeats_to_those_who_have_not_accepted() -> None:
    bench = make_bench(0, size=5)
    bench.pending()
    bench.propose(1, b"a")
    bench.accepted(1, 2)
    again = [e.to for e in of_type(bench.elapse("resend"), Send) if isinstance(e.message, Accept)]
    assert again == [1, 3, 4]


def test_a_candidate_repeats_what_it_asks_for() -> None:
    bench = make_bench(1, size=5)
    bench.stand()
    assert Broadcast(Canvass(Ballot(1, 1))) in bench.elapse("resend")
    for member in (1, 2, 3):
        bench.hear(member, Support(Ballot(1, 1)))
    assert Broadcast(Prepare(Ballot(1, 1), 1)) in bench.elapse("resend")


def test_pauses_double_up_to_a_cap_and_progress_shortens_them() -> None:
    bench = make_bench(1, resend_ms=100)
    bench.follow(FIRST, chosen=3)
    waits = []
    for _ in range(5):
        effects = bench.elapse("resend")
        timers = of_type(effects, SetTimer)
        waits += [timer.after_ms for timer in timers if timer.timer == ("resend",)]
    assert waits == [200, 400, 800, 800, 800]
    bench.decide(1, b"a")
    assert bench.replica.clock.resends == 0


def test_a_question_is_answered_with_the_next_heights() -> None:
    effects = at(6).hear(2, Lack(1, 0))
    assert [m.height for m in said(effects)] == list(range(2, 2 + ANSWERED_HEIGHTS))


def test_and_with_the_certificate_that_is_missing() -> None:
    bench = at(2, checkpoint_interval=2)
    proof = certificate(2, block_id_of(2))
    bench.hear(0, proof)
    assert Send(2, proof) in bench.hear(2, Lack(2, 0))
    assert not said(bench.hear(2, Lack(2, 2)))


def test_who_asks_from_further_on_shows_how_far_it_is() -> None:
    bench = at(1)
    effects = bench.hear(2, Lack(9, 0))
    assert bench.replica.known == 9
    assert of_type(effects, Behind) == [Behind(9)]


def test_a_small_gap_is_asked_for_a_large_one_fetched() -> None:
    bench = make_bench(1)
    assert not of_type(bench.follow(FIRST, chosen=2), Behind)
    assert of_type(bench.follow(FIRST, chosen=20), Behind) == [Behind(20)]
    assert not of_type(bench.follow(FIRST, chosen=21), Behind)


def test_what_is_fetched_is_decided_with_its_certificate() -> None:
    bench = make_bench(1, checkpoint_interval=1)
    proof = certificate(1, block_id_of(1))
    effects = bench.feed(Offered(1, (b"a",), ChosenSeal(FIRST), proof))
    assert of_type(effects, Decide) == [Decide(1, (b"a",), ChosenSeal(FIRST))]
    assert Certify(1, proof) in bench.apply(1)


def test_a_follower_takes_what_its_host_brings() -> None:
    bench = make_bench(None)
    effects = bench.feed(Offered(1, (), ChosenSeal(FIRST)))
    assert of_type(effects, Decide) == [Decide(1, (), ChosenSeal(FIRST))]


def test_only_the_next_height_is_taken_and_only_under_a_seal() -> None:
    bench = make_bench(1)
    assert refusals(bench.feed(Offered(2, (b"a",), ChosenSeal(FIRST)))) == [Refusal.UNWANTED]
    assert refusals(bench.feed(Offered(1, (b"a",), Heartbeat(FIRST, 0, 0)))) == [Refusal.BAD_SEAL]
    bench.feed(Offered(1, (b"a",), ChosenSeal(FIRST)))
    assert refusals(bench.feed(Offered(1, (b"a",), ChosenSeal(FIRST)))) == [Refusal.DECIDED]


def test_what_is_decided_is_handed_on_under_the_ballot_that_chose_it() -> None:
    bench = make_bench(1)
    bench.decide(1, b"a", Ballot(1, 2))
    assert said(bench.hear(0, Lack(0, 0))) == [Learned(1, (b"a",), ChosenSeal(Ballot(1, 2)))]


def test_a_straggler_decides_what_it_is_told_in_order() -> None:
    bench = make_bench(1)
    bench.hear(2, learned(2, b"b"))
    assert not of_type(bench.check(b"b"), Decide)
    bench.hear(2, learned(1, b"a"))
    assert [e.height for e in of_type(bench.check(b"a"), Decide)] == [1, 2]


def test_nothing_is_repeated_where_nothing_is_open() -> None:
    bench = at(1)
    assert "resend" not in bench.timers
    assert not said(bench.elapse("resend"))


def test_a_proposal_for_a_chosen_height_only_has_it_fetched() -> None:
    bench = make_bench(1)
    bench.hear(2, learned(1, b"a", Ballot(1, 2)))
    assert not said(bench.hear(0, accept(FIRST, 1, b"b")))
    assert bench.replica.slots[1].outcome is not None
    assert bench.replica.slots[1].outcome.value == b"a"
