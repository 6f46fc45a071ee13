"""Quorum arithmetic, checked against its definition."""

from itertools import combinations

import pytest

from consensus.committee import Committee, largest_byzantine_faults, largest_crash_faults


@pytest.mark.parametrize("size", range(1, 9))
def test_two_quorums_share_a_correct_member(size: int) -> None:
    faults = largest_byzantine_faults(size)
    committee = Committee.of(size, faults)
    sets = list(combinations(committee.members, committee.quorum))
    assert all(len(set(a) & set(b)) > faults for a in sets for b in sets)


@pytest.mark.parametrize("size", range(1, 9))
def test_one_less_would_not_do(size: int) -> None:
    faults = largest_byzantine_faults(size)
    committee = Committee.of(size, faults)
    assert 2 * (committee.quorum - 1) - size <= faults


@pytest.mark.parametrize("size", range(1, 100))
def test_correct_members_alone_are_a_quorum(size: int) -> None:
    faults = largest_byzantine_faults(size)
    assert Committee.of(size, faults).quorum <= size - faults


@pytest.mark.parametrize(
    ("size", "faults", "quorum"),
    [(1, 0, 1), (2, 0, 2), (3, 0, 2), (4, 1, 3), (5, 1, 4), (6, 1, 4), (7, 2, 5), (10, 3, 7)],
)
def test_quorums(size: int, faults: int, quorum: int) -> None:
    committee = Committee.of(size, faults)
    assert committee.quorum == quorum
    assert committee.weak_quorum == faults + 1


def test_majorities_share_a_member() -> None:
    for size in range(1, 20):
        assert 2 * Committee.of(size, 0).majority > size


def test_members_lead_in_turn() -> None:
    committee = Committee((7, 3, 5, 9), 1)
    assert [committee.primary(view) for view in range(5)] == [7, 3, 5, 9, 7]
    assert committee.is_member(9)
    assert not committee.is_member(0)


def test_bounds() -> None:
    assert [largest_byzantine_faults(n) for n in range(1, 11)] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert [largest_crash_faults(n) for n in range(1, 8)] == [0, 0, 1, 1, 2, 2, 3]
