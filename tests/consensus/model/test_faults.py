"""Kinds of fault: a partial order, and assumptions about how many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import ModelError
from consensus.model.faults import SOURCES, Choice, FaultAssumption, FaultKind, join

KINDS = st.sampled_from(FaultKind)
MANY = st.frozensets(KINDS, min_size=1)
ASSUMPTIONS = st.builds(FaultAssumption, MANY, st.integers(0, 4), st.sampled_from(Choice))

CRASH, BYZANTINE = FaultKind.CRASH, FaultKind.BYZANTINE
SEND, RECEIVE = FaultKind.SEND_OMISSION, FaultKind.RECEIVE_OMISSION
OMISSION, TIMING = FaultKind.GENERAL_OMISSION, FaultKind.TIMING
RECOVERY, TAIL = FaultKind.CRASH_RECOVERY, FaultKind.CRASH_RECOVERY_TAIL


@given(KINDS)
def test_every_kind_lies_between_crash_and_byzantine(kind: FaultKind) -> None:
    assert kind.includes(kind)
    assert kind.includes(CRASH)
    assert BYZANTINE.includes(kind)


@given(KINDS, KINDS)
def test_inclusion_is_antisymmetric(a: FaultKind, b: FaultKind) -> None:
    assert (a.includes(b) and b.includes(a)) == (a is b)


@given(KINDS, KINDS, KINDS)
def test_inclusion_is_transitive(a: FaultKind, b: FaultKind, c: FaultKind) -> None:
    if a.includes(b) and b.includes(c):
        assert a.includes(c)


@pytest.mark.parametrize(
    ("greater", "less"),
    [
        (OMISSION, SEND),
        (OMISSION, RECEIVE),
        (TIMING, OMISSION),
        (BYZANTINE, TIMING),
        (RECOVERY, CRASH),
        (TAIL, RECOVERY),
        (OMISSION, TAIL),
    ],
)
def test_what_is_included(greater: FaultKind, less: FaultKind) -> None:
    assert greater.includes(less)
    assert not less.includes(greater)


@pytest.mark.parametrize(("a", "b"), [(SEND, RECEIVE), (SEND, RECOVERY), (RECEIVE, TAIL)])
def test_what_cannot_be_compared(a: FaultKind, b: FaultKind) -> None:
    assert not a.includes(b)
    assert not b.includes(a)


@given(MANY)
def test_the_join_is_the_least_upper_bound(kinds: frozenset[FaultKind]) -> None:
    top = join(kinds)
    assert all(top.includes(kind) for kind in kinds)
    for other in FaultKind:
        if all(other.includes(kind) for kind in kinds):
            assert other.includes(top)


@pytest.mark.parametrize(
    ("kinds", "top"),
    [({SEND, RECEIVE}, OMISSION), ({SEND, RECOVERY}, OMISSION), ({CRASH, TAIL}, TAIL)],
)
def test_joins(kinds: set[FaultKind], top: FaultKind) -> None:
    assert join(kinds) is top


def test_nothing_has_no_join() -> None:
    with pytest.raises(ModelError):
        join(())


def test_every_kind_has_a_source() -> None:
    assert set(SOURCES) == set(FaultKind)


@given(ASSUMPTIONS)
def test_an_assumption_includes_itself(assumption: FaultAssumption) -> None:
    assert assumption.includes(assumption)


@given(ASSUMPTIONS, ASSUMPTIONS, KINDS, st.integers(0, 4))
def test_a_greater_assumption_allows_whatever_a_smaller_one_does(
    a: FaultAssumption, b: FaultAssumption, kind: FaultKind, faulty: int
) -> None:
    if a.includes(b) and b.allows(kind, faulty):
        assert a.allows(kind, faulty)


def test_an_adversary_that_waits_and_sees_includes_one_that_chose_before() -> None:
    dynamic = FaultAssumption(frozenset({CRASH}), 1, Choice.DYNAMIC)
    static = FaultAssumption(frozenset({CRASH}), 1, Choice.STATIC)
    assert dynamic.includes(static)
    assert not static.includes(dynamic)


def test_what_an_assumption_allows() -> None:
    assumption = FaultAssumption(frozenset({SEND, RECEIVE}), 2)
    assert assumption.worst is OMISSION
    assert assumption.allows(CRASH, 2)
    assert not assumption.allows(CRASH, 3)
    assert not assumption.allows(OMISSION, 1)
    assert assumption.allows(BYZANTINE, 0)


@pytest.mark.parametrize(("kinds", "faults"), [((), 1), ((CRASH,), -1)])
def test_impossible_assumptions(kinds: tuple[FaultKind, ...], faults: int) -> None:
    with pytest.raises(ModelError):
        FaultAssumption(frozenset(kinds), faults)
