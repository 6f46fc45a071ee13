"""A usurper says what leaders say, in its own name."""

from typing import Any

from consensus.message import compute_digest
from consensus.pbft.messages import MESSAGES, NewView, PrePrepare, Tell
from consensus.simulation.byzantine.behaviour import Behaviour
from consensus.simulation.byzantine.usurper import REPEATS_MAX, is_leading, name_occasion
from consensus.simulation.signatures import is_genuine
from tests.consensus.simulation.byzantine.samples import (
    HEIGHT,
    NEW_VIEW,
    PRE_PREPARE,
    VALUE,
    VIEW,
    commit,
    prepare,
    view_change,
)
from tests.consensus.simulation.byzantine.telling import make


def hear(behaviour: Behaviour, sender: int, message: Any) -> list[tuple[int, Any]]:
    """(receiver, message) pairs; all of it verifies and decodes."""
    answers = [(to, told) for to, (_, told) in behaviour.hear(sender, message)]
    for _, told in answers:
        assert is_genuine(told)
        assert MESSAGES.decode(MESSAGES.encode(told)) == told
    return answers


def usurp(message: Any, sender: int, count: int = 20) -> list[Any]:
    """What several usurpers make of a message."""
    behaviours = [make("usurper", "1000", seed=seed, me=2) for seed in range(count)]
    return [hear(behaviour, sender, message)[0][1] for behaviour in behaviours]


def test_leaders_send_values_or_what_opens_a_view() -> None:
    assert is_leading(PRE_PREPARE)
    assert is_leading(NEW_VIEW)
    assert is_leading(view_change(1))
    assert not is_leading(prepare(1))
    assert not is_leading(Tell(HEIGHT, VALUE))
    assert name_occasion(PRE_PREPARE) == (PrePrepare, VIEW, HEIGHT)


def test_votes_are_left_alone() -> None:
    behaviour = make("usurper", "1000", me=2)
    assert hear(behaviour, 1, prepare(1)) == []
    assert hear(behaviour, 3, commit(3)) == []


def test_a_proposal_is_taken_over_mostly_with_another_value() -> None:
    proposals = usurp(PRE_PREPARE, 0)
    assert {p.proposal.signer for p in proposals} == {2}
    values = [p.value for p in proposals]
    assert any(value.startswith(b"2/7: forged") for value in values)
    assert sum(value != VALUE for value in values) > len(values) // 2
    right = [p.proposal.body.digest == compute_digest(p.value) for p in proposals]
    assert sum(right) > len(right) // 2


def test_a_new_view_is_taken_over_with_its_proposals() -> None:
    taken = usurp(NEW_VIEW, 0)
    assert {m.signer for m in taken} == {2}
    assert all(isinstance(m.body, NewView) for m in taken)
    assert {p.signer for m in taken for p in m.body.proposals} == {2}
    kept = [m.body.view_changes == NEW_VIEW.body.view_changes for m in taken]
    assert sum(kept) > len(kept) // 2  # it may have lied about its own


def test_everybody_else_hears_it() -> None:
    behaviour = make("usurper", "1000", me=2)
    assert [to for to, _ in hear(behaviour, 0, PRE_PREPARE)] == [0, 1, 3]


def test_what_the_sender_only_handed_on_is_not_taken() -> None:
    assert hear(make("usurper", "1000", me=2), 1, PRE_PREPARE) == []


def test_two_usurpers_come_to_an_end() -> None:
    usurpers = {r: make("usurper", "1000", me=r, seed=r) for r in (1, 2)}
    under_way = [(0, 1, PRE_PREPARE), (0, 2, PRE_PREPARE)]
    said = 0
    while under_way:
        sender, receiver, message = under_way.pop()
        for to, told in hear(usurpers[receiver], sender, message):
            said += 1
            if to in usurpers:
                under_way.append((receiver, to, told))
        assert said < 100
    assert said >= 2 * REPEATS_MAX
