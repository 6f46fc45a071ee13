"""Chance: a function of its seed, spread evenly, in streams that leave each other alone."""

from collections import Counter

from consensus.simulation.chance import Chance


def test_chance_is_a_function_of_its_seed() -> None:
    one, two, other = Chance(1), Chance(1), Chance(2)
    drawn = [one.below(1_000) for _ in range(50)]
    assert drawn == [two.below(1_000) for _ in range(50)]
    assert drawn != [other.below(1_000) for _ in range(50)]


def test_forks_are_streams_of_their_own() -> None:
    parent = Chance(1)
    left, right = parent.fork("left"), parent.fork("right")
    first = [left.below(1_000) for _ in range(20)]
    assert first != [right.below(1_000) for _ in range(20)]
    again = Chance(1)
    again.below(7)
    assert first == [again.fork("left").below(1_000) for _ in range(1)] + first[1:]


def test_chance_is_spread_evenly() -> None:
    chance = Chance(7)
    counts = Counter(chance.below(4) for _ in range(4_000))
    assert all(900 < counts[side] < 1_100 for side in range(4))
    assert {chance.between(3, 5) for _ in range(100)} == {3, 4, 5}
    assert chance.choose("x") == "x"
    assert not any(Chance(1).happens(0) for _ in range(100))
    assert sum(chance.happens(250) for _ in range(4_000)) in range(880, 1_120)


def test_a_sample_holds_different_items() -> None:
    chance = Chance(3)
    for _ in range(50):
        sample = chance.sample(range(6), 4)
        assert len(set(sample)) == 4
    assert sorted(chance.sample([1, 2], 9)) == [1, 2]
