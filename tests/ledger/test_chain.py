from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.message import NULL_DIGEST
from ledger import mempool_log, state_tree
from ledger.block import Skipped, header_id
from ledger.chain import Chain
from ledger.errors import ChainError, GenesisError, MissingBodiesError, StoreError
from ledger.genesis import compute_genesis_id
from ledger.leaves import AccountState
from ledger.merkle import EMPTY_ROOT, compute_root
from ledger.reasons import Reason
from ledger.state import State
from ledger.store.memory import MemoryStore
from ledger.store.store import Batch
from ledger.transaction import Envelope, Transfer
from tests.ledger.support import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    GENESIS,
    PROPOSER,
    STRANGER,
    VALIDATORS,
    World,
    balances,
    make_genesis,
    make_key,
    record,
    transfer,
)


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_chain_is_the_genesis(world: World) -> None:
    chain = world.chain
    assert (chain.height, chain.certified_height) == (0, 0)
    assert chain.head_id == compute_genesis_id(GENESIS) == header_id(chain.head)
    assert chain.chain_id == GENESIS.chain_id
    assert balances(chain, [ALICE, BOB, CAROL, DAVE]) == [1_000_000, 1_000, 10, 0]
    assert chain.committee().validators == GENESIS.validators
    assert chain.committee().faults == 1
    assert chain.block(0).values == ()
    assert chain.bodies(0) == []
    chain.check_total_supply()


def test_a_block_is_derived_from_what_was_decided(world: World) -> None:
    chain = world.chain
    parent, parent_id = chain.head, chain.head_id
    envelopes = [transfer(), transfer(nonce=1, amount=5), record(BOB)]
    value = world.value(*envelopes, timestamp_ms=1_800_000_000_000)
    applied = world.decide(value)
    header = applied.header
    assert header == chain.head
    assert applied.block_id == chain.head_id == header_id(header)
    assert (header.height, header.parent) == (1, parent_id)
    assert header.timestamp_ms == 1_800_000_000_000 > parent.timestamp_ms
    assert header.proposer == PROPOSER.public_key
    assert header.transaction_root == compute_root([envelope.id for envelope in envelopes])
    assert header.state_root == State.load(world.store).root.hash
    assert applied.ids == tuple(envelope.id for envelope in envelopes)
    assert applied.nonces == {ALICE.public_key: 2, BOB.public_key: 1}


def test_everything_can_be_read_back(world: World) -> None:
    envelopes = [transfer(), transfer(nonce=1), transfer(nonce=7)]
    applied = world.order(*envelopes)
    chain = world.chain
    block = chain.block(1)
    assert (block.header, block.id) == (applied.header, applied.block_id)
    assert (block.ids, block.receipts) == (applied.ids, applied.receipts)
    assert block.seal == b"seal 1"
    assert block.values == (world.value(*envelopes),)
    assert block.certificate is None
    assert block.skipped == (Skipped(envelopes[2].id, "tx-nonce-gap"),)
    assert chain.header(1) == chain.header_by_id(applied.block_id) == applied.header
    assert chain.header_by_id(STRANGER) is None
    located = chain.transaction(envelopes[1].id)
    assert located is not None
    assert (located.height, located.index, located.raw) == (1, 1, envelopes[1].raw)
    assert located.receipt == applied.receipts[1]
    assert chain.contains(envelopes[0].id)
    assert not chain.contains(envelopes[2].id)
    assert chain.transaction(envelopes[2].id) is None
    assert chain.bodies(1) == [envelope.raw for envelope in envelopes]


def test_stages_of_an_execution_can_be_measured() -> None:
    stages: list[str] = []

    @contextmanager
    def measure(stage: str) -> Iterator[None]:
        stages.append(f"{stage} begins")
        yield
        stages.append(f"{stage} ends")

    chain = Chain.open(MemoryStore(), GENESIS, measure)
    chain.execute(1, (), b"", lambda _: None)
    assert stages == ["state-tree begins", "state-tree ends", "store begins", "store ends"]


def test_a_null_is_an_empty_block(world: World) -> None:
    before = world.chain.head
    applied = world.decide()
    header = applied.header
    assert (header.proposer, header.timestamp_ms) == (b"", before.timestamp_ms + 1)
    assert header.payload_digest == NULL_DIGEST
    assert header.transaction_root == header.receipts_root == EMPTY_ROOT
    assert header.state_root == before.state_root
    assert applied.ids == ()


def test_an_empty_payload_is_not_a_null(world: World) -> None:
    header = world.decide(world.value()).header
    assert header.proposer == PROPOSER.public_key
    assert header.payload_digest != NULL_DIGEST


def test_several_values_at_one_height(world: World) -> None:
    first = world.value(transfer(fee=3), transfer(BOB, fee=5), proposer=VALIDATORS[1])
    second = world.value(transfer(BOB, fee=5), record(CAROL, fee=2), proposer=VALIDATORS[2])
    applied = world.decide(first, second)
    assert len(applied.ids) == 3
    assert balances(world.chain, VALIDATORS[:3]) == [0, 8, 2]
    assert applied.header.proposer == b""
    world.chain.check_total_supply()


def test_a_claim_is_part_of_the_id() -> None:
    ids = set()
    for claim in (b"", b"nonce 1", b"nonce 2"):
        applied = World().chain.execute(1, (), b"", lambda _: None, claim)
        assert applied.header.claim == claim
        ids.add(applied.block_id)
    assert len(ids) == 3


def test_duplicates_across_heights_in_flight_are_skipped(world: World) -> None:
    envelope = transfer()
    world.order(envelope)
    applied = world.order(envelope, transfer(nonce=1))
    assert applied.skipped == (Skipped(envelope.id, "tx-already-included"),)
    assert len(applied.ids) == 1


def test_a_body_that_was_included_before_is_not_needed_again(world: World) -> None:
    """A node that catches up has the bodies of a block, not those of its repetitions."""
    envelope = transfer()
    world.order(envelope)
    again = World(bodies=world.bodies)
    value = world.value(envelope, transfer(nonce=1))
    with_body = world.decide(value)
    again.order(envelope)
    bodies = {raw_id: body for raw_id, body in again.bodies.items() if raw_id != envelope.id}
    without = again.chain.execute(2, (value,), b"", bodies.get)
    assert without == with_body
    assert world.chain.bodies(2) == [transfer(nonce=1).raw]


def test_bodies_suffice_to_execute_again(world: World) -> None:
    """Catch-up: values and bodies of every height give the same chain elsewhere."""
    for number in range(6):
        world.order(transfer(nonce=number), transfer(nonce=number + 2), record(CAROL, nonce=number))
    other = World()
    for height in range(1, 7):
        raws = world.chain.bodies(height)
        other.value(*(world.bodies[e.id] for e in world.bodies.values() if e.raw in raws))
        other.decide(*world.chain.block(height).values)
    assert other.chain.head_id == world.chain.head_id


def test_missing_bodies_are_named_and_nothing_changes(world: World) -> None:
    value = world.value(transfer(), transfer(nonce=1))
    del world.bodies[transfer(nonce=1).id]
    with pytest.raises(MissingBodiesError) as caught:
        world.decide(value)
    assert caught.value.ids == (transfer(nonce=1).id,)
    assert world.chain.height == 0
    assert world.reopen().height == 0
    world.value(transfer(nonce=1))
    assert len(world.decide(value).ids) == 2


def test_execute_is_idempotent_by_height(world: World) -> None:
    first = world.value(transfer(), transfer(nonce=5), record(BOB))
    second = world.value(transfer(nonce=1))
    results = [world.decide(first), world.decide(second)]
    head = world.chain.head_id
    for height, value in ((1, first), (2, second)):
        again = world.chain.execute(height, (value,), b"another seal", lambda _: None)
        assert again == results[height - 1]
    assert world.chain.head_id == head
    reopened = world.reopen()
    assert reopened.execute(1, (first,), b"", lambda _: None) == results[0]


def test_a_height_decided_otherwise_is_refused(world: World) -> None:
    world.order(transfer())
    with pytest.raises(ChainError) as caught:
        world.chain.execute(1, (), b"", lambda _: None)
    assert caught.value.reason is Reason.CHAIN_DECIDED_OTHERWISE


def test_a_gap_in_heights_is_refused(world: World) -> None:
    with pytest.raises(ChainError) as caught:
        world.chain.execute(2, (), b"", lambda _: None)
    assert caught.value.reason is Reason.CHAIN_HEIGHT_GAP


@pytest.mark.parametrize("height", [-1, 2, 2**64])
def test_unknown_heights(world: World, height: int) -> None:
    world.order()
    for ask in (world.chain.header, world.chain.block, world.chain.bodies):
        with pytest.raises(ChainError) as caught:
            ask(height)
        assert caught.value.reason is Reason.CHAIN_UNKNOWN_BLOCK


def test_records(world: World) -> None:
    chain = world.chain
    world.order(record(value=b"1"), record(BOB, value=b"2"))
    assert chain.get_record(ALICE.public_key, b"key") == b"1"
    assert chain.get_record(BOB.public_key, b"key") == b"2"
    with_records = chain.head.state_root
    world.order(record(nonce=1, value=b""))
    assert chain.get_record(ALICE.public_key, b"key") is None
    assert chain.head.state_root != with_records
    assert chain.get_record(STRANGER, b"key") is None


def test_reopening_finds_everything(world: World) -> None:
    for nonce in range(20):
        world.order(transfer(nonce=nonce, to=make_key(1_000 + nonce).public_key))
    world.certify(8)
    world.certify(16)
    chain = world.reopen()
    assert (chain.height, chain.certified_height) == (20, 16)
    assert chain.head == world.chain.head
    assert chain.head_id == world.chain.head_id
    assert chain._state.root.hash == world.chain._state.root.hash
    assert chain.account(ALICE.public_key) == AccountState(1_000_000 - 40, 20)
    assert chain.block(16).certificate == b"certificate 16"
    value = world.value(transfer(nonce=20))
    applied = chain.execute(21, (value,), b"", world.bodies.get)
    never_closed = World(bodies=world.bodies)
    for height in range(1, 21):
        never_closed.decide(*world.chain.block(height).values)
    assert never_closed.decide(value) == applied


def test_a_foreign_genesis_is_refused(world: World) -> None:
    with pytest.raises(GenesisError) as caught:
        Chain.open(world.store, make_genesis("other"))
    assert caught.value.reason is Reason.GENESIS_FOREIGN


def test_an_invalid_genesis_is_refused_before_anything_is_written() -> None:
    store = MemoryStore()
    with pytest.raises(GenesisError) as caught:
        Chain.open(store, make_genesis(faults=9))
    assert caught.value.reason is Reason.GENESIS_INVALID
    assert list(store.scan(b"", b"\xff")) == []


def test_certificates(world: World) -> None:
    chain = world.chain
    for _ in range(4):
        world.order()
    chain.certify(2, b"two")
    assert (chain.certified_height, chain.block(2).certificate) == (2, b"two")
    chain.certify(4, b"four")
    chain.certify(3, b"three")
    assert chain.certified_height == 4
    assert world.reopen().certified_height == 4
    for height in (0, 5):
        with pytest.raises(ChainError):
            chain.certify(height, b"no")


class FailingStore(MemoryStore):
    """Refuses to write when it is told to."""

    failing = False

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        if self.failing:
            raise StoreError(Reason.STORE_IO, "the disk is full")
        super().write(batch, sync=sync)


def test_a_failing_disk_changes_nothing() -> None:
    store = FailingStore()
    world = World(store)
    world.order(transfer())
    before = (world.chain.head_id, world.chain._state.root.hash, balances(world.chain, [ALICE]))
    store.failing = True
    with pytest.raises(StoreError):
        world.order(transfer(nonce=1))
    after = (world.chain.head_id, world.chain._state.root.hash, balances(world.chain, [ALICE]))
    assert after == before
    store.failing = False
    assert len(world.order(transfer(nonce=1)).ids) == 1


class CountingStore(MemoryStore):
    """Counts batches."""

    batches = 0

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        self.batches += 1
        super().write(batch, sync=sync)


def test_one_height_is_one_batch_and_takes_its_mempool_log_entries_along() -> None:
    store = CountingStore()
    world = World(store)
    envelopes = [transfer(), transfer(nonce=1), transfer(nonce=9)]
    store.write(mempool_log.log_batch(envelopes), sync=True)
    store.batches = 0
    world.order(*envelopes)
    assert store.batches == 1
    assert [envelope.id for envelope in mempool_log.load(store)] == [envelopes[2].id]


def test_a_wrong_sum_of_balances_is_noticed(world: World) -> None:
    world.order(transfer())
    richer = make_genesis(allocations={ALICE.public_key: 5})
    world.chain.genesis = richer
    with pytest.raises(StoreError):
        world.chain.check_total_supply()


# Random executions.

KEYS = [make_key(number) for number in range(1, 6)]
transactions = st.builds(
    lambda sender, nonce, amount, to, fee, until, is_record: (
        record(KEYS[sender], nonce, bytes([to + 1]), bytes([amount % 3]) * (amount % 4), fee, until)
        if is_record
        else transfer(KEYS[sender], nonce, max(1, amount), KEYS[to].public_key, fee, until)
    ),
    st.integers(0, 4),
    st.integers(0, 3),
    st.integers(0, 2_000),
    st.integers(0, 4),
    st.integers(0, 12),
    st.integers(1, 4),
    st.booleans(),
)
histories = st.lists(
    st.lists(st.lists(transactions, max_size=8), max_size=2), min_size=1, max_size=4
)


def naive(blocks: list[list[list[Envelope]]]) -> Iterator[dict[bytes, tuple[int, int]]]:
    """Balances and nonces after each height, by the words of the rules."""
    money = dict(GENESIS.allocations)
    nonces: dict[bytes, int] = {}
    for height, values in enumerate(blocks, 1):
        seen: set[bytes] = set()
        fees: dict[int, int] = {}
        for proposer, value in enumerate(values):
            for envelope in value:
                tx = envelope.transaction
                have = money.get(tx.sender, 0)
                fits = tx.nonce == nonces.get(tx.sender, 0) and tx.valid_until >= height
                if envelope.id in seen or not fits or tx.fee > have:
                    seen.add(envelope.id)
                    continue
                seen.add(envelope.id)
                nonces[tx.sender] = tx.nonce + 1
                money[tx.sender] = have - tx.fee
                fees[proposer] = fees.get(proposer, 0) + tx.fee
                paid = tx.payload
                if isinstance(paid, Transfer) and paid.amount <= money[tx.sender]:
                    money[tx.sender] -= paid.amount
                    money[paid.recipient] = money.get(paid.recipient, 0) + paid.amount
        for proposer, fee in fees.items():
            key = VALIDATORS[proposer].public_key
            money[key] = money.get(key, 0) + fee
        yield {key: (money.get(key, 0), nonces.get(key, 0)) for key in {*money, *nonces}}


@settings(max_examples=80, deadline=None)
@given(histories)
def test_random_executions_follow_the_rules_and_conserve_the_supply(
    blocks: list[list[list[Envelope]]],
) -> None:
    world = World()
    for values, expected in zip(blocks, naive(blocks), strict=True):
        world.decide(
            *(
                world.value(*value, proposer=VALIDATORS[proposer])
                for proposer, value in enumerate(values)
            )
        )
        found = {key: world.chain.account(key) for key in expected}
        assert {k: (a.balance, a.nonce) for k, a in found.items()} == expected
        world.chain.check_total_supply()
    rebuilt = State.load(world.store)
    assert rebuilt.root.hash == world.chain.head.state_root
    assert list(state_tree.iterate_leaves(rebuilt.root)) == list(
        state_tree.iterate_leaves(world.chain._state.root)
    )
    assert world.reopen().head_id == world.chain.head_id
