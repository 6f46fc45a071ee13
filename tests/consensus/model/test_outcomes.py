"""Judging a run: who differs, which level of validity it keeps, and how weak an agreement is."""

import pytest

from consensus.model.outcomes import Outcome, Weak, count_strays
from consensus.model.validity import Validity

ZERO, ONE, TWO = b"\x00", b"\x01", b"\x02"


def make(inputs: str, decisions: str, correct: str = "", liars: str = "") -> Outcome:
    """One digit for each member; `-` has decided nothing."""
    return Outcome(
        {me: bytes([int(bit)]) for me, bit in enumerate(inputs)},
        {me: bytes([int(bit)]) for me, bit in enumerate(decisions) if bit != "-"},
        frozenset(map(int, correct)) if correct else frozenset(range(len(inputs))),
        frozenset(map(int, liars)),
    )


def test_a_good_run_keeps_everything() -> None:
    outcome = make("011", "111")
    for validity in Validity:
        assert outcome.list_broken(validity, uniform=True) == ()


def test_correct_members_that_differ_break_agreement_and_only_that_is_told() -> None:
    assert make("011", "011").list_broken(Validity.PROPOSED, uniform=True) == ("agreement",)


def test_who_decides_and_crashes_counts_for_uniform_agreement_alone() -> None:
    outcome = make("011", "011", correct="12")
    assert outcome.list_broken(Validity.PROPOSED, uniform=False) == ()
    assert outcome.list_broken(Validity.PROPOSED, uniform=True) == ("uniform-agreement",)


def test_a_correct_member_without_a_decision_breaks_termination_a_crashed_one_does_not() -> None:
    assert make("011", "11-").list_broken(Validity.PROPOSED, uniform=True) == ("termination",)
    assert make("011", "-11", correct="12").list_broken(Validity.PROPOSED, uniform=True) == ()


@pytest.mark.parametrize(
    ("inputs", "decision", "correct", "kept"),
    [
        ("000", "111", "012", ""),
        ("011", "000", "12", "V0 V1"),
        ("001", "000", "012", "V0 V1 V2 V3"),
        ("001", "222", "012", "V0 V2"),
        ("011", "222", "12", "V0"),
    ],
)
def test_levels_of_validity(inputs: str, decision: str, correct: str, kept: str) -> None:
    outcome = make(inputs, decision, correct)
    found = {level.value for level in Validity if outcome.keeps(level)}
    assert found == {*kept.split(), "V4"}


def test_liars_have_neither_inputs_nor_decisions() -> None:
    outcome = make("110", "110", correct="01", liars="2")
    assert outcome.values == {ONE}
    assert outcome.list_broken(Validity.UNANIMOUS_CORRECT, uniform=True) == ()
    assert make("110", "000", correct="01", liars="2").list_broken(
        Validity.UNANIMOUS_CORRECT, uniform=False
    ) == ("validity V2",)


def test_weak_consensus_counts_values_and_strays() -> None:
    outcome = make("0122", "0022")
    assert count_strays(outcome) == 2
    assert Weak(2, 4).holds(outcome)
    assert Weak(2, 2).holds(outcome)
    assert not Weak(2, 1).holds(outcome)
    assert not Weak(1, 4).holds(outcome)


def test_one_value_and_no_strays_are_consensus() -> None:
    assert Weak(1, 0).holds(make("011", "111"))
    assert not Weak(1, 0).holds(make("011", "110"))


def test_a_value_counts_even_if_who_decided_it_crashed() -> None:
    outcome = make("011", "011", correct="12")
    assert not Weak(1, 0).holds(outcome)
    assert count_strays(outcome) == 0
