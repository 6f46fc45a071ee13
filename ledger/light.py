"""The light verifier: believes a genesis and a judge of certificates, and nothing else.

`judge(certificate)` tells which (height, block id) a certificate proves under the genesis's
committee, or None; the node joins it from the engine's quorum rule and the signatures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import msgspec

from ledger import merkle, state_tree
from ledger.block import Header, Receipt, header_id
from ledger.codec import Codec
from ledger.errors import LedgerError, ProofError, TransactionError
from ledger.genesis import Genesis, compute_genesis_id
from ledger.leaves import Leaf, hash_key, hash_value, leaf_codec
from ledger.proofs import StateProof, TransactionProof
from ledger.reasons import Reason
from ledger.transaction import Envelope, decode_transaction
from ledger.validation import check_signature

Judge: TypeAlias = Callable[[bytes], tuple[int, bytes] | None]

_receipts: Codec[Receipt] = Codec(
    Receipt, ProofError, Reason.PROOF_MALFORMED, Reason.PROOF_MALFORMED
)


@dataclass(frozen=True, slots=True)
class VerifiedTransaction:
    """What a transaction proof shows."""

    envelope: Envelope
    receipt: Receipt
    header: Header
    block_id: bytes
    index: int
    certified_height: int


@dataclass(frozen=True, slots=True)
class VerifiedState:
    """What a state proof shows: `leaf` is None if there is no such entry."""

    state_key: bytes
    leaf: Leaf | None
    header: Header
    block_id: bytes


def verify_certified(genesis: Genesis, header: Header, certificate: bytes, judge: Judge) -> bytes:
    """The id of a header that a certificate (or, at height 0, the genesis) vouches for."""
    block_id = header_id(header)
    if header.height == 0:
        if block_id != compute_genesis_id(genesis):
            raise ProofError(Reason.PROOF_OTHER_CHAIN, "block 0 is not this genesis's")
    elif judge(certificate) != (header.height, block_id):
        raise ProofError(
            Reason.PROOF_BAD_CERTIFICATE, f"does not certify this block at {header.height}"
        )
    return block_id


def verify_header_path(headers: Sequence[Header]) -> None:
    """Each header is the child of the one before; raises `ProofError` (proof-bad-header)."""
    if not headers:
        raise ProofError(Reason.PROOF_MALFORMED, "no header")
    for parent, child in pairwise(headers):
        if child.height != parent.height + 1 or child.parent != header_id(parent):
            raise ProofError(Reason.PROOF_BAD_HEADER, f"broken after height {parent.height}")


def _verify_path(leaf: bytes, path: Sequence[bytes], root: bytes, proof: TransactionProof) -> None:
    if not merkle.verify_inclusion(leaf, proof.index, proof.size, path, root):
        raise ProofError(Reason.PROOF_BAD_PATH, "does not lead to the header's root")


def verify_transaction_proof(
    genesis: Genesis, proof: TransactionProof, judge: Judge
) -> VerifiedTransaction:
    """Check everything that a transaction proof claims; raises `ProofError`."""
    verify_header_path(proof.headers)
    certified = proof.headers[-1]
    verify_certified(genesis, certified, proof.certificate, judge)
    try:
        envelope = decode_transaction(proof.raw)
        check_signature(envelope)
    except TransactionError as error:
        raise ProofError(Reason.PROOF_BAD_VALUE, str(error)) from error
    if envelope.transaction.chain_id != genesis.chain_id:
        raise ProofError(Reason.PROOF_OTHER_CHAIN, "the transaction is for another network")
    receipt = _receipts.decode(proof.receipt)
    if receipt.id != envelope.id:
        raise ProofError(Reason.PROOF_BAD_VALUE, "the receipt is another transaction's")
    header = proof.headers[0]
    _verify_path(envelope.id, proof.transaction_path, header.transaction_root, proof)
    _verify_path(proof.receipt, proof.receipt_path, header.receipts_root, proof)
    return VerifiedTransaction(
        envelope, receipt, header, header_id(header), proof.index, certified.height
    )


def verify_state_proof(genesis: Genesis, proof: StateProof, judge: Judge) -> VerifiedState:
    """Check everything that a state proof claims; raises `ProofError`."""
    block_id = verify_certified(genesis, proof.header, proof.certificate, judge)
    key_hash = hash_key(proof.state_key)
    root = state_tree.compute_root_from_path(key_hash, proof.entries, list(proof.siblings))
    if root != proof.header.state_root:
        raise ProofError(Reason.PROOF_BAD_PATH, "does not lead to the header's state root")
    expected = None if proof.leaf is None else hash_value(proof.leaf)
    if state_tree.find_value_hash(proof.entries, key_hash) != expected:
        raise ProofError(Reason.PROOF_BAD_VALUE, "the bucket says otherwise")
    return VerifiedState(proof.state_key, _decode_leaf(proof.leaf), proof.header, block_id)


def _decode_leaf(raw: bytes | None) -> Leaf | None:
    try:
        return None if raw is None else leaf_codec.decode(raw)
    except (LedgerError, msgspec.MsgspecError) as error:
        raise ProofError(Reason.PROOF_BAD_VALUE, str(error)) from error
