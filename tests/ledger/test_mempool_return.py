"""The mempool follows a head that moves to another branch."""

import pytest

from ledger.mempool import Dropped, Mempool, MempoolLimits
from ledger.reasons import Reason
from tests.ledger.support import ALICE, BOB, CAROL, DAVE, record, transfer
from tests.ledger.tree_support import TreeWorld, make_worlds


def make_pool(world: TreeWorld, **limits: int) -> Mempool:
    return Mempool(MempoolLimits(**limits), world.chain.account)


@pytest.fixture
def worlds() -> list[TreeWorld]:
    return make_worlds()


def test_a_head_that_grows_takes_what_it_includes(worlds: list[TreeWorld]) -> None:
    world, pool = worlds[0], make_pool(worlds[0])
    first, second = transfer(), transfer(nonce=1)
    pool.add_many([first, second], 0)
    assert pool.follow(world.follow(world.compose(first))) == []
    assert pool.ids() == [second.id]
    assert pool.next_nonce(ALICE.public_key) == 2


def test_what_was_undone_comes_back_before_what_has_waited(worlds: list[TreeWorld]) -> None:
    left, right = worlds
    pool = make_pool(left)
    old = [transfer(), record(BOB), transfer(nonce=1)]
    pool.add_many(old, 0)
    pool.follow(left.follow(left.compose(*old[:2])))
    pool.follow(left.follow(left.compose(old[2])))
    late = record(CAROL)
    pool.add(late, 2)
    blocks = [right.mine() for _ in range(3)]
    assert pool.follow(left.follow(*blocks)) == []
    assert pool.select(10, 10**6) == [*old, late]
    assert pool.executable_count == 4


def test_what_came_in_a_block_comes_back_before_what_has_waited(worlds: list[TreeWorld]) -> None:
    left, right = worlds
    pool, waiting = make_pool(left), record(CAROL)
    pool.add(waiting, 0)
    old = [transfer(), record(BOB), transfer(nonce=1), transfer(nonce=2)]
    pool.follow(left.follow(left.compose(*old)))
    pool.follow(left.follow(right.mine(), right.mine()))
    assert pool.select(10, 10**6) == [*old, waiting]


def test_what_waited_behind_the_undone_still_does(worlds: list[TreeWorld]) -> None:
    left, right = worlds
    pool = make_pool(left)
    chain = [transfer(nonce=nonce) for nonce in range(4)]
    pool.add_many(chain, 0)
    pool.follow(left.follow(left.compose(*chain[:2])))
    assert pool.executable_count == 2
    pool.follow(left.follow(right.mine(chain[0]), right.mine()))
    assert pool.select(10, 10**6) == chain[1:]
    assert pool.next_nonce(ALICE.public_key) == 4


def test_a_payment_comes_back_though_its_money_has_not(worlds: list[TreeWorld]) -> None:
    left, right = worlds
    pool = make_pool(left)
    funding, spending = transfer(to=DAVE.public_key, amount=50), transfer(DAVE, amount=40, fee=9)
    pool.add(funding, 0)
    pool.follow(left.follow(left.compose(funding)))
    pool.add(spending, 1)
    pool.follow(left.follow(left.compose(spending)))
    assert pool.follow(left.follow(right.mine(), right.mine(), right.mine())) == []
    assert set(pool.ids()) == {funding.id, spending.id}
    switch = left.follow(left.compose(*pool.select(10, 10**6)))
    assert pool.follow(switch) == []
    assert switch.applied[0].ids == (funding.id, spending.id)
    assert pool.count == 0
    assert left.chain.account(DAVE.public_key).balance == 1


def test_what_another_used_the_nonce_of_is_dropped(worlds: list[TreeWorld]) -> None:
    left, right = worlds
    pool = make_pool(left)
    mine, theirs = transfer(amount=1), transfer(amount=2)
    pool.add(mine, 0)
    pool.follow(left.follow(left.compose(mine)))
    gone = pool.follow(left.follow(right.mine(theirs), right.mine()))
    assert gone == [Dropped(mine.id, Reason.TX_STALE_NONCE)]
    status = pool.status(mine.id)
    assert status is not None
    assert status.reason is Reason.TX_STALE_NONCE


def test_what_waited_and_is_in_the_new_branch_is_no_loss(worlds: list[TreeWorld]) -> None:
    left, right = worlds
    pool = make_pool(left)
    both = [transfer(), transfer(nonce=1)]
    pool.add_many(both, 0)
    pool.follow(left.follow(left.compose(both[0])))
    assert pool.follow(left.follow(right.mine(*both), right.mine())) == []
    assert pool.count == 0


def test_what_came_back_too_late_has_expired(worlds: list[TreeWorld]) -> None:
    left, right = worlds
    pool = make_pool(left)
    short = transfer(valid_until=2)
    pool.add(short, 0)
    pool.follow(left.follow(left.compose(short)))
    gone = pool.follow(left.follow(right.mine(), right.mine()))
    assert gone == [Dropped(short.id, Reason.TX_EXPIRED)]


def test_a_full_mempool_keeps_its_bounds(worlds: list[TreeWorld]) -> None:
    left, right = worlds
    pool = make_pool(left, count_max=2)
    old = [transfer(fee=5), record(BOB, fee=1)]
    pool.add_many(old, 0)
    pool.follow(left.follow(left.compose(*old)))
    pool.add_many([record(CAROL, fee=3), transfer(nonce=1, fee=4)], 1)
    gone = pool.follow(left.follow(right.mine(), right.mine()))
    assert pool.count == 2
    assert {drop.reason for drop in gone} == {Reason.MEMPOOL_EVICTED}
    assert {old[0].id} <= set(pool.ids())


def test_after_a_restart_it_is_taken_back_whatever_it_costs(worlds: list[TreeWorld]) -> None:
    pool = make_pool(worlds[0])
    poor, stale = transfer(DAVE, amount=40), transfer(nonce=0)
    worlds[0].mine(transfer(amount=3))
    assert pool.take_back([poor, stale]) == [Dropped(stale.id, Reason.TX_STALE_NONCE)]
    assert pool.ids() == [poor.id]
