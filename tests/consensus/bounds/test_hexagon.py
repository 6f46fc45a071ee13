"""The ring of two copies: wired as it should be, and its broken pairs are runs that there are."""

import pytest

from consensus import synchronous
from consensus.bounds.hexagon import (
    Ring,
    extract,
    list_pairs,
    run_ring,
    tell_corner,
)
from consensus.bounds.lying import count_rounds
from consensus.bounds.rounds import Create


def get(name: str) -> Create:
    """How to make a participant."""
    return synchronous.get(name).create


@pytest.mark.parametrize("faults", [1, 2, 3])
def test_the_wiring_is_a_ring_and_goes_both_ways(faults: int) -> None:
    ring = Ring(faults)
    places = range(2 * ring.size)
    for place in places:
        met = {ring.route(place, name) for name in range(ring.size)}
        assert len(met) == ring.size
        for other in met:
            assert ring.route(other, place % ring.size) == place
    corners = [set(ring.members(corner)) for corner in range(6)]
    assert set().union(*corners) == set(places)
    for corner, members in enumerate(corners):
        reached = {ring.route(at, name) for at in members for name in range(ring.size)}
        assert reached == corners[corner - 1] | members | corners[(corner + 1) % 6]


def test_the_corners_in_order() -> None:
    assert list(map(tell_corner, range(6))) == ["A0", "B0", "C0", "A1", "B1", "C1"]
    assert list_pairs()[-1] == (5, 0)


@pytest.mark.parametrize(
    ("name", "faults"), [("gathering", 1), ("gathering", 2), ("phase-king", 1), ("phase-king", 2)]
)
def test_some_pair_breaks_and_its_genuine_run_is_the_same(name: str, faults: int) -> None:
    create = get(name)
    ran = run_ring(create, faults)
    found = [extract(create, faults, ran, pair) for pair in list_pairs()]
    assert all(one.is_same and not one.forged for one in found)
    broken = [one for one in found if one.broken]
    assert broken
    for one in broken:
        assert len(one.liars) == faults
        assert len(one.outcome.correct) == 2 * faults


def test_gathering_breaks_validity_and_kings_break_agreement() -> None:
    """Two algorithms, two ways out of six demands that contradict each other."""
    lost = {}
    for name in ("gathering", "phase-king"):
        create = get(name)
        ran = run_ring(create, 1)
        found = (extract(create, 1, ran, pair) for pair in list_pairs())
        lost[name] = {word for one in found for word in one.broken}
    assert lost == {"gathering": {"validity V2"}, "phase-king": {"agreement"}}


@pytest.mark.parametrize("faults", [1, 2])
def test_with_signatures_the_puppet_lacks_the_words_and_nothing_breaks(faults: int) -> None:
    create = get("dolev-strong")
    ran = run_ring(create, faults)
    for pair in list_pairs():
        one = extract(create, faults, ran, pair)
        assert one.forged > 0
        assert one.broken == ()


def test_a_longer_run_of_the_same_algorithm_does_not_help() -> None:
    """Gathering made for f = 2 takes three rounds; six members are 3f for it too."""
    create = get("gathering")
    assert count_rounds("gathering", 6, 2) == 3
    ran = run_ring(create, 2)
    assert any(extract(create, 2, ran, pair).broken for pair in list_pairs())
