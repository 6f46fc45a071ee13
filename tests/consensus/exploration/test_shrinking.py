"""What is left of a schedule when nothing more can be left out."""

from collections.abc import Sequence

from consensus.exploration.shrinking import shrink


def test_only_what_is_needed_is_left() -> None:
    def breaks(moves: Sequence[int]) -> bool:
        return {3, 17, 30} <= set(moves)

    assert shrink(list(range(40)), breaks) == [3, 17, 30]


def test_moves_that_only_go_together_are_left_together() -> None:
    def breaks(moves: Sequence[int]) -> bool:
        return (2 in moves) == (7 in moves) and 5 in moves

    left = shrink(list(range(10)), breaks)
    assert breaks(left)
    assert all(not breaks(left[:at] + left[at + 1 :]) for at in range(len(left)))


def test_one_move_may_be_all() -> None:
    assert shrink(["a"], bool) == ["a"]
