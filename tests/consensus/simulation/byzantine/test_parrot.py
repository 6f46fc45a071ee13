"""A parrot has no opinion and shares everybody's."""

from typing import Any

from consensus.pbft.messages import Checkpoint, Commit, Prepare
from consensus.simulation.byzantine.behaviour import Behaviour
from consensus.simulation.signatures import is_genuine
from tests.consensus.simulation.byzantine.samples import (
    BLOCK,
    DIGEST,
    HEIGHT,
    MEANT,
    OTHER,
    PRE_PREPARE,
    VIEW,
    checkpoint,
    commit,
    prepare,
    signed,
    view_change,
)
from tests.consensus.simulation.byzantine.telling import make, tell


def hear(behaviour: Behaviour, sender: int, message: Any) -> list[tuple[int, Any]]:
    """(receiver, vote) pairs."""
    answers = [(to, told) for to, (_, told) in behaviour.hear(sender, message)]
    assert all(is_genuine(told) and told.signer == 0 for _, told in answers)
    return answers


def test_its_engines_votes_are_not_said() -> None:
    behaviour = make("parrot")
    told = [message for meant in MEANT for message in tell(behaviour, meant)]
    assert told == [m for m in MEANT if m not in (prepare(0), commit(0), checkpoint(0))]


def test_it_votes_for_both_sides_of_a_dispute() -> None:
    behaviour = make("parrot")
    assert hear(behaviour, 1, prepare(1)) == [(1, prepare(0))]
    assert hear(behaviour, 2, prepare(2, OTHER)) == [(2, prepare(0, OTHER))]


def test_it_says_the_same_with_every_kind_of_vote_it_knows() -> None:
    behaviour = make("parrot")
    hear(behaviour, 3, commit(3))
    hear(behaviour, 3, checkpoint(3))
    votes = {told.body for _, told in hear(behaviour, 2, prepare(2, OTHER))}
    assert votes == {Prepare(VIEW, HEIGHT, OTHER), Commit(VIEW, HEIGHT, OTHER)}
    again = {told.body for _, told in hear(behaviour, 1, checkpoint(1))}
    assert again == {Checkpoint(HEIGHT, BLOCK)}


def test_it_supports_a_proposal_at_once() -> None:
    behaviour = make("parrot")
    assert hear(behaviour, 1, PRE_PREPARE) == []  # it knows no vote yet
    hear(behaviour, 3, commit(3, OTHER))
    assert hear(behaviour, 1, PRE_PREPARE) == [(1, commit(0, DIGEST))]


def test_it_joins_view_changes() -> None:
    answers = hear(make("parrot"), 3, view_change(3))
    assert answers == [(3, signed(0, view_change(3).body))]


def test_it_can_tell_everybody() -> None:
    assert hear(make("parrot", "all"), 2, prepare(2)) == [(r, prepare(0)) for r in (1, 2, 3)]


def test_two_parrots_fall_silent() -> None:
    parrots = {0: make("parrot", "all"), 1: make("parrot", "all", me=1)}
    under_way = [(2, 0, prepare(2)), (2, 1, commit(2))]
    said = 0
    while under_way:
        sender, receiver, message = under_way.pop()
        for to, (_, told) in parrots[receiver].hear(sender, message):
            said += 1
            if to in parrots:
                under_way.append((receiver, to, told))
    assert 4 <= said <= 24
