"""Rewriting keeps what it does not touch, and empties own signatures around what it does."""

import msgspec
import pytest

from consensus.message import Signed, compute_digest, encode, sign_message
from consensus.pbft.messages import MESSAGES, Prepare, Proposal, Standing
from consensus.simulation.byzantine.fields import walk_places
from consensus.simulation.byzantine.rewriting import (
    is_well_formed,
    make_value_table,
    replace_at,
    substitute,
    take_over,
)
from consensus.simulation.signatures import is_genuine, make_sign
from tests.consensus.simulation.byzantine.samples import (
    DIGEST,
    MEANT,
    NEW_VIEW,
    OTHER,
    PRE_PREPARE,
    VALUE,
    VIEW,
    prepare,
    view_change,
)


def test_own_signatures_around_a_change_become_empty_and_no_others() -> None:
    path = ("body", "proposals", 1, "body", "digest")
    changed = replace_at(NEW_VIEW, path, OTHER, 0)
    assert changed.signature == b""
    assert [p.signature == b"" for p in changed.body.proposals] == [False, True]
    assert changed.body.view_changes == NEW_VIEW.body.view_changes
    again = sign_message(changed, make_sign(0))
    assert is_genuine(again)
    assert again.body.proposals[1].body == Proposal(VIEW, 7, OTHER)
    assert MESSAGES.decode(MESSAGES.encode(again)) == again


def test_anothers_signature_is_kept_and_then_wrong() -> None:
    changed = replace_at(prepare(1), ("body", "digest"), OTHER, 0)
    assert changed == Signed(1, Prepare(VIEW, 7, OTHER), prepare(1).signature)
    assert not is_genuine(changed)


@pytest.mark.parametrize("message", MEANT, ids=lambda m: type(getattr(m, "body", m)).__name__)
def test_originals_stay_as_they_are(message: msgspec.Struct) -> None:
    before = encode(message)
    for place in walk_places(message, 0):
        replace_at(message, place.path, place.content, 0)
    substitute(message, {DIGEST: OTHER, VALUE: b"new"}, 0)
    assert encode(message) == before


def test_a_value_takes_its_digests_along() -> None:
    table = make_value_table(VALUE, b"0/7: new")
    told = sign_message(substitute(PRE_PREPARE, table, 0), make_sign(0))
    assert told.value == b"0/7: new"
    assert told.proposal.body.digest == compute_digest(b"0/7: new")
    assert is_genuine(told)


def test_nothing_found_gives_the_message_itself() -> None:
    for message in MEANT:
        assert substitute(message, {b"absent": b"new"}, 0) is message


def test_what_others_signed_is_not_substituted() -> None:
    change = view_change(0)
    told = substitute(change, {DIGEST: OTHER}, 0)
    certificate = told.body.prepared[0]
    assert certificate.proposal.body.digest == OTHER
    assert certificate.prepares == change.body.prepared[0].prepares
    assert substitute(view_change(1), {DIGEST: OTHER}, 0) == view_change(1)


def test_taking_over_what_one_replica_signed() -> None:
    taken = take_over(NEW_VIEW, 0, 2)
    assert taken.signer == 2
    assert taken.signature == b""
    assert [(p.signer, p.signature) for p in taken.body.proposals] == [(2, b""), (2, b"")]
    assert taken.body.view_changes == NEW_VIEW.body.view_changes
    own = sign_message(taken, make_sign(2))
    assert is_genuine(own)
    assert own.body.proposals[0].body == NEW_VIEW.body.proposals[0].body
    assert take_over(prepare(1), 0, 2) == prepare(1)


def test_well_formed_is_what_survives_the_codec() -> None:
    assert all(map(is_well_formed, MEANT))
    assert not is_well_formed(Signed(0, Prepare(-1, 1, DIGEST)))
    assert not is_well_formed(Signed(0, Prepare(1 << 64, 1, DIGEST)))
    assert not is_well_formed(Signed(0, Prepare(0, 1, b"short")))
    assert not is_well_formed(Standing(0, 2, 0, 0, False, False))  # type: ignore[arg-type]
