"""The chain: executes what was decided, keeps it in one store, answers and proves what it holds.

One height is one atomic batch: block, bodies, receipts, touched leaves, indices, meta, and the
mempool log's entries of what was included. The batch is not synced: whoever decides keeps a journal
and hands decided heights in again (`execute` is idempotent by height).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

from ledger import proving
from ledger.apply import AppliedBlock, GetBody, Order, Outcome, apply_transactions, unite
from ledger.block import Header, Skipped, header_id
from ledger.blocks import BlockRecord, Blocks, Located, Meta, StoredBlock, put_block
from ledger.codec import encode
from ledger.errors import ChainError, MissingBodiesError, StoreError
from ledger.genesis import Genesis
from ledger.hashing import compute_payloads_digest
from ledger.history import UNDO_HEIGHTS_MAX
from ledger.leaves import AccountState, CommitteeState, account_key, leaf_codec, record_key
from ledger.merkle import compute_root
from ledger.opening import Opened, open_chain
from ledger.proofs import AccountProof, RecordProof, StateProof, TransactionProof
from ledger.reasons import Reason
from ledger.state import Changes, View
from ledger.store.schema import CERTIFICATE, META_KEY, STATE, UNDO, at_height, prefix_range
from ledger.store.store import Batch, Store
from ledger.transaction import Envelope, decode_transaction

Measure: TypeAlias = Callable[[str], AbstractContextManager[object]]


def _measure_nothing(_stage: str) -> AbstractContextManager[object]:
    return nullcontext()


class Chain:
    """One network's ledger in one store. Not thread-safe: one caller at a time."""

    def __init__(self, store: Store, genesis: Genesis, opened: Opened, measure: Measure) -> None:
        self._store = store
        self._measure = measure
        self._blocks = Blocks(store)
        self._state = opened.state
        self._history = opened.history
        self.genesis = genesis
        self.chain_id = genesis.chain_id
        self.head: Header = opened.head.header
        self.head_id: bytes = opened.head.id

    @classmethod
    def open(cls, store: Store, genesis: Genesis, measure: Measure = _measure_nothing) -> "Chain":
        """The chain in a store; an empty store gets block 0.

        `measure(stage)` is entered around the stages "state-tree" and "store" of an execution.

        Raises `StoreError` (corrupt, other format, foreign content) and `GenesisError` (invalid,
        or another network's).
        """
        return cls(store, genesis, open_chain(store, genesis), measure)

    @property
    def height(self) -> int:
        """The height of the head."""
        return self.head.height

    @property
    def certified_height(self) -> int:
        """The greatest height with a certificate; 0, whose block the genesis vouches for."""
        return self._history.certified_height

    # Execution.

    def execute(
        self,
        height: int,
        values: tuple[bytes, ...],
        seal: bytes,
        get_body: GetBody,
        claim: bytes = b"",
    ) -> AppliedBlock:
        """Execute a decided height; a height that is here already gives its stored result.

        Raises `MissingBodiesError` when `get_body` does not know an ordered transaction (nothing
        has changed then), `ChainError` for a height that does not follow the head or was decided
        otherwise before, `StoreError` when the disk fails (nothing has changed here then).
        """
        if height <= self.height:
            return self._get_applied(height, values)
        if height != self.height + 1:
            raise ChainError(Reason.CHAIN_HEIGHT_GAP, f"{height} does not follow {self.height}")
        order = unite(values, self.head.timestamp_ms)
        ordered, repeated = self._collect_bodies(order, get_body)
        view = View(self._state)
        outcome = apply_transactions(view, ordered, height, self.chain_id)
        with self._measure("state-tree"):
            changes = view.seal()
        header = self._derive_header(order, outcome, changes, claim)
        skipped = self._name_skipped(outcome) + repeated
        record = BlockRecord(header, header_id(header), values, seal, tuple(skipped))
        batch = self._make_batch(record, outcome, changes)
        with self._measure("store"):
            self._store.write(batch)
        self._advance(record, changes)
        ids = tuple(receipt.id for receipt in outcome.receipts)
        return AppliedBlock(
            header, record.id, ids, tuple(outcome.receipts), record.skipped, outcome.nonces
        )

    def _collect_bodies(
        self, order: Order, get_body: GetBody
    ) -> tuple[list[tuple[Envelope, bytes]], list[Skipped]]:
        """(envelope, proposer) pairs, and what needs no body because it was included before."""
        ordered: list[tuple[Envelope, bytes]] = []
        repeated: list[Skipped] = []
        missing: list[bytes] = []
        for transaction_id, proposer in order.ids.items():
            envelope = get_body(transaction_id)
            if envelope is not None:
                assert envelope.id == transaction_id
                ordered.append((envelope, proposer))
            elif self.contains(transaction_id):
                repeated.append(Skipped(transaction_id, Reason.TX_ALREADY_INCLUDED.value))
            else:
                missing.append(transaction_id)
        if missing:
            raise MissingBodiesError(missing)
        return ordered, repeated

    def _name_skipped(self, outcome: Outcome) -> list[Skipped]:
        """Skipped ids with reasons; a stale nonce may be the transaction's own, included before."""
        skipped = []
        for envelope, reason in outcome.skipped:
            if reason is Reason.TX_STALE_NONCE and self.contains(envelope.id):
                skipped.append(Skipped(envelope.id, Reason.TX_ALREADY_INCLUDED.value))
            else:
                skipped.append(Skipped(envelope.id, reason.value))
        return skipped

    def _derive_header(
        self, order: Order, outcome: Outcome, changes: Changes, claim: bytes
    ) -> Header:
        receipts = outcome.receipts
        return Header(
            height=self.height + 1,
            parent=self.head_id,
            payload_digest=order.digest,
            transaction_root=compute_root([receipt.id for receipt in receipts]),
            state_root=changes.root.hash,
            receipts_root=compute_root(list(map(encode, receipts))),
            timestamp_ms=order.timestamp_ms,
            proposer=order.proposer,
            claim=claim,
        )

    def _make_batch(self, record: BlockRecord, outcome: Outcome, changes: Changes) -> Batch:
        batch = Batch()
        raws = [envelope.raw for envelope in outcome.included]
        raws += [
            envelope.raw
            for (envelope, _), skipped in zip(outcome.skipped, record.skipped, strict=False)
            if skipped.reason != Reason.TX_ALREADY_INCLUDED.value
        ]
        put_block(batch, record, raws, outcome.receipts, changes.leaves)
        height = record.header.height
        meta = Meta(self.chain_id, height, record.id, self.certified_height)
        batch.put(META_KEY, encode(meta))
        if height > UNDO_HEIGHTS_MAX:
            batch.delete(at_height(UNDO, height - UNDO_HEIGHTS_MAX))
        return batch

    def _advance(self, record: BlockRecord, changes: Changes) -> None:
        self._state.commit(changes)
        undo = {leaf.key_hash: leaf.old for leaf in changes.leaves}
        self._history.push(record.header.height, changes.root, undo)
        self.head, self.head_id = record.header, record.id

    def _get_applied(self, height: int, values: tuple[bytes, ...]) -> AppliedBlock:
        """The result of a height executed before."""
        record = self._blocks.get_record(height)
        if compute_payloads_digest(values) != record.header.payload_digest:
            raise ChainError(Reason.CHAIN_DECIDED_OTHERWISE, f"height {height} holds other values")
        receipts = self._blocks.get_receipts(height)
        nonces: dict[bytes, int] = {}
        for raw in self._blocks.get_bodies(height)[: len(receipts)]:
            transaction = decode_transaction(raw).transaction
            nonces[transaction.sender] = transaction.nonce + 1
        ids = tuple(receipt.id for receipt in receipts)
        return AppliedBlock(record.header, record.id, ids, receipts, record.skipped, nonces)

    def certify(self, height: int, certificate: bytes) -> None:
        """Keep a certificate over the block at `height`; the engine has judged it.

        Raises `ChainError` (chain-unknown-block) above the head.
        """
        if not 0 < height <= self.height:
            raise ChainError(Reason.CHAIN_UNKNOWN_BLOCK, f"no block {height} to certify")
        certified = max(height, self.certified_height)
        batch = Batch()
        batch.put(at_height(CERTIFICATE, height), certificate)
        batch.put(META_KEY, encode(Meta(self.chain_id, self.height, self.head_id, certified)))
        batch.extend([(at_height(UNDO, done), None) for done in self._history.certify(certified)])
        self._store.write(batch)

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

    # What it can prove, at the last certified height.

    def prove_transaction(self, transaction_id: bytes) -> TransactionProof:
        """An included transaction under the first certified header at or above its block.

        Raises `ChainError` (chain-unknown-transaction), `ProofError` (proof-not-certified).
        """
        return proving.prove_transaction(self._blocks, transaction_id)

    def prove_account(self, public_key: bytes) -> AccountProof:
        """An account, or that it has no leaf; raises `ProofError` (proof-unavailable)."""
        return self._prove_state(account_key(public_key))

    def prove_record(self, owner: bytes, key: bytes) -> RecordProof:
        """A record, or its absence; raises `ProofError` (proof-unavailable)."""
        return self._prove_state(record_key(owner, key))

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
