"""Every behaviour can be found, described, drawn, and refused."""

import pytest

from consensus.errors import ConsensusError
from consensus.message import encode
from consensus.pbft.messages import MESSAGES
from consensus.simulation.byzantine.errors import BehaviourError, UnknownBehaviourError
from consensus.simulation.byzantine.registry import (
    BEHAVIOURS,
    KINDS,
    check_name,
    describe_behaviours,
    draw_behaviour,
    make_behaviour,
    show_usage,
)
from consensus.simulation.chance import Chance
from consensus.simulation.signatures import is_genuine
from tests.consensus.simulation.byzantine.samples import HEARD, MEANT, make_liar
from tests.consensus.simulation.byzantine.telling import converse, make

NAMES = tuple(BEHAVIOURS)
CLAIMING = ("forger", "traitor")
"""Those that use others' names, so that some of what they say does not verify."""
EVERY_DRAW = [(name, arguments) for name in NAMES for arguments in KINDS[name].draws]


def test_names_are_sorted_words_with_hyphens() -> None:
    assert list(NAMES) == sorted(NAMES)
    assert all(name.replace("-", "").isalpha() and name.islower() for name in NAMES)
    assert len(NAMES) >= 13


def test_descriptions_are_one_sentence_each() -> None:
    described = dict(describe_behaviours())
    assert len(described) == len(NAMES)
    assert all(text.endswith(".") and len(text) <= 100 for text in described.values())
    assert show_usage("slow") == "slow [PERMILLE of the first timeout, 900]"


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownBehaviourError, match="no behaviour 'liar'; there are: every-face"):
        make_behaviour("liar", make_liar())
    with pytest.raises(UnknownBehaviourError):
        check_name("")
    with pytest.raises(UnknownBehaviourError):
        draw_behaviour(Chance(1), ("silent", "liar"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("silent", ["1"]),
        ("slow", ["2000"]),
        ("slow", ["fast"]),
        ("wrong-view", ["sideways"]),
        ("parrot", ["all", "7"]),
        ("selective", ["one"]),
        ("two-faced", ["-1"]),
        ("mutant", ["1", "1"]),
        ("traitor", ["x"]),
        ("every-face", ["x"]),
        ("stuttering", ["0"]),
        ("stuttering", ["17"]),
    ],
)
def test_arguments_that_make_no_sense_are_refused_with_the_usage(
    name: str, words: list[str]
) -> None:
    with pytest.raises(BehaviourError, match=f"^{name}: .*; usage: {name}") as caught:
        make_behaviour(name, make_liar(), words)
    assert isinstance(caught.value, ConsensusError)
    assert caught.value.reason == "bad-behaviour"


def test_a_draw_is_allowed_makes_sense_and_finds_them_all() -> None:
    chance = Chance(3)
    allowed = tuple(name for name in NAMES if name != "silent")
    drawn = {draw_behaviour(chance, allowed) for _ in range(600)}
    assert {name for name, _ in drawn} == set(allowed)
    assert drawn == {(name, words) for name, words in EVERY_DRAW if name != "silent"}


@pytest.mark.parametrize(("name", "words"), EVERY_DRAW)
def test_whatever_is_said_decodes_and_verifies(name: str, words: tuple[str, ...]) -> None:
    before = [encode(message) for message in MEANT]
    for _, receiver, delay_ms, told in converse(make(name, *words)):
        assert MESSAGES.decode(MESSAGES.encode(told)) == told
        assert is_genuine(told) or name in CLAIMING
        assert receiver in {1, 2, 3}
        assert 0 <= delay_ms <= 3_000
    assert [encode(message) for message in MEANT] == before


@pytest.mark.parametrize(("name", "words"), EVERY_DRAW)
def test_the_same_chance_tells_the_same_lies(name: str, words: tuple[str, ...]) -> None:
    assert converse(make(name, *words)) == converse(make(name, *words))


@pytest.mark.parametrize(
    "name", [n for n in NAMES if n not in {"silent", "slow", "honest", "every-face", "stuttering"}]
)
def test_another_chance_tells_others(name: str) -> None:
    told = [converse(make(name, seed=seed), rounds=5) for seed in range(4)]
    if name == "parrot":  # it has nothing to draw
        assert told[0] == told[1]
    else:
        assert any(one != told[0] for one in told[1:])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1, 2])
def test_the_smallest_committees_are_survived(name: str, size: int) -> None:
    behaviour = make(name, size=size)
    for message in MEANT:
        for told in behaviour.say(1, message):
            assert told[0] >= 0
    for _ in range(30):
        for sender, heard in HEARD:
            assert all(to < 4 for to, _ in behaviour.hear(sender, heard))
