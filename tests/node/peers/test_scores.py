"""Penalties add up, halve with time, and end in a ban that ends."""

import pytest

from node.peers import scores
from node.peers.limits import PeerLimits
from node.peers.scores import WEIGHTS, Scores

LIMITS = PeerLimits(ban_threshold=100, ban_s=60, half_life_s=10)
PEER, OTHER = b"p" * 32, b"o" * 32


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def table(hand: Hand) -> Scores:
    return Scores(LIMITS, hand)


def test_an_unknown_peer_is_good(table: Scores) -> None:
    assert table.penalty(PEER) == 0
    assert table.banned_for_s(PEER) == 0


def test_penalties_add_up_to_a_ban(table: Scores) -> None:
    assert [table.penalise(PEER, 40) for _ in range(3)] == [False, False, True]
    assert table.banned_for_s(PEER) == 60
    assert table.banned_for_s(OTHER) == 0


def test_penalties_halve(table: Scores, hand: Hand) -> None:
    table.penalise(PEER, 80)
    hand.now += 10
    assert table.penalty(PEER) == pytest.approx(40)
    hand.now += 20
    assert table.penalty(PEER) == pytest.approx(10)


def test_a_peer_that_errs_now_and_then_stays(table: Scores, hand: Hand) -> None:
    for _ in range(100):
        assert not table.penalise(PEER, 34)
        hand.now += 10


def test_a_ban_ends_and_a_second_comes_sooner(table: Scores, hand: Hand) -> None:
    table.penalise(PEER, 200)
    hand.now += 59
    assert table.banned_for_s(PEER) == pytest.approx(1)
    hand.now += 1
    assert table.banned_for_s(PEER) == 0
    assert 0 < table.penalty(PEER) < 100
    assert table.penalise(PEER, 99)


def test_a_ban_begins_once(table: Scores) -> None:
    assert [table.penalise(PEER, 100) for _ in range(3)] == [True, False, False]


def test_the_mildest_are_forgotten_first(
    table: Scores, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "REMEMBERED_MAX", 3)
    table.penalise(b"banned", 100)
    table.penalise(b"mild", 1)
    table.penalise(b"bad", 50)
    hand.now += 1
    table.penalise(b"new", 5)
    assert [table.penalty(p) > 0 for p in (b"banned", b"bad", b"new", b"mild")] == [
        True,
        True,
        True,
        False,
    ]


def test_three_strikes_of_garbage_are_out() -> None:
    for reason in ("frame-garbage", "frame-unknown-tag", "frame-malformed"):
        assert 2 * WEIGHTS[reason] < PeerLimits().ban_threshold <= 3 * WEIGHTS[reason]
