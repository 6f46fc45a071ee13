from pathlib import Path

import msgspec
import pytest

from ledger.block import Header
from ledger.branches import BranchBlock, BranchLimits
from ledger.errors import ChainError, StoreError
from ledger.keys import KeyPair
from ledger.mempool_log import log_batch
from ledger.reasons import Reason
from ledger.state import State
from ledger.store.leveldb import LevelStore
from ledger.store.schema import BRANCH, FINAL_KEY, UNDO, at_height, prefix_range
from ledger.store.store import Batch, Store
from ledger.transaction import Envelope, decode_transaction
from tests.ledger.support import ALICE, BOB, CAROL, DAVE, balances, record, transfer
from tests.ledger.tree_support import Named, TreeWorld, dump, identify, make_worlds


def list_prefix(store: Store, prefix: bytes) -> list[bytes]:
    return [key for key, _ in store.scan(*prefix_range(prefix))]


def forge(block: BranchBlock, **fields: object) -> Named:
    header: Header = msgspec.structs.replace(block.header, **fields)
    return identify(header), BranchBlock(header, block.payload, block.raws)


def test_a_new_tree_is_the_genesis() -> None:
    chain = TreeWorld().chain
    assert (chain.height, chain.final_height, chain.certified_height) == (0, 0, 0)
    assert chain.list_headers() == []
    assert chain.side == {}


def test_a_block_on_the_head_is_executed_and_indexed() -> None:
    world = TreeWorld()
    envelopes = [transfer(amount=5), record(BOB)]
    block_id, block = world.compose(*envelopes)
    switch = world.follow((block_id, block))
    chain = world.chain
    assert (switch.fork, switch.depth, switch.orphans) == (0, 0, ())
    assert switch.applied[0].nonces == {ALICE.public_key: 1, BOB.public_key: 1}
    assert (chain.height, chain.head_id, chain.head) == (1, block_id, block.header)
    located = chain.transaction(envelopes[0].id)
    assert located is not None
    assert (located.height, located.index) == (1, 0)
    assert chain.header_by_id(block_id) == block.header
    assert chain.final_height == 0
    assert State.load(world.store).root.hash == block.header.state_root


def test_the_miner_gets_the_fees() -> None:
    world = TreeWorld()
    world.mine(transfer(fee=7))
    assert balances(world.chain, [world.miner]) == [7]
    world.chain.check_total_supply()


def test_a_reorganisation_leads_where_the_other_node_stands() -> None:
    left, right = make_worlds()
    shared = left.mine(transfer())
    right.follow(shared)
    left.mine(transfer(nonce=1, amount=100), record(BOB, value=b"left"))
    branch = [
        right.mine(transfer(BOB, amount=3, to=DAVE.public_key)),
        right.mine(transfer(nonce=1, amount=9, to=CAROL.public_key)),
    ]
    switch = left.follow(*branch)
    assert (switch.fork, switch.depth, len(switch.applied)) == (1, 1, 2)
    assert left.chain.head_id == right.chain.head_id
    assert left.chain.get_record(BOB.public_key, b"key") is None
    keys = [ALICE, BOB, CAROL, DAVE, left.miner, right.miner]
    assert balances(left.chain, keys) == balances(right.chain, keys)
    assert State.load(left.store).root.hash == left.chain.head.state_root
    left.chain.check_total_supply()


def test_what_was_undone_waits_again_in_memory_and_on_disk() -> None:
    left, right = make_worlds()
    both, lost, rival = transfer(), record(BOB), transfer(nonce=1, amount=3)
    left.store.write(log_batch([both, lost, rival]))
    left.mine(both, lost)
    left.mine(rival)
    assert left.list_waiting() == set()
    switch = left.follow(right.mine(both), right.mine(), right.mine())
    assert [envelope.id for envelope in switch.orphans] == [lost.id, rival.id]
    assert left.list_waiting() == {lost.id, rival.id}
    assert switch.list_senders() == {ALICE.public_key, BOB.public_key}
    assert left.chain.contains(both.id)
    assert not left.chain.contains(lost.id)
    assert left.chain.transaction(rival.id) is None


def test_receipts_and_indices_follow_the_adopted_branch() -> None:
    left, right = make_worlds()
    envelope = transfer(amount=2)
    old_id, _ = left.mine(record(BOB), envelope)
    new = right.mine(envelope)
    top = right.mine()
    left.follow(new, top)
    located = left.chain.transaction(envelope.id)
    assert located is not None
    assert (located.height, located.index) == (1, 0)
    assert left.chain.header_by_id(old_id) is None
    assert left.chain.block(1).id == new[0]
    assert len(left.chain.block(1).receipts) == 1
    assert left.chain.bodies(1) == [envelope.raw]


def test_there_and_back_again_changes_nothing() -> None:
    left, right = make_worlds()
    mine = [left.mine(transfer()), left.mine(record(BOB))]
    before = dump(left.store)
    theirs = [right.mine(record(CAROL)), right.mine(), right.mine(transfer(amount=8))]
    left.follow(*theirs)
    left.chain.adopt(mine[-1][0])
    after = dump(left.store)
    waiting = {key for key in after if key not in before}
    assert waiting == {BRANCH + name for name, _ in theirs} | {
        b"p" + envelope_id(theirs[0], 0),
        b"p" + envelope_id(theirs[2], 0),
    }
    assert {key: after[key] for key in before} == before
    assert left.reopen().head_id == left.chain.head_id


def envelope_id(block: Named, index: int) -> bytes:

    return decode_transaction(block[1].raws[index]).id


def test_the_head_may_go_back_without_going_up() -> None:
    world = TreeWorld()
    first, envelope = world.mine(), transfer()
    world.mine(envelope)
    switch = world.chain.adopt(first[0])
    assert (switch.fork, switch.depth, switch.applied) == (1, 1, ())
    assert world.chain.head_id == first[0]
    assert world.reopen().height == 1
    assert world.list_waiting() == {envelope.id}


def test_adopting_the_head_is_nothing() -> None:
    world = TreeWorld()
    block = world.mine(transfer())
    before = dump(world.store)
    assert world.chain.adopt(block[0]).applied == ()
    assert dump(world.store) == before


@pytest.mark.parametrize("field", ["state_root", "receipts_root", "transaction_root"])
def test_a_branch_with_a_wrong_root_is_refused_with_its_descendants(field: str) -> None:
    left, right = make_worlds()
    left.mine(transfer())
    good = right.mine()
    bad = forge(right.compose(record(BOB))[1], **{field: bytes(32)})
    child = forge(right.compose()[1], parent=bad[0], height=3)
    grandchild = forge(right.compose()[1], parent=child[0], height=4)
    left.take(good, bad, child, grandchild)
    before, head_id = dump(left.store), left.chain.head_id
    for tip in (grandchild, child, bad, grandchild):
        switch = left.chain.adopt(tip[0])
        assert (switch.refuted, switch.reason) == (bad[0], Reason.BLOCK_BAD_ROOTS)
        assert (switch.undone, switch.applied, switch.orphans) == ((), (), ())
    assert dump(left.store) == before
    assert left.chain.head_id == head_id
    assert left.chain.contains(transfer().id)
    assert left.reopen().adopt(child[0]).refuted == bad[0]
    left.follow(good, right.mine())
    left.chain.finalize(2)
    assert left.chain.side == {}


def test_a_block_that_orders_what_has_no_effect_is_refused() -> None:
    world = TreeWorld()
    _, block = world.compose()
    useless = transfer(nonce=5)
    block_id = identify(block.header)
    world.take((block_id, BranchBlock(block.header, block.payload, (useless.raw,))))
    assert world.chain.adopt(block_id).reason is Reason.BLOCK_SKIPS


def test_a_miner_leaves_out_what_has_no_effect_or_is_not_paid_for() -> None:
    world = TreeWorld()
    rich = transfer(to=DAVE.public_key, amount=100)
    poor, gap = transfer(DAVE, amount=50, fee=9), transfer(nonce=3)
    dear, wrong = transfer(CAROL, amount=11), transfer(BOB, chain_id=bytes(32))
    _, block = world.compose(poor, rich, gap, dear, wrong)
    assert block.raws == (rich.raw, poor.raw)
    assert world.mine(poor, rich, gap, dear, wrong)[0] == world.chain.head_id


def test_a_tip_that_leads_nowhere_is_an_error() -> None:
    left, right = make_worlds()
    right.mine()
    child = right.mine()
    left.take(child)
    with pytest.raises(ChainError) as caught:
        left.chain.adopt(child[0])
    assert caught.value.reason is Reason.CHAIN_UNKNOWN_BLOCK


def test_what_is_final_stays() -> None:
    left, right = make_worlds()
    left.mine(transfer())
    left.mine()
    branch = [right.mine() for _ in range(3)]
    left.take(branch[0])
    left.chain.finalize(1)
    assert left.chain.final_height == 1
    with pytest.raises(ChainError) as caught:
        left.follow(*branch[1:])
    assert caught.value.reason in {Reason.CHAIN_BELOW_FINAL, Reason.CHAIN_UNKNOWN_BLOCK}
    left.take(branch[0])
    with pytest.raises(ChainError) as caught:
        left.chain.adopt(branch[2][0])
    assert caught.value.reason is Reason.CHAIN_BELOW_FINAL
    assert left.chain.height == 2


def test_finality_clears_the_disk_of_what_nobody_needs() -> None:
    left, right = make_worlds()
    kept = [left.mine(transfer(nonce=nonce)) for nonce in range(4)]
    dead = [right.mine(), right.mine(), right.mine()]
    left.take(*dead)
    assert len(list_prefix(left.store, BRANCH)) == 7
    left.chain.finalize(2)
    assert list_prefix(left.store, BRANCH) == sorted(BRANCH + name for name, _ in kept[2:])
    assert list_prefix(left.store, UNDO) == [at_height(UNDO, at) for at in (0, 3, 4)]
    assert left.chain.side == {}
    assert left.chain.get_block(kept[0][0]) == kept[0][1]
    again = left.reopen()
    assert (again.final_height, again.height) == (2, 4)
    assert again.list_headers() == [block.header for _, block in kept]


def test_finality_comes_in_any_step_once() -> None:
    world = TreeWorld()
    for _ in range(5):
        world.mine()
    world.chain.finalize(3)
    before = dump(world.store)
    world.chain.finalize(3)
    world.chain.finalize(1)
    assert dump(world.store) == before
    with pytest.raises(ChainError):
        world.chain.finalize(6)
    assert world.chain.is_adopted(world.chain.block(3).id)


def test_headers_of_all_connected_blocks_parents_first() -> None:
    left, right = make_worlds()
    mine = [left.mine(transfer()), left.mine()]
    theirs = [right.mine(), right.mine(), right.mine(), right.mine()]
    left.take(theirs[0], theirs[1], theirs[3])
    headers = left.chain.list_headers()
    assert headers == [block.header for _, block in mine + theirs[:2]]


def test_junk_beside_the_chain_is_bounded_and_cannot_stop_it() -> None:
    liar, world = TreeWorld(), TreeWorld(limits=BranchLimits(side_blocks_max=3))
    world.mine()
    junk = [liar.compose(time_ms=1_800_000_000_000 + number) for number in range(5)]
    world.take(*junk[:3])
    with pytest.raises(ChainError) as caught:
        world.take(junk[3])
    assert caught.value.reason is Reason.BRANCHES_FULL
    world.take(junk[0])
    for _ in range(3):
        world.mine()
    world.chain.finalize(1)
    assert world.chain.side == {}


def test_bytes_beside_the_chain_are_bounded() -> None:
    liar, world = TreeWorld(), TreeWorld(limits=BranchLimits(side_bytes_max=1_000))
    world.mine()
    heavy = liar.compose(*[transfer(nonce=nonce) for nonce in range(6)])
    with pytest.raises(ChainError) as caught:
        world.take(heavy)
    assert caught.value.reason is Reason.BRANCHES_FULL
    assert list_prefix(world.store, BRANCH) == [BRANCH + world.chain.head_id]


def test_blocks_are_found_whole_on_every_branch() -> None:
    left, right = make_worlds()
    mine, theirs = left.mine(transfer()), right.mine(record(BOB))
    left.take(theirs)
    assert left.chain.get_block(mine[0]) == mine[1]
    assert left.chain.get_block(theirs[0]) == theirs[1]
    assert left.chain.get_block(bytes(32)) is None
    genesis_id = left.chain.block(0).id
    assert left.chain.get_block(genesis_id) is None


def test_the_state_is_proved_where_the_head_went_after_a_reorganisation() -> None:
    left, right = make_worlds()
    left.mine(transfer(amount=7))
    left.follow(right.mine(transfer(amount=9)), right.mine())
    proof = left.chain.prove_account(ALICE.public_key)
    assert proof.header.height == 0
    assert left.reopen().prove_account(ALICE.public_key) == proof


def test_the_state_is_proved_where_the_head_went_back_to() -> None:
    world = TreeWorld()
    first = world.mine(transfer(amount=7))
    world.mine(transfer(nonce=1, amount=9))
    before = world.chain.prove_account(BOB.public_key)
    world.chain.adopt(first[0])
    assert world.chain.prove_account(BOB.public_key) == before
    assert world.reopen().prove_account(BOB.public_key) == before
    world.mine(transfer(nonce=1, amount=11))
    assert world.chain.prove_account(BOB.public_key) == before


def damage(store: Store, *writes: tuple[bytes, bytes | None]) -> None:
    batch = Batch()
    batch.extend(writes)
    store.write(batch)


def test_a_tree_whose_way_back_is_gone_is_not_opened() -> None:
    world = TreeWorld()
    block_id, _ = world.mine()
    damage(world.store, (BRANCH + block_id, None))
    with pytest.raises(StoreError):
        world.reopen()


def test_a_final_block_beyond_the_head_is_not_believed() -> None:
    world = TreeWorld()
    damage(world.store, (FINAL_KEY, at_height(b"", 3)))
    with pytest.raises(StoreError):
        world.reopen()


def test_on_real_leveldb(tmp_path: Path) -> None:
    store = LevelStore(tmp_path / "db")
    world, other = TreeWorld(store), TreeWorld(miner=KeyPair(b"\x07" * 32))
    lost: Envelope = record(BOB)
    world.mine(transfer(), lost)
    world.follow(other.mine(transfer(amount=4)), other.mine())
    world.chain.finalize(1)
    head_id, waiting = world.chain.head_id, world.list_waiting()
    store.close()
    again = TreeWorld(LevelStore(tmp_path / "db"))
    assert (again.chain.head_id, again.chain.final_height) == (head_id, 1)
    assert waiting == {transfer().id, lost.id} == again.list_waiting()
    assert again.chain.account(ALICE.public_key) == other.chain.account(ALICE.public_key)
    again.store.close()
