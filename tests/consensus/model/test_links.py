"""Links: four axes that say nothing about each other."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.model.links import Authentication, Links, Loss, Order
from consensus.model.timing import Timing

LINKS = st.builds(
    Links,
    st.sampled_from(Loss),
    st.sampled_from(Order),
    st.sampled_from(Timing),
    st.sampled_from(Authentication),
)
BEST = Links(Loss.RELIABLE, Order.FIFO, Timing.SYNCHRONOUS, Authentication.SIGNATURES)
WORST = Links(Loss.LOSSY, Order.NONE, Timing.ASYNCHRONOUS, Authentication.NONE)


@given(LINKS)
def test_the_best_links_imply_all_and_the_worst_are_implied_by_all(links: Links) -> None:
    assert BEST.implies(links)
    assert links.implies(WORST)
    assert links.implies(links)


@given(LINKS, LINKS)
def test_two_that_imply_each_other_are_the_same(a: Links, b: Links) -> None:
    assert (a.implies(b) and b.implies(a)) == (a == b)


@given(LINKS, LINKS, LINKS)
def test_implication_is_transitive(a: Links, b: Links, c: Links) -> None:
    if a.implies(b) and b.implies(c):
        assert a.implies(c)


@given(LINKS, LINKS)
def test_axes_are_independent(a: Links, b: Links) -> None:
    mixed = Links(a.loss, b.order, a.delay, b.authentication)
    assert mixed.delivers_once_sent == a.delivers_once_sent
    assert mixed.may_double == a.may_double
    assert mixed.may_reorder == b.may_reorder
    assert mixed.is_signed == b.is_signed
    assert mixed.knows_sender == b.knows_sender


@pytest.mark.parametrize(
    ("loss", "once", "repeated", "doubled"),
    [
        (Loss.RELIABLE, True, True, False),
        (Loss.FAIR_LOSSY, False, True, True),
        (Loss.LOSSY, False, False, True),
    ],
)
def test_what_loss_means(loss: Loss, once: bool, repeated: bool, doubled: bool) -> None:
    links = Links(loss)
    assert links.delivers_once_sent is once
    assert links.delivers_if_repeated is repeated
    assert links.may_double is doubled


@pytest.mark.parametrize(
    ("authentication", "known", "signed"),
    [
        (Authentication.SIGNATURES, True, True),
        (Authentication.CHANNELS, True, False),
        (Authentication.NONE, False, False),
    ],
)
def test_what_authentication_means(
    authentication: Authentication, known: bool, signed: bool
) -> None:
    links = Links(authentication=authentication)
    assert links.knows_sender is known
    assert links.is_signed is signed


def test_silence_proves_something_only_on_reliable_synchronous_links() -> None:
    bounded = {pair for pair in product(Loss, Timing) if Links(pair[0], delay=pair[1]).has_bound}
    assert bounded == {(Loss.RELIABLE, Timing.SYNCHRONOUS)}


def test_repetition_makes_fair_lossy_links_reliable_but_not_timely() -> None:
    fair = Links(Loss.FAIR_LOSSY, Order.NONE, Timing.SYNCHRONOUS, Authentication.SIGNATURES)
    assert fair.with_repetition() == Links(
        Loss.RELIABLE, Order.FIFO, Timing.ASYNCHRONOUS, Authentication.SIGNATURES
    )


@given(LINKS)
def test_repetition_saves_nothing_on_lossy_links_and_is_done_once(links: Links) -> None:
    repeated = links.with_repetition()
    assert repeated.with_repetition() == repeated
    assert repeated.delivers_once_sent == links.delivers_if_repeated
    if links.loss is not Loss.FAIR_LOSSY:
        assert repeated == links
