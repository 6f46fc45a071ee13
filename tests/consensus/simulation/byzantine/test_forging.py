"""Lies that verify: one place differs, the codec takes it, and all signatures are right."""

import pytest

from consensus.message import NULL_DIGEST, compute_digest, encode
from consensus.pbft.messages import MESSAGES, PrePrepare
from consensus.simulation.byzantine.fields import Role, walk_places
from consensus.simulation.byzantine.forging import (
    ALL_ROLES,
    UNKNOWN_DIGEST,
    change_one,
    change_place,
    deny,
    list_alternatives,
    list_numbers,
    list_tuples,
    show_value,
)
from consensus.simulation.byzantine.memory import Memory
from consensus.simulation.signatures import is_genuine
from tests.consensus.simulation.byzantine.samples import (
    BLOCK,
    DIGEST,
    HEARD,
    MEANT,
    NEW_VIEW,
    OTHER,
    PRE_PREPARE,
    VALUE,
    checkpoint,
    make_liar,
    prepare,
    view_change,
)


def remembering() -> Memory:
    """Other values, digests and votes are known."""
    memory = Memory()
    for sender, message in HEARD:
        memory.note_heard(sender, message)
    return memory


@pytest.mark.parametrize("message", MEANT, ids=lambda m: type(getattr(m, "body", m)).__name__)
def test_every_lie_is_genuine_canonical_and_different(message: object) -> None:
    liar, memory, before = make_liar(), remembering(), encode(message)
    count = 0
    for place in walk_places(message, 0):
        for content in list_alternatives(message, place, liar, memory):
            told = change_place(message, place, content, liar)
            assert told is not None
            assert told != message
            assert is_genuine(told)
            assert MESSAGES.decode(MESSAGES.encode(told)) == told
            count += 1
    assert count >= 2
    assert encode(message) == before


@pytest.mark.parametrize("role", sorted(Role, key=str))
def test_only_places_of_the_role_are_changed(role: Role) -> None:
    liar, memory = make_liar(), remembering()
    for message in MEANT:
        told = change_one(message, liar, memory, {role})
        has_role = any(p.role is role and p.content != () for p in walk_places(message, 0))
        assert (told is not None) == has_role, message


def test_all_roles_get_their_turn() -> None:
    liar, memory = make_liar(), remembering()
    changed = set()
    for _ in range(200):
        told = change_one(view_change(0), liar, memory, ALL_ROLES)
        assert told is not None
        changed |= {
            name
            for name in ("view", "stable", "checkpoint", "prepared")
            if getattr(told.body, name) != getattr(view_change(0).body, name)
        }
    assert changed == {"view", "stable", "checkpoint", "prepared"}


def test_what_others_signed_can_only_be_replaced_as_a_whole() -> None:
    memory = remembering()
    told = {change_one(prepare(1), make_liar(seed), memory) for seed in range(40)}
    assert None not in told
    assert all(map(is_genuine, told))
    assert prepare(0) in told
    assert prepare(2) in told
    assert any(m.signer == 0 and m.body != prepare(1).body for m in told if m is not None)
    assert change_one(prepare(1), make_liar(), memory, {Role.DIGEST}) is None


def test_numbers_stay_naturals_in_64_bits() -> None:
    assert list_numbers(0, far=False) == [1]
    assert list_numbers(5, far=True) == [6, 4, 21, 1_000_005, 0]
    assert list_numbers(1, far=True) == [2, 0, 17, 1_000_001]
    assert list_numbers((1 << 64) - 1, far=True) == [(1 << 64) - 2, 0]


def test_digests_are_those_heard_the_nulls_and_nobodys() -> None:
    place = next(p for p in walk_places(prepare(0)) if p.role is Role.DIGEST)
    others = list_alternatives(prepare(0), place, make_liar(), remembering())
    assert OTHER in others
    assert NULL_DIGEST in others
    assert UNKNOWN_DIGEST in others
    assert DIGEST not in others


def test_another_value_is_shown_under_its_own_digest() -> None:
    told = show_value(PRE_PREPARE, VALUE, b"0/7: forged", make_liar())
    assert told.value == b"0/7: forged"
    assert told.proposal.body.digest == compute_digest(told.value)
    assert is_genuine(told)


def test_values_are_forged_empty_or_known_already() -> None:
    memory = remembering()
    values = set()
    for seed in range(40):
        told = change_one(PRE_PREPARE, make_liar(seed), memory, {Role.VALUE})
        assert isinstance(told, PrePrepare)
        values.add(told.value)
    assert {b"", b"1/7: other"} < values
    assert all(v in {b"", b"1/7: other"} or v.startswith(b"0/7: forged") for v in values)


def test_tuples_lose_gain_and_swap_parts() -> None:
    parts = (checkpoint(1), checkpoint(2))
    memory = Memory()
    memory.note_heard(3, checkpoint(3))
    seen = {other for seed in range(20) for other in list_tuples(parts, make_liar(seed), memory)}
    assert () in seen
    assert {parts[:1], parts[1:], parts[::-1]} <= seen
    assert (*parts, parts[0]) in seen
    assert (parts[0], parts[0]) in seen
    assert (checkpoint(3), parts[1]) in seen
    assert parts not in seen
    assert list_tuples((), make_liar(), memory) == []


def test_denying_turns_own_votes_into_nulls_and_leaves_other_digests() -> None:
    told = deny(NEW_VIEW, make_liar(), whoever_signed=False)
    assert is_genuine(told)
    assert [p.body.digest for p in told.body.proposals] == [NULL_DIGEST, NULL_DIGEST]
    assert told.body.view_changes == NEW_VIEW.body.view_changes
    change = deny(view_change(0), make_liar(), whoever_signed=False)
    assert change.body.checkpoint == view_change(0).body.checkpoint
    assert change.body.prepared[0].proposal.body.digest == NULL_DIGEST
    assert change.body.prepared[0].prepares == view_change(0).body.prepared[0].prepares


def test_denying_everything_takes_over_what_others_signed() -> None:
    told = deny(view_change(0), make_liar(), whoever_signed=True)
    assert is_genuine(told)
    assert MESSAGES.decode(MESSAGES.encode(told)) == told
    certificate = told.body.prepared[0]
    votes = (certificate.proposal, *certificate.prepares)
    assert {(vote.signer, vote.body.digest) for vote in votes} == {(0, NULL_DIGEST)}
    assert {vote.body.block_id for vote in told.body.checkpoint} == {BLOCK}
