"""Names and proofs: what is hashed, and when a hash is work.

A block's id is its proof: the double SHA-256 of (domain, core digest, claim), read big-endian, must
not exceed the target. The core digest covers height, parent, time and content, so whoever changes
one of them has to do the work again. The claim is (target in compact form, nonce, miner).

The *simulated work function* is for runs over virtual time, in which hashing would only burn the
time of whoever waits: there a block is proved by a nonce that follows from core, target and miner.
Anybody could compute it, so the rule is enforced elsewhere, as with simulated signatures: only the
virtual miner does, once for each block that chance grants it, and liars are not handed the function.
"""

import hashlib
from typing import NamedTuple

import msgspec

from consensus.block import Header
from consensus.message import DIGEST_SIZE_BYTES, Digest

CLAIM_SIZE_BYTES = 20
NUMBER_MAX = (1 << 64) - 1

_CORE_DOMAIN = b"quorate/header/1\x00"
_WORK_DOMAIN = b"quorate/work/1\x00"
_SIMULATED_DOMAIN = b"quorate/simulated-work/1\x00"


class Claim(NamedTuple):
    """What a block says of its own proof."""

    bits: int
    nonce: int
    miner: int


def encode_claim(claim: Claim) -> bytes:
    """20 bytes: target (4), nonce (8), miner (8), all big-endian."""
    return (
        claim.bits.to_bytes(4, "big")
        + claim.nonce.to_bytes(8, "big")
        + claim.miner.to_bytes(8, "big")
    )


def decode_claim(data: bytes) -> Claim | None:
    """The claim that 20 bytes spell; None for another number of bytes."""
    if len(data) != CLAIM_SIZE_BYTES:
        return None
    return Claim(
        int.from_bytes(data[:4], "big"),
        int.from_bytes(data[4:12], "big"),
        int.from_bytes(data[12:], "big"),
    )


def is_well_formed(header: Header) -> bool:
    """Do sizes and numbers allow one spelling; nothing else may be named or hashed."""
    sizes = len(header.parent) == len(header.content) == DIGEST_SIZE_BYTES
    return sizes and 0 <= header.height <= NUMBER_MAX and 0 <= header.time_ms <= NUMBER_MAX


def compute_core(header: Header) -> Digest:
    """The digest of everything but the claim."""
    numbers = header.height.to_bytes(8, "big") + header.time_ms.to_bytes(8, "big")
    return hashlib.sha256(_CORE_DOMAIN + numbers + header.parent + header.content).digest()


def compute_id(header: Header) -> bytes:
    """The block's name: 32 bytes, which a miner wants to be small."""
    inner = hashlib.sha256(_WORK_DOMAIN + compute_core(header) + header.claim).digest()
    return hashlib.sha256(inner).digest()


def is_proved(block_id: bytes, target: int) -> bool:
    """Is the id at most the target."""
    return int.from_bytes(block_id, "big") <= target


def compute_simulated_nonce(header: Header, claim: Claim) -> int:
    """The nonce that counts as proof under the simulated work function."""
    rest = claim.bits.to_bytes(4, "big") + claim.miner.to_bytes(8, "big")
    digest = hashlib.sha256(_SIMULATED_DOMAIN + compute_core(header) + rest).digest()
    return int.from_bytes(digest[:8], "big")


def prove_simulated(header: Header) -> Header:
    """The header with the simulated proof: for the virtual miner alone."""
    claim = decode_claim(header.claim)
    assert claim is not None
    nonce = compute_simulated_nonce(header, claim)
    return msgspec.structs.replace(header, claim=encode_claim(claim._replace(nonce=nonce)))


def find_proof(header: Header, target: int, first: int, tries: int) -> Header | None:
    """The header with the first nonce of `tries` from `first` that proves it; None if none does."""
    claim = decode_claim(header.claim)
    assert claim is not None
    sha256, from_bytes = hashlib.sha256, int.from_bytes
    head = _WORK_DOMAIN + compute_core(header) + claim.bits.to_bytes(4, "big")
    tail = claim.miner.to_bytes(8, "big")
    for nonce in range(first, min(first + tries, NUMBER_MAX + 1)):
        inner = sha256(head + nonce.to_bytes(8, "big") + tail).digest()
        if from_bytes(sha256(inner).digest(), "big") <= target:
            found = encode_claim(claim._replace(nonce=nonce))
            return msgspec.structs.replace(header, claim=found)
    return None
