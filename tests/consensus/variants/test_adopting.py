"""From V1 to V2 by hearing others first: it works for n > 3f, and at n = 3f it cannot."""

import itertools

import pytest

from consensus import agreements
from consensus.agreement import Opened, Propose, step
from consensus.benor.agreement import BenOr
from consensus.benor.messages import Report
from consensus.committee import Committee
from consensus.effects import Broadcast, Ignore, Persist
from consensus.events import Received
from consensus.model.outcomes import Outcome
from consensus.model.validity import Validity
from consensus.simulation.chance import Chance
from consensus.variants.adopting import Adopting, Wish, is_stale
from tests.consensus.benor.net import Net

FOUR = Committee.of(4, 1)
ZERO, ONE = b"\x00", b"\x01"


def open_one() -> Adopting:
    adopting = Adopting(FOUR, BenOr(0, FOUR))
    assert step(adopting, Propose(ZERO)) == [Persist(Wish(ZERO)), Broadcast(Wish(ZERO))]
    step(adopting, Received(0, Wish(ZERO)))
    return adopting


def test_the_commonest_of_n_minus_f_wishes_is_proposed_once() -> None:
    adopting = open_one()
    assert step(adopting, Received(1, Wish(ONE))) == []
    effects = step(adopting, Received(2, Wish(ONE)))
    assert effects == [Persist(Report(1, 1)), Broadcast(Report(1, 1))]
    assert step(adopting, Received(3, Wish(ZERO))) == []
    assert is_stale(adopting, Wish(ZERO))


def test_the_first_wish_of_a_member_counts_and_strangers_have_none() -> None:
    adopting = open_one()
    step(adopting, Received(1, Wish(ONE)))
    step(adopting, Received(1, Wish(ZERO)))
    (ignored,) = step(adopting, Received(9, Wish(ZERO)))
    assert isinstance(ignored, Ignore)
    assert adopting.wishes == {0: ZERO, 1: ONE}
    (again,) = step(adopting, Propose(ONE))
    assert isinstance(again, Ignore)


def test_a_restart_says_the_wish_again_and_goes_on_inside() -> None:
    adopting = Adopting(FOUR, BenOr(0, FOUR))
    effects = step(adopting, Opened((Wish(ZERO), Report(1, 1))))
    assert effects == [Broadcast(Wish(ZERO)), Broadcast(Report(1, 1))]


@pytest.mark.parametrize("seed", range(10))
def test_what_all_correct_members_wish_is_decided(seed: int) -> None:
    """Ben-Or's alone does not promise that: one member with another input may crash after it was heard."""
    create = agreements.get("adopting").create
    for lone, bit in itertools.product(range(4), (0, 1)):
        wishes = {me: bytes([bit if me != lone else 1 - bit]) for me in range(4)}
        net = Net(lambda me: create(me, FOUR), wishes, Chance(seed))
        net.start().run(40)
        net.crash(lone)
        net.run()
        decisions = {me: value for me, (value,) in net.decided.items()}
        outcome = Outcome(wishes, decisions, frozenset(range(4)) - {lone})
        assert outcome.list_broken(Validity.UNANIMOUS_CORRECT, uniform=True) == ()
