"""Chains of similar executions: where they are, where they are not, and whom they catch."""

import pytest

from consensus import synchronous
from consensus.bounds.culprit import ChainError, check_chain, find_culprit, judge, perform
from consensus.bounds.hiding import find_break, make_crashes
from consensus.bounds.similarity import Chain, search
from consensus.bounds.views import (
    Book,
    Crash,
    Execution,
    list_executions,
    list_patterns,
)
from consensus.model.validity import Validity

CHAINS = {faults: search(faults + 2, faults, faults).chain for faults in (1, 2)}
SMALL = CHAINS[1]


@pytest.mark.parametrize(
    ("size", "faults", "rounds", "executions", "length"),
    [
        (3, 1, 1, 104, 9),
        (4, 1, 1, 528, 10),
        (4, 2, 2, 25_616, 44),
        (3, 1, 2, 200, None),
        (4, 1, 2, 1_040, None),
        (3, 2, 2, 1_736, None),
    ],
)
def test_there_is_a_chain_exactly_where_f_rounds_are_too_few(
    size: int, faults: int, rounds: int, executions: int, length: int | None
) -> None:
    """(3, 2, 2) has n = f + 1: one correct member has nobody to differ from."""
    found = search(size, faults, rounds)
    assert found.executions == executions
    assert (None if found.chain is None else len(found.chain.executions)) == length
    if found.chain is not None:
        check_chain(found.chain, faults, rounds)


def test_patterns_are_all_there_and_each_once() -> None:
    """Of three members each can crash in either of two rounds, reaching any of two others."""
    patterns = list(list_patterns(3, 2, 2))
    assert len(patterns) == len(set(patterns)) == 1 + 3 * 8 + 3 * 8 * 8
    assert len(list(list_executions(3, 2, 2))) == 8 * len(patterns)


def test_views_hold_whose_words_came_and_nothing_else() -> None:
    book = Book()
    quiet = book.compute_views(Execution((0, 0, 1), (Crash(2, 1, ()),)), 1)
    other = book.compute_views(Execution((0, 0, 0), (Crash(2, 1, ()),)), 1)
    heard = book.compute_views(Execution((0, 0, 1), (Crash(2, 1, (0,)),)), 1)
    assert quiet == other
    assert set(quiet) == {0, 1}
    assert heard[0] != quiet[0]
    assert heard[1] == quiet[1]


@pytest.mark.parametrize("faults", [1, 2])
def test_every_algorithm_of_f_rounds_is_caught(faults: int) -> None:
    """Also one that the hiding chain spares: each round's majority at n = 4, f = 2."""
    chain = CHAINS[faults]
    assert chain is not None
    for name in ("flood-set", "flood-set-min", "flood-min", "early", "majority", "opt-flood-set"):
        number, outcome, broken = find_culprit(chain, synchronous.get(name).create, faults)
        assert broken
        again = judge(
            chain.executions[number],
            perform(chain.executions[number], synchronous.get(name).create, faults),
        )
        assert again == outcome
        assert not outcome.agrees()


def test_an_algorithm_of_more_rounds_tells_the_executions_apart() -> None:
    assert SMALL is not None
    with pytest.raises(ChainError, match="hears different things"):
        find_culprit(SMALL, synchronous.get("flood-set").create, 2)


def test_a_chain_too_short_to_force_anything_catches_nobody() -> None:
    alone = Chain((Execution((0, 0, 0)),), ())
    with pytest.raises(ChainError, match="keeps all promises"):
        find_culprit(alone, synchronous.get("flood-set").create, 1)


def test_a_chain_that_is_none_is_seen_through() -> None:
    assert SMALL is not None
    executions, links = SMALL.executions, SMALL.links
    with pytest.raises(ChainError, match="runs from the failure-free"):
        check_chain(Chain(executions[1:], links[1:]), 1, 1)
    with pytest.raises(ChainError, match="tells execution"):
        check_chain(Chain((*executions[:2], *executions[3:]), (*links[:2], *links[3:])), 1, 1)
    wrong = tuple((link + 1) % 3 for link in links)
    with pytest.raises(ChainError, match=r"not correct in both|tells execution"):
        check_chain(Chain(executions, wrong), 1, 1)
    with pytest.raises(ChainError, match="more than 0"):
        check_chain(SMALL, 0, 1)


@pytest.mark.parametrize("name", ["flood-set", "flood-set-min", "early", "flood-min"])
@pytest.mark.parametrize(("size", "faults"), [(3, 1), (4, 2), (5, 2), (5, 3)])
def test_the_hiding_chain_breaks_f_rounds_and_not_one_more(
    name: str, size: int, faults: int
) -> None:
    create = synchronous.get(name).create
    found = find_break(create, size, faults, faults)
    assert found is not None
    assert found[0].crashes == make_crashes(faults)
    assert "agreement" in found[2]
    assert find_break(create, size, faults, faults + 1) is None


def test_the_hiding_chain_spares_majorities_that_the_similarity_chain_catches() -> None:
    create = synchronous.get("majority").create
    assert find_break(create, 4, 2, 2) is None
    chain = CHAINS[2]
    assert chain is not None
    assert find_culprit(chain, create, 2)[2] == ("agreement",)


def test_what_two_executions_hide_from_somebody_they_hide_from_its_decision() -> None:
    """Of all pairs in the space of (3, 1, 1), not only those of the chain."""
    create, book = synchronous.get("flood-set").create, Book()
    by_view: dict[tuple[int, int], set[bytes | None]] = {}
    for execution in list_executions(3, 1, 1):
        ran = perform(execution, create, 1)
        for me, view in book.compute_views(execution, 1).items():
            by_view.setdefault((me, view), set()).add(ran.decisions.get(me))
        assert judge(execution, ran).keeps(Validity.PROPOSED)
    assert all(len(decisions) == 1 for decisions in by_view.values())
