"""Fairness of traces that were written by hand, and of real ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.simulation.entry import Entry
from consensus.simulation.fairness import Fairness, measure_fairness

CORRECT = (0, 1, 2)


def send(number: int, place: int = 0, peer: int | None = None, at_ms: int = 0) -> Entry:
    return Entry(at_ms, place, "send", peer, "Vote", "", number, place)


def receive(number: int, place: int, origin: int = 0) -> Entry:
    return Entry(0, place, "receive", origin, "Vote", "", number, origin)


def lose(number: int, place: int, origin: int = 0) -> Entry:
    return Entry(0, origin, "lose", place, "Vote", "", number, origin)


def do(place: int, kind: str = "event", name: str = "", detail: str = "", at_ms: int = 0) -> Entry:
    return Entry(at_ms, place, kind, None, name, detail)


def work(times: int, place: int = 0) -> list[Entry]:
    return [do(place)] * times


def found(measured: Fairness) -> list[tuple[str, int, int, int, int]]:
    return [
        (breach.kind, breach.place, breach.begin, breach.end, breach.number)
        for breach in measured.breaches
    ]


def test_an_empty_trace_is_fair() -> None:
    assert measure_fairness([], CORRECT, 0) == Fairness(0, 0, 0, 0, 0, 0, ())


def test_ages_are_counted_in_entries() -> None:
    entries = [send(7), receive(7, 1), *work(3), receive(7, 2)]
    measured = measure_fairness(entries, CORRECT, 5)
    assert (measured.age_max, measured.idle_max, measured.copies) == (5, 5, 2)
    assert measured.is_fair


def test_a_message_that_comes_too_late() -> None:
    entries = [send(7), receive(7, 1), *work(3), do(2), receive(7, 2)]
    assert found(measure_fairness(entries, CORRECT, 5)) == [("late-message", 2, 0, 6, 7)]


def test_a_message_that_never_comes() -> None:
    entries = [send(7, peer=2), *work(4), do(2), *work(3)]
    measured = measure_fairness(entries, CORRECT, 8)
    assert measured.undelivered == 1
    assert measured.is_fair
    assert found(measure_fairness(entries, CORRECT, 7)) == [("undelivered-message", 2, 0, 8, 7)]


def test_a_host_that_gets_no_turn() -> None:
    entries = [do(2), send(7, peer=2), *work(4), receive(7, 2)]
    measured = measure_fairness(entries, CORRECT, 4)
    assert found(measured) == [("idle-host", 2, 1, 6, 0), ("late-message", 2, 1, 6, 7)]
    assert measured.breaches[0].span == measured.idle_max == 5


def test_a_host_with_nothing_to_do_may_be_idle() -> None:
    measured = measure_fairness([do(2), *work(50), do(2)], CORRECT, 0)
    assert measured.is_fair
    assert measured.idle_max == 0


def test_a_paused_host_is_slow_and_a_host_that_is_down_is_not() -> None:
    def run(before: str, after: str) -> Fairness:
        entries = [send(7, peer=2), do(2, before), *work(6), do(2, after), receive(7, 2)]
        return measure_fairness(entries, CORRECT, 6)

    assert found(run("pause", "resume")) == [
        ("idle-host", 2, 0, 8, 0),
        ("late-message", 2, 0, 9, 7),
    ]
    assert found(run("crash", "restart")) == [("late-message", 2, 0, 9, 7)]
    assert run("crash", "restart").idle_max == 1


def test_what_arrives_at_a_paused_host_is_delivered_when_it_resumes() -> None:
    arrivals = [receive(7, 2), do(2, "timer", "view")]
    entries = [send(7, peer=2), do(2, "pause"), *arrivals, *work(6), do(2, "resume"), do(2)]
    assert found(measure_fairness(entries, CORRECT, 6)) == [
        ("idle-host", 2, 0, 10, 0),
        ("late-message", 2, 0, 10, 7),
    ]
    assert measure_fairness(entries, CORRECT, 10).is_fair


def test_a_timer_that_ran_out_in_a_pause_stays_due() -> None:
    entries = [
        do(2, "set", "view", "100 ms"),
        do(2, "pause"),
        do(2, "timer", "view", at_ms=100),
        *work(6),
        do(2, "resume"),
        *work(9),
    ]
    assert found(measure_fairness(entries, CORRECT, 6)) == [("idle-host", 2, 2, 9, 0)]


def test_a_crash_takes_what_a_paused_host_held() -> None:
    entries = [send(7, peer=2), do(2, "pause"), receive(7, 2), *work(9), do(2, "crash")]
    measured = measure_fairness(entries, CORRECT, 3)
    assert measured.is_fair
    assert (measured.lost, measured.undelivered) == (1, 0)


def test_a_host_that_stays_down_owes_no_step() -> None:
    entries = [send(7, peer=2), do(2, "crash"), lose(7, 2), *work(9)]
    measured = measure_fairness(entries, CORRECT, 1)
    assert measured.is_fair
    assert measured.lost == 1


def test_lost_copies_are_counted_apart() -> None:
    entries = [send(7), lose(7, 1), receive(7, 2), *work(20)]
    measured = measure_fairness(entries, CORRECT, 3)
    assert measured.is_fair
    assert (measured.copies, measured.lost, measured.undelivered) == (2, 1, 0)


def test_runs_of_losses_are_those_of_one_link() -> None:
    entries = []
    for number, fate in enumerate([lose, lose, receive, lose, lose, lose, receive, lose], 1):
        entries += [send(number), fate(number, 1), (lose if number % 2 else receive)(number, 2)]
    measured = measure_fairness(entries, CORRECT, 100)
    assert measured.loss_run_max == 3
    assert measured.lost == 6 + 4


def test_a_duplicate_of_a_lost_copy_is_a_delivery() -> None:
    entries = [send(7, peer=1), lose(7, 1), *work(4), receive(7, 1), receive(7, 1)]
    measured = measure_fairness(entries, CORRECT, 4)
    assert (measured.lost, measured.copies) == (0, 1)
    assert found(measured) == [("late-message", 1, 0, 6, 7)]


def test_duplicates_are_owed_nothing() -> None:
    entries = [send(7, peer=1), receive(7, 1), lose(7, 1), *work(9), receive(7, 1)]
    measured = measure_fairness(entries, CORRECT, 3)
    assert measured.is_fair
    assert measured.lost == 0


def test_nothing_is_owed_to_or_by_other_hosts() -> None:
    entries = [send(7, place=3), send(8, place=0, peer=3), *work(50), do(3)]
    measured = measure_fairness(entries, CORRECT, 10)
    assert measured.is_fair
    assert measured.copies == 0


def test_a_timer_that_is_due_must_run_out() -> None:
    entries = [
        do(1, "set", "view", "100 ms"),
        *work(5),
        do(0, at_ms=100),
        *work(5),
        do(1, "timer", "view"),
        *work(5),
    ]
    measured = measure_fairness(entries, CORRECT, 5)
    assert found(measured) == [("idle-host", 1, 6, 12, 0)]
    assert measured.age_max == 0


@pytest.mark.parametrize(
    "after",
    [
        [do(1, "cancel", "view")],
        [do(1, "timer", "view")],
        [do(1, "crash")],
        [do(1, "set", "view", "900 ms")],
    ],
)
def test_a_timer_that_is_gone_is_not_due(after: list[Entry]) -> None:
    entries = [do(1, "set", "view", "100 ms"), *after, do(0, at_ms=100), *work(20)]
    assert measure_fairness(entries, CORRECT, 5).is_fair


def test_what_happens_to_the_network_is_nobodys_step() -> None:
    entries = [send(7, peer=1), *work(5, place=-1), receive(7, 1)]
    assert found(measure_fairness(entries, CORRECT, 5)) == [
        ("idle-host", 1, 0, 6, 0),
        ("late-message", 1, 0, 6, 7),
    ]


STEPS = st.lists(
    st.one_of(
        st.builds(send, st.integers(1, 5), st.sampled_from(CORRECT)),
        st.builds(receive, st.integers(1, 5), st.sampled_from(CORRECT)),
        st.builds(lose, st.integers(1, 5), st.sampled_from(CORRECT)),
        st.builds(
            do, st.sampled_from(CORRECT), st.sampled_from(["event", "crash", "restart", "pause"])
        ),
    ),
    max_size=30,
)


@given(STEPS, st.integers(0, 30))
def test_a_trace_breaks_every_bound_below_its_greatest_span(entries: list[Entry], k: int) -> None:
    measured = measure_fairness(entries, CORRECT, k)
    greatest = max(measured.age_max, measured.idle_max)
    assert measured.is_fair == (greatest <= k)
    assert max((breach.span for breach in measured.breaches), default=0) in {0, greatest}
    assert measured.lost + measured.undelivered <= measured.copies
