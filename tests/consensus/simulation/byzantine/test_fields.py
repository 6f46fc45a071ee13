"""Roles are found by name, type and size; heights by looking around."""

import pytest

from consensus.message import Message
from consensus.pbft.messages import (
    CheckpointCertificate,
    Prepare,
    Proposal,
    ViewChange,
)
from consensus.simulation.byzantine.fields import (
    Place,
    Role,
    find_digest,
    find_height,
    find_role,
    find_signed,
    find_votes,
    is_flat,
    is_signed_by_others,
    is_vote,
    walk_places,
)
from tests.consensus.simulation.byzantine.samples import (
    DIGEST,
    HEIGHT,
    MEANT,
    NEW_VIEW,
    PRE_PREPARE,
    VALUE,
    VIEW,
    checkpoint,
    prepare,
    view_change,
)


class Promise(Message, tag="test-promise", frozen=True):
    """As a protocol with ballots might have it."""

    ballot: tuple[int, int]
    slot: int
    count: int
    accepted: tuple[bytes, ...]


@pytest.mark.parametrize(
    ("field", "content", "role"),
    [
        ("view", 3, Role.VIEW),
        ("round", 3, Role.VIEW),
        ("height", 3, Role.HEIGHT),
        ("stable", 3, Role.HEIGHT),
        ("weight", 3, Role.NUMBER),
        ("view", True, Role.FLAG),
        ("digest", DIGEST, Role.DIGEST),
        ("block_id", DIGEST, Role.DIGEST),
        ("value", DIGEST, Role.VALUE),
        ("values", b"", Role.VALUE),
        ("claim", b"xyz", None),
        ("name", "text", None),
    ],
)
def test_roles(field: str, content: object, role: Role | None) -> None:
    assert find_role(field, content) is role


def test_places_of_a_proposal() -> None:
    places = [(place.path, place.role, place.content) for place in walk_places(PRE_PREPARE)]
    assert places == [
        (("proposal", "body", "view"), Role.VIEW, VIEW),
        (("proposal", "body", "height"), Role.HEIGHT, HEIGHT),
        (("proposal", "body", "digest"), Role.DIGEST, DIGEST),
        (("value",), Role.VALUE, VALUE),
    ]


def test_a_ballot_is_two_numbers_and_no_tuple_to_be_cut() -> None:
    places = list(walk_places(Promise((3, 1), 5, 9, (b"x",))))
    assert [(p.path, p.role) for p in places] == [
        (("ballot", 0), Role.VIEW),
        (("ballot", 1), Role.VIEW),
        (("slot",), Role.HEIGHT),
        (("count",), Role.NUMBER),
        (("accepted",), Role.PARTS),
    ]


def test_signed_parts_of_others_are_not_ones_own_ground() -> None:
    assert list(walk_places(prepare(1), 0)) == [Place((), Role.SIGNED, prepare(1))]
    change = {place.path for place in walk_places(view_change(0), 0)}
    assert ("body", "prepared", 0, "proposal", "body", "digest") in change
    assert ("body", "prepared", 0, "prepares") in change
    votes = ("body", "prepared", 0, "prepares")
    assert {path for path in change if path[:4] == votes} == {votes, (*votes, 0), (*votes, 1)}
    assert len(list(walk_places(view_change(0)))) > len(change)


def test_every_message_has_a_place_to_lie_about() -> None:
    assert all(list(walk_places(message, 0)) for message in MEANT)


def test_the_height_around_a_place() -> None:
    change = ViewChange(VIEW, 4, (), NEW_VIEW.body.view_changes[0].body.prepared)
    path = ("prepared", 0, "proposal", "body", "digest")
    assert find_height(change, path) == HEIGHT
    assert find_height(change) == 4
    assert find_height(PRE_PREPARE, ("value",)) == HEIGHT
    assert find_height(Promise((1, 1), 8, 0, ())) == 8


def test_a_property_called_height_is_not_read() -> None:
    assert find_height(CheckpointCertificate(())) == 0


def test_votes_are_flat_signed_and_name_a_digest() -> None:
    assert is_vote(prepare(1))
    assert is_vote(checkpoint(1))
    assert not is_vote(view_change(1))
    assert not is_vote(PRE_PREPARE)
    assert is_flat(Proposal(1, 1, DIGEST))
    assert not is_flat(PRE_PREPARE)
    assert find_digest(Prepare(1, 1, DIGEST)) == DIGEST
    assert find_digest(Promise((1, 1), 1, 1, ())) is None


def test_votes_within_a_message() -> None:
    assert list(find_votes(PRE_PREPARE)) == [Proposal(VIEW, HEIGHT, DIGEST)]
    assert list(find_votes(prepare(2))) == [Prepare(VIEW, HEIGHT, DIGEST)]
    assert list(find_votes(view_change(1))) == []


def test_signed_parts_with_their_paths() -> None:
    for message in MEANT:
        for path, part in find_signed(message):
            found = message
            for step in path:
                found = found[step] if isinstance(step, int) else getattr(found, step)
            assert found is part
    assert [part.signer for _, part in find_signed(view_change(0))] == [0, 1, 2, 3, 0, 1, 2]


def test_whose_signatures() -> None:
    assert not is_signed_by_others(PRE_PREPARE, 0)
    assert is_signed_by_others(PRE_PREPARE, 1)
    assert is_signed_by_others(view_change(0), 0)
    assert not is_signed_by_others(MEANT[-1], 2)
