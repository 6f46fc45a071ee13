"""Lies in others' names decode, and do not verify."""

from consensus.message import Signed
from consensus.pbft.messages import MESSAGES
from consensus.simulation.byzantine.claiming import claim, pad
from consensus.simulation.byzantine.forging import sign_own
from consensus.simulation.signatures import is_genuine
from tests.consensus.simulation.byzantine.samples import (
    NEW_VIEW,
    make_liar,
    prepare,
    view_change,
)


def test_a_claim_names_another_signer_and_does_not_verify() -> None:
    told = claim(prepare(0), make_liar(), 2)
    assert told == Signed(2, prepare(0).body, prepare(0).signature)
    assert not is_genuine(told)
    assert claim(prepare(1), make_liar(), 2) is None


def test_a_claim_deep_inside_leaves_the_outer_signature_right() -> None:
    for seed in range(8):
        told = claim(NEW_VIEW, make_liar(seed), 3)
        assert told is not None
        parts = list(told.signed_parts())
        assert not is_genuine(told)
        assert MESSAGES.decode(MESSAGES.encode(told)) == told
        if told.signer == 0:
            assert Signed(0, told.body, parts[0].signature) == sign_own(make_liar(), told.body)


def test_a_padded_certificate_has_a_vote_of_everybody() -> None:
    told = pad(view_change(0), make_liar())
    assert told is not None
    votes = [told.body.checkpoint, *(c.prepares for c in told.body.prepared)]
    assert any({vote.signer for vote in tuple_} == {1, 2, 3} for tuple_ in votes)
    assert MESSAGES.decode(MESSAGES.encode(told)) == told
    assert pad(prepare(0), make_liar()) is None


def test_padding_does_not_verify() -> None:
    certificate = view_change(0).body.prepared[0]
    told = pad(certificate, make_liar())
    assert told is not None
    assert [vote.signer for vote in told.prepares] == [1, 2, 3]
    assert [vote.signature == prepare(3).signature for vote in told.prepares[2:]] == [False]
    assert not is_genuine(told)
