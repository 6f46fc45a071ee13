"""A saboteur leaves one replica ahead of the others, and everybody in doubt."""

from typing import Any

from consensus.pbft.messages import Commit, Prepare, PrePrepare, Standing
from consensus.simulation.byzantine.behaviour import Behaviour
from consensus.simulation.byzantine.saboteur import PLOTS_MAX, Saboteur, is_unrest
from consensus.simulation.signatures import is_genuine
from tests.consensus.simulation.byzantine.samples import (
    DIGEST,
    HEIGHT,
    NEW_VIEW,
    OTHER,
    PRE_PREPARE,
    VALUE,
    VIEW,
    commit,
    make_liar,
    prepare,
    proposal,
    signed,
    view_change,
)
from tests.consensus.simulation.byzantine.telling import make, tell, tell_often


def hear(behaviour: Behaviour, sender: int, message: Any) -> list[tuple[int, Any]]:
    """(receiver, message) pairs; all of it verifies."""
    answers = [(to, told) for to, (_, told) in behaviour.hear(sender, message)]
    assert all(is_genuine(told) for _, told in answers)
    return answers


def receivers(behaviour: Behaviour, message: Any) -> set[int]:
    """Who is told anything; it is the truth."""
    told = {receiver: tell(behaviour, message, receiver) for receiver in (1, 2, 3)}
    assert all(said in ([], [message]) for said in told.values())
    return {receiver for receiver, said in told.items() if said}


def test_one_is_left_out_of_a_proposal_and_one_alone_hears_the_votes() -> None:
    favourites, audiences = set(), set()
    for seed in range(30):
        behaviour = make("saboteur", "1000", seed=seed)
        audience = receivers(behaviour, PRE_PREPARE)
        (favourite,) = receivers(behaviour, commit(0))
        assert len(audience) == 2
        assert favourite in audience
        assert receivers(behaviour, prepare(0)) == {favourite}
        favourites.add(favourite)
        audiences.add(frozenset(audience))
    assert favourites == {1, 2, 3}
    assert len(audiences) == 3


def test_so_many_are_left_out_as_a_quorum_can_spare() -> None:
    saboteur = Saboteur.make(make_liar(size=7), ("1000",))
    assert isinstance(saboteur, Saboteur)
    assert len(saboteur.draw_plot().outcasts) == 7 - saboteur.liar.committee.quorum


def test_only_some_heights_are_sabotaged() -> None:
    behaviour = make("saboteur", "500")
    heard = [len(receivers(behaviour, prepare(0, DIGEST, height))) for height in range(60)]
    assert set(heard) == {1, 3}
    assert 15 < heard.count(3) < 45


def test_what_it_says_as_leaders_change_is_mostly_altered() -> None:
    for message in (view_change(0), NEW_VIEW):
        told = [said[0] for said in tell_often(make("saboteur"), message, 60)]
        assert all(map(is_genuine, told))
        assert 25 < sum(m != message for m in told) < 55


def test_doubts_become_its_own_and_are_told_to_all() -> None:
    behaviour = make("saboteur")
    doubt = Standing(VIEW, True, HEIGHT, 4, True, False)
    assert hear(behaviour, 2, doubt) == [(1, doubt), (2, doubt), (3, doubt)]
    own = signed(0, view_change(3).body)
    assert hear(behaviour, 3, view_change(3)) == [(1, own), (2, own), (3, own)]
    assert hear(behaviour, 2, Standing(VIEW, False, HEIGHT, 4, False, False)) == []
    assert not is_unrest(PRE_PREPARE)
    assert not is_unrest(commit(1))


def test_doubts_do_not_echo_for_ever() -> None:
    behaviour = make("saboteur")
    assert sum(len(hear(behaviour, 3, view_change(3))) for _ in range(10)) == 6


def test_those_who_believe_a_lie_are_supported() -> None:
    behaviour = make("saboteur")
    assert hear(behaviour, 1, prepare(1, OTHER)) == []  # no opinion yet
    tell(behaviour, commit(0))
    assert hear(behaviour, 1, prepare(1)) == []
    votes = [(to, vote.signer, vote.body) for to, vote in hear(behaviour, 2, prepare(2, OTHER))]
    assert votes == [
        (2, 0, Prepare(VIEW, HEIGHT, OTHER)),
        (2, 0, Commit(VIEW, HEIGHT, OTHER)),
    ]


def test_plots_of_long_ago_are_forgotten() -> None:
    saboteur = Saboteur.make(make_liar(), ())
    assert isinstance(saboteur, Saboteur)
    for height in range(3 * PLOTS_MAX):
        saboteur.say(1, PrePrepare(proposal(), VALUE))
        saboteur.say(1, prepare(0, DIGEST, height))
    assert len(saboteur.plots) == PLOTS_MAX
