"""Witnesses: the first impossible read, and little else."""

import pytest

from node.histories.operation import Operation
from node.histories.search import Verdict, search
from node.histories.witness import find_witness
from tests.node.histories.build import r, w
from tests.node.histories.test_search import BAD, simulate

WORDS = {
    "stale read": 'it is stale: "b" was written after that, and before it was asked',
    "lost write": 'it is stale: "a" was written after that, and before it was asked',
    "a value from nowhere": "nobody had written what it returned",
    "a value from the future": "nobody had written what it returned",
    "read inversion": 'it is stale: "a" was read after that, and before it was asked',
    "a write that failed is seen": "nobody had written what it returned",
    "an indefinite write takes effect twice": "no order of these operations explains it",
    "two readers disagree about two writes": "no order of these operations explains it",
}


@pytest.mark.parametrize("name", BAD)
def test_a_witness_is_bad_itself_and_made_of_the_history(name: str) -> None:
    witness = find_witness(BAD[name])
    assert witness.read.is_read
    assert witness.read in witness.operations
    assert search(witness.operations).verdict is Verdict.VIOLATED
    known = {(one.client, one.invoked_us, one.value) for one in BAD[name]}
    assert {(one.client, one.invoked_us, one.value) for one in witness.operations} <= known


@pytest.mark.parametrize("name", WORDS)
def test_what_is_wrong_is_said(name: str) -> None:
    assert find_witness(BAD[name]).why == WORDS[name]


def test_who_read_another_value_when_both_writes_were_over_is_named() -> None:
    history = [w(0, 10, "a"), w(5, 20, "b", 1), r(21, 22, "b", 2), r(23, 24, "a", 3)]
    expected = 'it is stale: "b" was read after that, and before it was asked'
    assert find_witness(history).why == expected


def make_stale(seed: int) -> tuple[list[Operation], Operation]:
    history = simulate(seed, 1_000, 6)
    reads = [one for one in history if one.is_read]
    early, late = reads[50], reads[-50]
    wrong = r(late.invoked_us, late.completed_us, early.value, late.client)
    history[history.index(late)] = wrong
    return history, wrong


@pytest.mark.parametrize("seed", range(4))
def test_of_a_long_history_a_handful_is_left(seed: int) -> None:
    history, wrong = make_stale(seed)
    witness = find_witness(history)
    assert witness.read == wrong
    assert len(witness.operations) <= 5
    assert "stale" in witness.why


def test_the_first_of_several_is_named() -> None:
    history = [w(0, 1, "a"), r(2, 3, None), w(4, 5, "b"), r(6, 7, "a"), r(8, 9, "z")]
    assert find_witness(history).read == history[1]
    assert find_witness([history[0], *history[2:]]).read == history[3]
