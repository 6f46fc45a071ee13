"""Equivocation: each side is shown a proposal of its own, and supported."""

from typing import Any

import pytest

from consensus.message import Signed, compute_digest
from consensus.pbft.messages import Commit, Prepare, PrePrepare
from consensus.simulation.byzantine import faces as module
from consensus.simulation.byzantine.behaviour import Behaviour
from consensus.simulation.byzantine.faces import EveryFace, TwoFaced
from consensus.simulation.signatures import is_genuine
from tests.consensus.simulation.byzantine.samples import (
    DIGEST,
    HEIGHT,
    NEW_VIEW,
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
from tests.consensus.simulation.byzantine.telling import make, tell

FORGED = b"0/7: forged1"


def experienced(*half: str, name: str = "two-faced", me: int = 0) -> Behaviour:
    """A behaviour that has seen a prepare and a commit, of an older height."""
    behaviour = make(name, *half, me=me)
    for vote in (Prepare(VIEW, 6, DIGEST), Commit(VIEW, 6, DIGEST)):
        assert list(behaviour.hear(3, signed(3, vote))) == []
    return behaviour


def shown(told: list[Any]) -> PrePrepare:
    """The proposal, which comes first."""
    assert isinstance(told[0], PrePrepare)
    assert all(map(is_genuine, told))
    return told[0]


def test_the_half_sees_the_truth_and_the_rest_something_else() -> None:
    behaviour = experienced("1")
    assert shown(tell(behaviour, PRE_PREPARE, 1)) == PRE_PREPARE
    for other in (2, 3):
        told = shown(tell(behaviour, PRE_PREPARE, other))
        assert told.value == FORGED
        assert told.proposal.body.digest == compute_digest(FORGED)
        assert (told.proposal.body.view, told.proposal.body.height) == (VIEW, HEIGHT)


def test_a_repeated_proposal_looks_the_same() -> None:
    behaviour = experienced("1")
    first = shown(tell(behaviour, PRE_PREPARE, 2))
    assert shown(tell(behaviour, PRE_PREPARE, 2)) == first


def test_own_votes_come_right_behind_the_proposal() -> None:
    behaviour = experienced("1")
    for receiver, digest in ((1, DIGEST), (2, compute_digest(FORGED))):
        told = tell(behaviour, PRE_PREPARE, receiver)
        assert [vote.body for vote in told[1:]] == [
            Prepare(VIEW, HEIGHT, digest),
            Commit(VIEW, HEIGHT, digest),
        ]
        assert all(vote.signer == 0 for vote in told[1:])


def test_support_is_repeated_a_few_times_and_then_no_more() -> None:
    behaviour = experienced("1")
    counts = [len(tell(behaviour, PRE_PREPARE, 1)) for _ in range(6)]
    assert counts == [3] * module.REPEATS_MAX + [1] * (6 - module.REPEATS_MAX)


def test_later_votes_name_what_each_side_was_shown() -> None:
    behaviour = experienced("1")
    tell(behaviour, PRE_PREPARE, 1)
    tell(behaviour, PRE_PREPARE, 2)
    assert tell(behaviour, commit(0), 1) == [commit(0)]
    told = tell(behaviour, commit(0), 2)
    assert told == [commit(0, compute_digest(FORGED))]
    assert is_genuine(told[0])


def test_votes_for_what_a_side_was_shown_are_answered() -> None:
    behaviour = experienced("1")
    tell(behaviour, PRE_PREPARE, 1)
    tell(behaviour, PRE_PREPARE, 2)
    forged = compute_digest(FORGED)
    answers = list(behaviour.hear(2, commit(2, forged)))
    assert [to for to, _ in answers] == [2, 2]
    assert {vote.body for _, (_, vote) in answers} == {
        Prepare(VIEW, HEIGHT, forged),
        Commit(VIEW, HEIGHT, forged),
    }
    assert list(behaviour.hear(2, commit(2, DIGEST))) == []
    assert list(behaviour.hear(1, commit(1, forged))) == []
    assert len(list(behaviour.hear(1, commit(1, DIGEST)))) == 2


def test_what_others_proposed_is_not_equivocated_about() -> None:
    behaviour = experienced("1", me=2)
    foreign = PrePrepare(proposal(0), VALUE)
    assert tell(behaviour, foreign, 3) == [foreign]
    assert list(behaviour.hear(1, prepare(1))) == []
    assert tell(behaviour, prepare(2), 3) == [prepare(2)]


@pytest.mark.parametrize("message", [view_change(0), NEW_VIEW])
def test_certificates_of_others_are_left_alone(message: Signed[Any]) -> None:
    behaviour = experienced("1")
    tell(behaviour, PRE_PREPARE, 2)
    assert tell(behaviour, message, 2) == [message]


def test_every_replica_sees_a_face_of_its_own() -> None:
    behaviour = experienced(name="every-face")
    values = {shown(tell(behaviour, PRE_PREPARE, receiver)).value for receiver in (1, 2, 3)}
    assert values == {b"0/7: forged2", b"0/7: forged3", b"0/7: forged4"}
    votes = [tell(behaviour, commit(0), receiver)[0].body.digest for receiver in (1, 2, 3)]
    assert len(set(votes)) == 3


def test_halves_are_drawn() -> None:
    halves = set()
    for seed in range(40):
        behaviour = TwoFaced.make(make_liar(seed), ())
        assert isinstance(behaviour, TwoFaced)
        halves.add(behaviour.half)
    assert halves == {frozenset(s) for s in ((1,), (2,), (3,), (1, 2), (1, 3), (2, 3))}


def test_it_forgets_what_it_showed_long_ago() -> None:
    behaviour = EveryFace.make(make_liar(), ())
    assert isinstance(behaviour, EveryFace)
    for number in range(module.SHOWN_MAX):
        value = b"0/%d: x" % number
        tell(behaviour, PrePrepare(proposal(0, compute_digest(value)), value), 1)
        tell(behaviour, PrePrepare(proposal(0, compute_digest(value)), value), 2)
    assert len(behaviour.shown) == module.SHOWN_MAX
