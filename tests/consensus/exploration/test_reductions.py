"""Each reduction against the space without it: the same verdicts, the same reachable decisions."""

import dataclasses
import itertools
from typing import Any

import pytest

from consensus import agreements
from consensus.committee import Committee
from consensus.exploration.agreeing import make_agreement_cast
from consensus.exploration.cast import Cast, Knowledge
from consensus.exploration.engines import make_cast
from consensus.exploration.explorer import Exploration
from consensus.exploration.searching import Search
from consensus.exploration.symmetry import Symmetric, SymmetryError

NOTHING_KNOWN = Knowledge()
MOST = 60_000


def find_decisions(cast: Cast, **how: Any) -> tuple[Exploration, set[Any]]:
    """What was seen, and all that members may have decided together; images included."""
    search = Search(cast, **how)
    seen = search.run(configurations_max=MOST)
    assert seen.is_closed or seen.violation is not None
    found = {
        said
        for configuration in seen.configurations
        for said in itertools.product(*search.plain.words(configuration))
    }
    if isinstance(search.space, Symmetric):
        for image in search.space.images:
            found |= {permute(said, image.places, image.words) for said in found}
    return seen, found


def permute(said: tuple[Any, ...], places: tuple[int, ...], words: Any) -> tuple[Any, ...]:
    """The same with members, and values, in each other's place."""
    moved = list(said)
    for at, to in enumerate(places):
        moved[to] = tuple(words.get(word, word) for word in said[at])
    return tuple(moved)


def knowing(cast: Cast, **less: Any) -> Cast:
    return dataclasses.replace(cast, knowledge=dataclasses.replace(cast.knowledge, **less))


SMALL = {
    "pbft, one view": lambda: make_cast("pbft", 4, 0, 0),
    "pbft, two views": lambda: make_cast("pbft", 3, 0, 1),
    "paxos": lambda: make_cast("paxos", 3, 0, 0),
    "first-heard": lambda: make_agreement_cast(
        agreements.get("first-heard"), Committee.of(3, 1), (1, 1, 1)
    ),
    "benor": lambda: make_agreement_cast(
        agreements.get("benor"), Committee.of(2, 0), (0, 1), rounds_max=1
    ),
}


@pytest.mark.parametrize("name", SMALL)
def test_reductions_lose_no_decision(name: str) -> None:
    cast = SMALL[name]()
    seen, plain = find_decisions(cast, fuses=False, is_symmetric=False)
    reduced, fused = find_decisions(cast, fuses=True, is_symmetric=False)
    smallest, symmetric = find_decisions(cast, fuses=True, is_symmetric=True)
    assert plain == fused == symmetric
    assert seen.violation is reduced.violation is smallest.violation is None
    sizes = [len(one.configurations) for one in (smallest, reduced, seen)]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(
    "less",
    [
        {"is_welcome": NOTHING_KNOWN.is_welcome},
        {"is_heard": NOTHING_KNOWN.is_heard},
        {"resemble": NOTHING_KNOWN.resemble},
        {"describe": NOTHING_KNOWN.describe},
    ],
    ids=lambda less: next(iter(less)),
)
def test_what_is_known_of_pbft_takes_nothing_away(less: dict[str, Any]) -> None:
    cast = make_cast("pbft", 4, 0, 0)
    seen, decisions = find_decisions(knowing(cast, **less), is_symmetric=False)
    assert seen.violation is None
    assert decisions == find_decisions(cast, is_symmetric=False)[1]


@pytest.mark.parametrize("less", ["is_welcome", "resemble", "describe"])
def test_nor_does_it_across_views(less: str) -> None:
    cast = make_cast("pbft", 3, 0, 1)
    more = knowing(cast, **{less: getattr(NOTHING_KNOWN, less)})
    assert (
        find_decisions(more, is_symmetric=False)[1] == find_decisions(cast, is_symmetric=False)[1]
    )


def test_a_violation_is_found_with_and_without() -> None:
    cast = make_cast("pbft", 3, 1, 0)
    for fuses, is_symmetric in itertools.product((True, False), repeat=2):
        search = Search(cast, fuses, is_symmetric)
        seen = search.run(configurations_max=MOST)
        assert seen.violation is not None
        assert seen.violation[1] == "agreement"
        assert search.find_broken(search.schedule(seen)) == "agreement"


def test_participants_that_are_not_alike_are_no_symmetry() -> None:
    cast = make_cast("paxos", 3, 0, 1)
    wrong = dataclasses.replace(cast, permutations=((0, 2, 1),))
    with pytest.raises(SymmetryError):
        Search(wrong).run(configurations_max=2_000)


def test_depth_first_sees_the_same() -> None:
    search = Search(make_cast("pbft", 4, 0, 0), is_symmetric=False)
    broad = search.run(configurations_max=MOST)
    deep = search.run(configurations_max=MOST, depth_first=True)
    assert set(broad.configurations) == set(deep.configurations)


def test_a_state_that_was_asked_stays_as_it_was() -> None:
    search = Search(make_cast("pbft", 4, 1, 0))
    search.run(configurations_max=MOST)
    steps = search.steps
    numbers = [
        steps.enter(one, at, None) for one, at in zip(steps.states, steps.places, strict=True)
    ]
    assert numbers == list(range(len(numbers)))
    assert any(
        following == state
        for state, taken in enumerate(steps.taken)
        for following, *_ in taken.values()
    )


def test_a_depth_is_a_limit_and_nothing_is_called_closed() -> None:
    search = Search(make_cast("pbft", 4, 1, 0))
    seen = search.run(configurations_max=MOST, depth_max=2)
    assert (seen.is_closed, seen.cut_by, max(seen.depths)) == (False, "depth", 2)
    assert search.run(configurations_max=MOST, depth_max=5).is_closed
    few = search.run(configurations_max=MOST, may_go_on=lambda seen: len(seen.configurations) < 9)
    assert (few.is_closed, few.cut_by) == (False, "memory")
