"""Words behind a name: numbers, shares and choices, or a clear refusal."""

import pytest

from consensus.simulation.byzantine.arguments import (
    parse_replicas,
    refuse_arguments,
    take_permille,
    take_word,
)
from consensus.simulation.byzantine.errors import BehaviourError


def test_permille() -> None:
    assert take_permille([], 900) == 900
    assert take_permille(["0"], 900) == 0
    assert take_permille(["1000"], 900) == 1_000


@pytest.mark.parametrize("words", [["1001"], ["-1"], ["x"], ["1", "2"], ["²"], ["1.5"]])
def test_no_permille(words: list[str]) -> None:
    with pytest.raises(BehaviourError):
        take_permille(words, 900)


def test_word() -> None:
    assert take_word([], {"a"}, "a") == ("a", [])
    assert take_word(["b", "5"], {"a", "b"}, "a") == ("b", ["5"])
    assert take_word(["5"], {"a", "b"}, "a") == ("a", ["5"])
    with pytest.raises(BehaviourError, match="not one of a, b: c"):
        take_word(["c"], {"a", "b"}, "a")


def test_replicas() -> None:
    assert parse_replicas(["3", "1", "3"]) == {1, 3}
    with pytest.raises(BehaviourError, match="not a number: one"):
        parse_replicas(["one"])


def test_nothing_may_be_left() -> None:
    refuse_arguments([])
    with pytest.raises(BehaviourError, match="not understood: 1 2"):
        refuse_arguments(["1", "2"])
