"""What a host may ask of the engine's rules without running it."""

import msgspec

from consensus.block import Header, TreeBlock
from consensus.pow.compact import decode_compact
from consensus.pow.parameters import compute_mean_hashes
from consensus.pow.work import Claim, compute_id, decode_claim, prove_simulated
from consensus.pow.work import find_proof as search


def identify(header: Header) -> bytes:
    """The id of a block, 32 bytes."""
    return compute_id(header)


def read_claim(data: bytes) -> Claim:
    """A claim that was made here."""
    claim = decode_claim(data)
    assert claim is not None
    return claim


def count_hashes(claim: bytes) -> int:
    """How many hashes a block with this claim takes on average."""
    return compute_mean_hashes(read_claim(claim).bits)


def find_proof(header: Header, first: int, tries: int) -> Header | None:
    """The header with a nonce that proves it, out of `tries` from `first` on; None if none does."""
    return search(header, decode_compact(read_claim(header.claim).bits).magnitude, first, tries)


def prove(block: TreeBlock) -> TreeBlock:
    """The block with the simulated proof."""
    return msgspec.structs.replace(block, header=prove_simulated(block.header))
