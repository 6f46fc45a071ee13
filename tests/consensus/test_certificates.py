"""Distinct signers, all members, all saying the same, enough of them."""

from typing import Any

import pytest

from consensus.certificates import has_distinct_members, is_unanimous, read_certificate
from consensus.committee import Committee
from consensus.message import Signed
from consensus.paxos.messages import Checkpoint, CheckpointCertificate

FOUR = Committee.of(4, 1)
BLOCK, OTHER = bytes([1]) * 32, bytes([2]) * 32


def votes(*signers: int, block_id: bytes = BLOCK) -> tuple[Signed[Any], ...]:
    return tuple(Signed(signer, Checkpoint(8, block_id)) for signer in signers)


@pytest.mark.parametrize(
    ("signers", "expected"),
    [((), True), ((0, 1, 2), True), ((0, 1, 1), False), ((0, 1, 4), False)],
)
def test_who_signs(signers: tuple[int, ...], expected: bool) -> None:
    assert has_distinct_members(votes(*signers), FOUR) is expected


def test_enough_of_them_say_the_same() -> None:
    assert is_unanimous(votes(0, 2, 3), FOUR, 3)
    assert not is_unanimous(votes(0, 2), FOUR, 3)
    assert not is_unanimous(votes(0, 2) + votes(3, block_id=OTHER), FOUR, 3)


def test_what_a_certificate_says() -> None:
    assert read_certificate(CheckpointCertificate(votes(0, 1, 2)), FOUR, 3) == (8, BLOCK)
    assert read_certificate(CheckpointCertificate(votes(0, 1)), FOUR, 3) is None
    assert read_certificate(CheckpointCertificate(()), FOUR, 0) is None
