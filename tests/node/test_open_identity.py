import ssl

import pytest

from node.certificates import read_public_key
from node.identity import Identity
from node.open_identity import (
    CHALLENGE_BYTES,
    PROOF_BYTES,
    check_key,
    issue_own_certificate,
    make_challenge,
    make_proof,
    read_proof,
)

CALLER, LISTENER, OTHER = Identity.generate(), Identity.generate(), Identity.generate()
CHAIN, CHALLENGE = bytes(range(32)), b"c" * CHALLENGE_BYTES
PROOF = make_proof(CALLER, CHAIN, LISTENER.public_key, CHALLENGE)


def test_a_proof_tells_who_calls() -> None:
    assert len(PROOF) == PROOF_BYTES
    assert read_proof(PROOF, CHAIN, LISTENER.public_key, CHALLENGE) == CALLER.public_key


def test_a_proof_is_for_one_listener_one_challenge_and_one_chain() -> None:
    assert read_proof(PROOF, CHAIN, OTHER.public_key, CHALLENGE) is None
    assert read_proof(PROOF, CHAIN, LISTENER.public_key, make_challenge()) is None
    assert read_proof(PROOF, bytes(32), LISTENER.public_key, CHALLENGE) is None


def test_nobody_speaks_for_another() -> None:
    forged = CALLER.public_key + make_proof(OTHER, CHAIN, LISTENER.public_key, CHALLENGE)[32:]
    for proof in (forged, PROOF[:-1], PROOF + b"x", b"", bytes(PROOF_BYTES)):
        assert read_proof(proof, CHAIN, LISTENER.public_key, CHALLENGE) is None


def test_challenges_do_not_repeat() -> None:
    assert len({make_challenge() for _ in range(100)}) == 100


def test_a_certificate_of_ones_own_names_the_key_and_nothing_else() -> None:
    pem = issue_own_certificate(CALLER).decode()
    der = ssl.PEM_cert_to_DER_cert(pem)
    assert read_public_key(der) == CALLER.public_key
    check_key(der, CALLER.public_key)
    check_key(der, None)
    with pytest.raises(ssl.SSLCertVerificationError, match="another node"):
        check_key(der, OTHER.public_key)
    for nothing in (None, b"", b"x"):
        with pytest.raises(ssl.SSLCertVerificationError):
            check_key(nothing, None)
