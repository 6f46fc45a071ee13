"""Majorities, proofs, and the choice of the highest ballot."""

import itertools

import pytest

from consensus.committee import Committee
from consensus.paxos.ballot import NO_BALLOT, Ballot
from consensus.paxos.messages import ChosenSeal, Heartbeat
from consensus.paxos.quorums import choose_entries, judge_certificate, judge_seal
from tests.consensus.paxos.bench import FIRST, block_id_of, certificate, entry

THREE = Committee.of(3, 1)


@pytest.mark.parametrize("size", range(1, 12))
def test_any_two_majorities_share_a_member(size: int) -> None:
    committee = Committee.of(size, (size - 1) // 2)
    assert 2 * committee.majority > size
    assert committee.majority <= size - committee.faults


def test_the_highest_ballot_wins_whatever_the_order() -> None:
    found = [
        entry(Ballot(0, 0), 1, b"zzz"),
        entry(Ballot(2, 1), 1, b"b"),
        entry(Ballot(1, 2), 1, b"c"),
        entry(Ballot(0, 1), 3, b"d"),
    ]
    for order in itertools.permutations(found):
        chosen = choose_entries(order)
        assert {height: e.value for height, e in chosen.items()} == {1: b"b", 3: b"d"}
    assert choose_entries(()) == {}


@pytest.mark.parametrize(
    ("seal", "height", "values", "is_one"),
    [
        (ChosenSeal(FIRST), 1, (b"a",), True),
        (ChosenSeal(FIRST), 1, (), True),
        (ChosenSeal(FIRST), 0, (b"a",), False),
        (ChosenSeal(FIRST), 1, (b"a", b"b"), False),
        (ChosenSeal(NO_BALLOT), 1, (b"a",), False),
        (ChosenSeal(Ballot(1, 3)), 1, (b"a",), False),
        (Heartbeat(FIRST, 1, 1), 1, (b"a",), False),
    ],
)
def test_what_can_be_a_seal(
    seal: object, height: int, values: tuple[bytes, ...], is_one: bool
) -> None:
    assert judge_seal(seal, height, values, THREE) is is_one


def test_a_certificate_proves_a_height_and_its_block() -> None:
    proof = certificate(8, block_id_of(8))
    assert judge_certificate(proof, THREE) == (8, block_id_of(8))
    assert judge_certificate(proof, Committee.of(5, 2)) is None
    assert judge_certificate(FIRST, THREE) is None
