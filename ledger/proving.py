"""Making proofs out of what a chain holds (`ledger.light` checks them)."""

from ledger import merkle, state_tree
from ledger.block import Header
from ledger.blocks import Blocks
from ledger.codec import encode
from ledger.errors import ChainError, ProofError, StoreError
from ledger.history import StateHistory
from ledger.leaves import hash_key, hash_value
from ledger.proofs import StateProof, TransactionProof
from ledger.reasons import Reason
from ledger.state import State
from ledger.state_tree import Node


def prove_transaction(
    blocks: Blocks, transaction_id: bytes, certified_height: int
) -> TransactionProof:
    """From an included transaction to the first certified header at or above its block.

    Nothing counts as certified above `certified_height`.

    Raises `ChainError` (chain-unknown-transaction) and `ProofError` (proof-not-certified).
    """
    if (location := blocks.find_transaction(transaction_id)) is None:
        raise ChainError(Reason.CHAIN_UNKNOWN_TRANSACTION, transaction_id.hex())
    height, index = location
    certified = next(blocks.iterate_certified(height), None)
    if certified is None or certified[0] > certified_height:
        raise ProofError(Reason.PROOF_NOT_CERTIFIED, f"block {height} is not certified yet")
    end, certificate = certified
    stored = blocks.get_receipts(height)
    receipts, ids = list(map(encode, stored)), [receipt.id for receipt in stored]
    return TransactionProof(
        raw=blocks.get_bodies(height)[index],
        receipt=receipts[index],
        index=index,
        size=len(receipts),
        transaction_path=merkle.compute_path(ids, index),
        receipt_path=merkle.compute_path(receipts, index),
        headers=tuple(blocks.get_record(at).header for at in range(height, end + 1)),
        certificate=certificate,
    )


def prove_state(
    blocks: Blocks, state: State, history: StateHistory, state_key: bytes
) -> StateProof:
    """A leaf, or its absence, at the last certified height; raises `ProofError`."""
    height = history.certified_height
    root = history.get_root()
    key_hash = hash_key(state_key)
    changed, leaf = history.find_leaf(key_hash)
    if not changed:
        leaf = state.get_leaf(key_hash)
    header = blocks.get_record(height).header
    if root.hash != header.state_root:
        raise StoreError(Reason.STORE_CORRUPT, f"the state at height {height} does not fit")
    return prove_leaf(root, state_key, leaf, header, blocks.get_certificate(height) or b"")


def prove_leaf(
    root: Node, state_key: bytes, leaf: bytes | None, header: Header, certificate: bytes
) -> StateProof:
    """That the state under `root`, which is the header's, has this leaf, or has none."""
    key_hash = hash_key(state_key)
    bucket, siblings = state_tree.find_bucket(root, key_hash)
    expected = None if leaf is None else hash_value(leaf)
    if state_tree.find_value_hash(bucket.entries, key_hash) != expected:
        raise StoreError(Reason.STORE_CORRUPT, f"a leaf at height {header.height} does not fit")
    return StateProof(state_key, leaf, bucket.entries, tuple(siblings), header, certificate)
