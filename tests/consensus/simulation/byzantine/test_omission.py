"""Those who say less than they mean: silent, withholding, selective; and the honest and the slow."""

from consensus.simulation.byzantine.memory import find_kind
from tests.consensus.simulation.byzantine.samples import MEANT, commit, prepare
from tests.consensus.simulation.byzantine.telling import converse, make, tell


def test_the_honest_say_what_they_mean_at_once() -> None:
    said = converse(make("honest"), rounds=1)
    assert [(meant, late) for meant, _, late, _ in said] == [(m, 0) for m in MEANT for _ in "123"]
    assert all(told is meant for meant, _, _, told in said)


def test_the_silent_say_nothing() -> None:
    assert converse(make("silent")) == []


def test_named_kinds_are_withheld_and_no_others() -> None:
    behaviour = make("withholding", "Commit", "ViewChange")
    told = {find_kind(told).__name__ for _, _, _, told in converse(behaviour, rounds=1)}
    kinds = {find_kind(message).__name__ for message in MEANT}
    assert told == kinds - {"Commit", "ViewChange"}


def test_a_kind_is_withheld_for_ever_or_never() -> None:
    withheld = set()
    for seed in range(12):
        behaviour = make("withholding", seed=seed)
        first = [bool(tell(behaviour, message)) for message in MEANT]
        for receiver in (1, 2, 3, 1):
            assert [bool(tell(behaviour, m, receiver)) for m in MEANT] == first
        withheld |= {m for m, said in zip(MEANT, first, strict=True) if not said}
    assert len(withheld) == len(MEANT)


def test_the_selective_speak_to_those_named() -> None:
    said = converse(make("selective", "1", "3"), rounds=1)
    assert {receiver for _, receiver, _, _ in said} == {1, 3}
    assert all(told is meant for meant, _, _, told in said)


def test_the_selective_draw_some_but_not_all() -> None:
    drawn = set()
    for seed in range(30):
        said = converse(make("selective", seed=seed), rounds=1)
        drawn.add(frozenset(receiver for _, receiver, _, _ in said))
    assert drawn == {frozenset(s) for s in ((1,), (2,), (3,), (1, 2), (1, 3), (2, 3))}


def test_the_slow_tell_the_truth_just_in_time() -> None:
    said = converse(make("slow"), rounds=1)
    assert {late for _, _, late, _ in said} == {900}
    assert all(told is meant for meant, _, _, told in said)
    assert {late for _, _, late, _ in converse(make("slow", "250"), rounds=1)} == {250}


def test_nothing_of_this_hangs_on_the_receiver() -> None:
    behaviour = make("withholding", "Prepare")
    assert [tell(behaviour, commit(0), r) for r in (1, 2, 3)] == [[commit(0)]] * 3
    assert [tell(behaviour, prepare(0), r) for r in (1, 2, 3)] == [[]] * 3
