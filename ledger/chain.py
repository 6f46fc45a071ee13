"""The chain: executes what was decided, keeps it in one store, answers and proves what it holds.

One height is one atomic batch: block, bodies, receipts, touched leaves, indices, meta, and the
mempool log's entries of what was included. The batch is not synced: whoever decides keeps a journal
and hands decided heights in again (`execute` is idempotent by height).
"""

from ledger.apply import AppliedBlock, GetBody, Order, Outcome, apply_transactions, unite
from ledger.apps.committee import (
    Assembly,
    ChangeRule,
    compute_until,
    make_committee,
)
from ledger.block import Header, Skipped, header_id
from ledger.blocks import BlockRecord, Meta, put_block
from ledger.codec import encode
from ledger.errors import ChainError, MissingBodiesError, ProofError
from ledger.following import find_next_tenure
from ledger.genesis import Genesis
from ledger.hashing import compute_payloads_digest
from ledger.history import UNDO_HEIGHTS_MAX
from ledger.leaves import COMMITTEE_KEY, MEMBERSHIP_KEY, MembershipState, leaf_codec
from ledger.ledger import Ledger, Measure, measure_nothing
from ledger.merkle import compute_root
from ledger.opening import Opened, open_chain
from ledger.proofs import StateProof
from ledger.proving import prove_leaf
from ledger.reasons import Reason
from ledger.state import Changes, View
from ledger.steps import LastHeight, tell_last_height
from ledger.store.schema import CERTIFICATE, META_KEY, UNDO, at_height
from ledger.store.store import Batch, Store
from ledger.transaction import Envelope, decode_transaction


class Chain(Ledger):
    """A ledger whose heights are decided once and for all."""

    def __init__(
        self,
        store: Store,
        genesis: Genesis,
        opened: Opened,
        measure: Measure,
        rule: ChangeRule | None = None,
    ) -> None:
        super().__init__(store, genesis, opened, measure)
        self._rule = rule
        self._membership = self._read_membership()
        self._settle()

    @classmethod
    def open(
        cls,
        store: Store,
        genesis: Genesis,
        measure: Measure = measure_nothing,
        rule: ChangeRule | None = None,
    ) -> "Chain":
        """The chain in a store; an empty store gets block 0.

        `measure(stage)` is entered around the stages "state-tree" and "store" of an execution.
        `rule` says how the committee changes; it has to be the same on all nodes of a network.
        Without it votes for another committee fail.

        Raises `StoreError` (corrupt, other format, foreign content) and `GenesisError` (invalid,
        or another network's).
        """
        return cls(store, genesis, open_chain(store, genesis), measure, rule)

    def membership(self) -> MembershipState:
        """All validators there ever were, and who of them decides the heights above the head."""
        return self._membership

    def committee_until(self) -> int | None:
        """Up to which height the committee is known; None where it never changes."""
        if self._rule is None:
            return None
        return compute_until(self._membership, self.height, self._rule)

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
        assembly = None if self._rule is None else Assembly(self._membership, self._rule, height)
        outcome = apply_transactions(view, ordered, height, self.chain_id, assembly)
        membership = self._close(view, assembly)
        with self._measure("state-tree"):
            changes = view.seal()
        header = self._derive_header(order, outcome, changes, claim)
        skipped = self._name_skipped(outcome) + repeated
        record = BlockRecord(header, header_id(header), values, seal, tuple(skipped))
        batch = self._make_batch(record, outcome, changes)
        step = self._announce_step(batch, membership, record.header, changes)
        with self._measure("store"):
            self._store.write(batch)
        self._steps.missing |= step
        self._advance(record, changes)
        self._membership = membership
        ids = tuple(receipt.id for receipt in outcome.receipts)
        return AppliedBlock(
            header,
            record.id,
            ids,
            tuple(outcome.receipts),
            record.skipped,
            outcome.nonces,
            outcome.size_bytes,
        )

    def _close(self, view: View, assembly: Assembly | None) -> MembershipState:
        """Write down what the block does to the committee, if anything."""
        known = self._membership
        if assembly is None or (membership := assembly.close()) == known:
            return known
        view.set_entry(MEMBERSHIP_KEY, membership)
        if membership.since != known.since:
            view.set_entry(COMMITTEE_KEY, make_committee(membership))
        return membership

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

    def _announce_step(
        self, batch: Batch, membership: MembershipState, header: Header, changes: Changes
    ) -> dict[int, StateProof]:
        """With the last block of a committee: the step to the next one, which lacks a certificate."""
        if membership.since != header.height:
            return {}
        leaf = encode(membership)
        step = prove_leaf(changes.root, MEMBERSHIP_KEY, leaf, header, b"")
        return {header.height: step} if self._steps.announce(batch, header.height, step) else {}

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
        raws = self._blocks.get_bodies(height)[: len(receipts)]
        for raw in raws:
            transaction = decode_transaction(raw).transaction
            nonces[transaction.sender] = transaction.nonce + 1
        ids = tuple(receipt.id for receipt in receipts)
        size = sum(map(len, raws))
        return AppliedBlock(record.header, record.id, ids, receipts, record.skipped, nonces, size)

    def certify(self, height: int, certificate: bytes) -> None:
        """Keep a certificate over the block at `height`; the engine has judged it.

        Raises `ChainError` (chain-unknown-block) above the head.
        """
        if not 0 < height <= self.height:
            raise ChainError(Reason.CHAIN_UNKNOWN_BLOCK, f"no block {height} to certify")
        batch = Batch()
        batch.put(at_height(CERTIFICATE, height), certificate)
        self._steps.complete(batch, height, certificate)
        self._store.write(batch)
        self._steps.missing.pop(height, None)
        self._settle()

    def _settle(self) -> None:
        """Count as certified what the certificates and steps that are here allow."""
        while (certified := self._find_certified()) > self.certified_height:
            self._raise_certified(certified)

    def _find_certified(self) -> int:
        """The greatest height with a certificate to which proofs can lead."""
        barrier, found = self._steps.barrier, self.certified_height
        for height, _ in self._blocks.iterate_certified(self.certified_height + 1):
            if barrier is None or height < barrier:
                found = height
        return found

    def _raise_certified(self, certified: int) -> None:
        batch = Batch()
        batch.put(META_KEY, encode(Meta(self.chain_id, self.height, self.head_id, certified)))
        batch.extend([(at_height(UNDO, done), None) for done in self._history.certify(certified)])
        if step := self._find_step(certified):
            since, proof = step
            self._steps.put(batch, since, proof)
            self._steps.missing.pop(since, None)
        self._store.write(batch)

    def _find_step(self, height: int) -> tuple[int, StateProof] | None:
        """A proof of who decides next, if the state at the certified height says so.

        It can be made now: later the state of this height is forgotten.
        """
        membership = self._membership
        if membership.scheduled is None and height > membership.since:
            return None
        try:
            proof = self.prove_membership()
        except ProofError:
            return None  # too far behind the head; the certificate of the last height will do
        leaf = None if proof.leaf is None else leaf_codec.decode(proof.leaf)
        found = find_next_tenure(leaf, height) if isinstance(leaf, MembershipState) else None
        return None if found is None else (found.since, proof)

    def uncertified_changes(self) -> list[LastHeight]:
        """The last heights of committees whose certificates this chain still needs.

        Those without which nobody can be led further, and that of the latest change: an engine
        certifies nothing above it before.
        """
        wanted = self._steps.list_missing()
        latest = tell_last_height(self._membership)
        if self.certified_height < latest.height and latest not in wanted:
            wanted.append(latest)
        return wanted
