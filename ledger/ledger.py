"""What every ledger holds and answers, however its blocks came to be agreed on.

A ledger stands at a *head* and knows a *final* block, which is never undone. Where decisions are
final at once both are the same (`ledger.chain`); where the head may move to another branch the
final block follows it at a distance (`ledger.tree_chain`).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

from ledger import proving
from ledger.apps.committee import make_membership
from ledger.block import Header
from ledger.blocks import Blocks, Located, StoredBlock
from ledger.errors import ChainError, StoreError
from ledger.following import get_certified_height
from ledger.genesis import Genesis
from ledger.leaves import (
    MEMBERSHIP_KEY,
    AccountState,
    CommitteeState,
    MembershipState,
    account_key,
    leaf_codec,
    record_key,
)
from ledger.opening import Opened
from ledger.proofs import (
    AccountProof,
    FollowedProof,
    Proof,
    RecordProof,
    StateProof,
    TransactionProof,
)
from ledger.reasons import Reason
from ledger.steps import Steps
from ledger.store.schema import STATE, prefix_range
from ledger.store.store import Store

Measure: TypeAlias = Callable[[str], AbstractContextManager[object]]
"""Entered around the stages "state-tree" and "store" of an execution."""


def measure_nothing(_stage: str) -> AbstractContextManager[object]:
    """Where nobody measures."""
    return nullcontext()


class Ledger:
    """One network's ledger in one store. Not thread-safe: one caller at a time."""

    def __init__(self, store: Store, genesis: Genesis, opened: Opened, measure: Measure) -> None:
        self._store = store
        self._measure = measure
        self._blocks = Blocks(store)
        self._state = opened.state
        self._history = opened.history
        self._steps = Steps(store)
        self.genesis = genesis
        self.chain_id = genesis.chain_id
        self.head: Header = opened.head.header
        self.head_id: bytes = opened.head.id

    @property
    def height(self) -> int:
        """The height of the head."""
        return self.head.height

    @property
    def final_height(self) -> int:
        """The height of the last block that is never undone."""
        return self.height

    @property
    def certified_height(self) -> int:
        """The greatest height with a certificate; 0, whose block the genesis vouches for."""
        return self._history.certified_height

    def sync(self) -> None:
        """Put everything written so far on the disk."""
        self._store.sync()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    # What it holds.

    def header(self, height: int) -> Header:
        """The header at a height; raises `ChainError` (chain-unknown-block)."""
        return self.head if height == self.height else self._blocks.get_record(height).header

    def header_by_id(self, block_id: bytes) -> Header | None:
        """The header of a block id, or None."""
        height = self._blocks.find_height(block_id)
        return None if height is None else self.header(height)

    def block(self, height: int) -> StoredBlock:
        """Everything but the bodies at a height; raises `ChainError` (chain-unknown-block)."""
        record = self._blocks.get_record(height)
        receipts = self._blocks.get_receipts(height)
        return StoredBlock(
            record.header,
            record.id,
            record.values,
            record.seal,
            tuple(receipt.id for receipt in receipts),
            receipts,
            record.skipped,
            self._blocks.get_certificate(height),
        )

    def bodies(self, height: int) -> list[bytes]:
        """The raw transactions that another node needs to execute this height.

        The included ones in order, then the skipped ones except those included in a block before.
        """
        if not 0 <= height <= self.height:
            raise ChainError(Reason.CHAIN_UNKNOWN_BLOCK, f"no block at height {height}")
        return list(self._blocks.get_bodies(height))

    def transaction(self, transaction_id: bytes) -> Located | None:
        """An included transaction with its receipt, or None."""
        if (location := self._blocks.find_transaction(transaction_id)) is None:
            return None
        height, index = location
        raw = self._blocks.get_bodies(height)[index]
        return Located(height, index, raw, self._blocks.get_receipts(height)[index])

    def contains(self, transaction_id: bytes) -> bool:
        """Has the transaction been included."""
        return self._blocks.find_transaction(transaction_id) is not None

    def account(self, public_key: bytes) -> AccountState:
        """Balance and nonce at the head; zero and zero for an account never heard of."""
        return self._state.get_account(public_key)

    def get_record(self, owner: bytes, key: bytes) -> bytes | None:
        """A record's value at the head, or None."""
        return self._state.get_record(owner, key)

    def committee(self) -> CommitteeState:
        """Who takes part in the agreement, as the state at the head says."""
        return self._state.get_committee()

    def membership(self) -> MembershipState:
        """All validators there ever were, and who of them decides, as the state at the head says."""
        return self._read_membership()

    def _read_membership(self) -> MembershipState:
        return self._state.get_membership() or make_membership(self._state.get_committee())

    # What it can prove, at the last certified height.

    def prove_transaction(self, transaction_id: bytes) -> TransactionProof:
        """An included transaction under the first certified header at or above its block.

        Raises `ChainError` (chain-unknown-transaction), `ProofError` (proof-not-certified).
        """
        return proving.prove_transaction(self._blocks, transaction_id, self.certified_height)

    def prove_account(self, public_key: bytes) -> AccountProof:
        """An account, or that it has no leaf; raises `ProofError` (proof-unavailable)."""
        return self._prove_state(account_key(public_key))

    def prove_record(self, owner: bytes, key: bytes) -> RecordProof:
        """A record, or its absence; raises `ProofError` (proof-unavailable)."""
        return self._prove_state(record_key(owner, key))

    def prove_membership(self) -> StateProof:
        """All validators there ever were, or that nobody has ever voted for another committee."""
        return self._prove_state(MEMBERSHIP_KEY)

    def follow(self, proof: TransactionProof | StateProof) -> Proof:
        """The same proof with all that leads from the genesis to the committee of its certificate."""
        steps = self._steps.follow(get_certified_height(proof))
        return FollowedProof(steps, proof) if steps else proof

    def _prove_state(self, state_key: bytes) -> StateProof:
        return proving.prove_state(self._blocks, self._state, self._history, state_key)

    def compute_total_supply(self) -> int:
        """The sum of all balances, by a scan over the whole state."""
        start, stop = prefix_range(STATE)
        leaves = (leaf_codec.decode(leaf) for _, leaf in self._store.scan(start, stop))
        return sum(leaf.balance for leaf in leaves if isinstance(leaf, AccountState))

    def check_total_supply(self) -> None:
        """Raise `StoreError` unless all balances add up to what the genesis gave out."""
        if (found := self.compute_total_supply()) != self.genesis.total_supply:
            raise StoreError(
                Reason.STORE_CORRUPT, f"{found} in circulation, not {self.genesis.total_supply}"
            )
