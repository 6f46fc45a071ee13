"""A signature scheme for simulations: nobody can sign for another, because the network checks.

A signature is a hash of signer and body. That is no secret, so the rule is enforced elsewhere: a
faulty replica is handed only a `Sign` of its own, and whatever it says must verify.
"""

import hashlib
from typing import Any

from consensus.committee import ReplicaId
from consensus.message import SIGNATURE_SIZE_BYTES, Sign


def make_sign(signer: ReplicaId) -> Sign:
    """What `signer` signs with."""

    def sign(body: bytes) -> bytes:
        return compute_signature(signer, body)

    return sign


def compute_signature(signer: ReplicaId, body: bytes) -> bytes:
    """64 bytes, the same in every run."""
    signature = hashlib.sha512(b"%d/" % signer + body).digest()
    assert len(signature) == SIGNATURE_SIZE_BYTES
    return signature


def is_genuine(message: Any) -> bool:
    """Do all signed parts of a message verify."""
    return all(
        part.signature == compute_signature(part.signer, part.body)
        for part in message.signed_parts()
    )
