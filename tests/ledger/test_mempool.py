from collections.abc import Callable

import msgspec
import pytest

from ledger.apply import AppliedBlock
from ledger.block import Receipt, Skipped, header_id
from ledger.errors import TransactionError
from ledger.genesis import compute_genesis_header
from ledger.leaves import AccountState
from ledger.mempool import (
    Added,
    Dropped,
    Mempool,
    MempoolLimits,
    PoolState,
    PoolStatus,
    Share,
)
from ledger.reasons import Blame, Reason
from ledger.transaction import Envelope
from tests.ledger.support import ALICE, BOB, CAROL, DAVE, GENESIS, make_key, record, transfer

RICH = AccountState(10**9, 0)
SIZE = len(transfer().raw)
PLENTY = 10**9
HEADER = compute_genesis_header(GENESIS, {})


def make_pool(account: Callable[[bytes], AccountState] = lambda _: RICH, **limits: int) -> Mempool:
    return Mempool(MempoolLimits(**limits), account)


def refuse(pool: Mempool, envelope: Envelope, height: int = 0) -> Reason:
    before = (pool.count, pool.size_bytes, pool.executable_count)
    with pytest.raises(TransactionError) as caught:
        pool.add(envelope, height)
    assert (pool.count, pool.size_bytes, pool.executable_count) == before
    return caught.value.reason


def fill(pool: Mempool, *envelopes: Envelope) -> None:
    for envelope in envelopes:
        pool.add(envelope, 0)


def select(pool: Mempool, count: int = 100, excluding: set[bytes] | None = None) -> list[Envelope]:
    return pool.select(count, PLENTY, excluding or set())


def applied(
    height: int, *included: Envelope, skipped: tuple[tuple[Envelope, Reason], ...] = ()
) -> AppliedBlock:
    """A block with these transactions (nothing else of it matters to the mempool)."""
    nonces: dict[bytes, int] = {}
    for envelope in included:
        nonces[envelope.transaction.sender] = envelope.transaction.nonce + 1
    receipts = tuple(Receipt(e.id, "applied", "none", e.transaction.fee) for e in included)
    names = tuple(Skipped(envelope.id, reason.value) for envelope, reason in skipped)
    ids = tuple(envelope.id for envelope in included)
    header = msgspec.structs.replace(HEADER, height=height)
    return AppliedBlock(header, header_id(header), ids, receipts, names, nonces)


# Coming in.


def test_a_transaction_waits() -> None:
    pool = make_pool()
    envelope = transfer()
    assert pool.add(envelope, 0) == Added(None, [])
    assert envelope.id in pool
    assert pool.get(envelope.id) is envelope
    assert (pool.count, len(pool), pool.size_bytes) == (1, 1, SIZE)
    assert pool.executable_count == 1
    assert pool.oldest is envelope
    assert pool.ids() == [envelope.id]
    assert pool.status(envelope.id) == PoolStatus(PoolState.PENDING)
    assert select(pool) == [envelope]
    assert pool.get(bytes(32)) is None
    assert pool.status(bytes(32)) is None


def test_an_empty_pool() -> None:
    pool = make_pool()
    assert pool.oldest is None
    assert select(pool) == []
    assert not pool.is_overdue()


def test_the_same_again_is_refused() -> None:
    pool = make_pool()
    fill(pool, transfer())
    assert refuse(pool, transfer()) is Reason.TX_ALREADY_PENDING


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        (transfer(nonce=4), Reason.TX_STALE_NONCE),
        (transfer(nonce=5 + 8), Reason.TX_NONCE_TOO_FAR),
        (transfer(nonce=5, valid_until=9), Reason.TX_EXPIRED),
        (transfer(nonce=5, amount=1_000), Reason.TX_INSUFFICIENT_BALANCE),
        (transfer(nonce=5, fee=0), Reason.TX_FEE_TOO_LOW),
    ],
)
def test_what_does_not_fit_state_or_policy(envelope: Envelope, reason: Reason) -> None:
    pool = make_pool(lambda _: AccountState(1_000, 5), nonce_window=8, fee_min=1)
    assert refuse(pool, envelope, height=9) is reason
    assert reason.blame is Blame.NOBODY
    pool.add(transfer(nonce=12, valid_until=10), 9)


def test_an_account_has_limited_room() -> None:
    pool = make_pool(account_max=3)
    fill(pool, *(transfer(nonce=nonce) for nonce in range(3)))
    assert refuse(pool, transfer(nonce=3)) is Reason.MEMPOOL_ACCOUNT_FULL
    fill(pool, transfer(BOB))
    pool.add(transfer(nonce=2, fee=9), 0)
    pool.apply_block(applied(1, transfer()))
    fill(pool, transfer(nonce=3))


def test_all_that_an_account_has_waiting_must_be_covered() -> None:
    pool = make_pool(lambda _: AccountState(100, 0))
    fill(pool, transfer(amount=59, fee=1))
    assert refuse(pool, transfer(nonce=1, amount=40, fee=1)) is Reason.TX_INSUFFICIENT_BALANCE
    fill(pool, transfer(nonce=1, amount=39, fee=1))
    assert refuse(pool, transfer(nonce=1, amount=39, fee=2)) is Reason.TX_INSUFFICIENT_BALANCE
    assert pool.add(transfer(nonce=1, amount=38, fee=2), 0).replaced is not None


@pytest.mark.parametrize(("old", "needed"), [(0, 1), (1, 2), (10, 11), (11, 13), (1_000, 1_100)])
def test_replacement_costs_a_tenth_more_and_at_least_one(old: int, needed: int) -> None:
    pool = make_pool()
    first = transfer(fee=old)
    fill(pool, first)
    assert refuse(pool, transfer(fee=needed - 1, amount=7)) is Reason.MEMPOOL_UNDERPRICED
    second = transfer(fee=needed, amount=7)
    assert pool.add(second, 0) == Added(first.id, [])
    assert pool.status(first.id) == PoolStatus(PoolState.DROPPED, Reason.MEMPOOL_REPLACED)
    assert select(pool) == [second]
    assert (pool.count, pool.executable_count) == (1, 1)


def test_replacing_in_the_middle_keeps_the_run() -> None:
    pool = make_pool()
    fill(pool, *(transfer(nonce=nonce) for nonce in range(4)))
    better = transfer(nonce=1, fee=50)
    fill(pool, better)
    assert [envelope.transaction.nonce for envelope in select(pool)] == [0, 1, 2, 3]
    assert better in select(pool)
    assert pool.executable_count == 4
    assert pool.next_nonce(ALICE.public_key) == 4


def test_many_at_once_get_an_answer_each() -> None:
    pool = make_pool()
    answers = pool.add_many([transfer(), transfer(), transfer(nonce=1)], 0)
    assert answers[0] == answers[2] == Added(None, [])
    assert isinstance(answers[1], TransactionError)
    assert answers[1].reason is Reason.TX_ALREADY_PENDING


# Order.


def test_higher_fees_first_then_earlier_arrivals() -> None:
    pool = make_pool()
    a, b, c, d = (
        transfer(key, fee=fee)
        for key, fee in zip((ALICE, BOB, CAROL, DAVE), (1, 5, 5, 9), strict=True)
    )
    fill(pool, a, b, c, d)
    assert select(pool) == [d, b, c, a]
    assert select(pool, 2) == [d, b]
    assert select(pool, 0) == []


def test_an_account_goes_in_nonce_order_whatever_it_pays() -> None:
    pool = make_pool()
    first, second = transfer(fee=1), transfer(nonce=1, fee=100)
    other = transfer(BOB, fee=50)
    fill(pool, second, other, first)
    assert select(pool) == [other, first, second]


def test_a_gap_holds_back_what_stands_after_it() -> None:
    pool = make_pool()
    fill(pool, transfer(), transfer(nonce=2), transfer(nonce=3))
    assert len(select(pool)) == 1
    assert (pool.count, pool.executable_count) == (3, 1)
    assert pool.next_nonce(ALICE.public_key) == 1
    fill(pool, transfer(nonce=1))
    assert len(select(pool)) == pool.executable_count == 4
    assert pool.next_nonce(ALICE.public_key) == 4
    assert pool.next_nonce(BOB.public_key) == 0


def test_what_is_in_flight_counts_as_executed() -> None:
    pool = make_pool()
    envelopes = [transfer(nonce=nonce) for nonce in range(4)]
    fill(pool, *envelopes, transfer(BOB))
    flying = {envelopes[0].id, envelopes[1].id}
    assert select(pool, excluding=flying) == [*envelopes[2:], transfer(BOB)]
    assert len(select(pool)) == 5


def test_an_account_belongs_to_one_share() -> None:
    shares = [Share(part, 3) for part in range(3)]
    for number in range(20):
        key = make_key(number).public_key
        assert sum(share.has(key) for share in shares) == 1


def test_a_share_comes_first_and_others_fill_the_room_it_leaves() -> None:
    pool = make_pool()
    envelopes = [transfer(make_key(number), n) for number in range(12) for n in range(2)]
    fill(pool, *envelopes)
    share = Share(1, 3)
    own = [one for one in envelopes if share.has(one.transaction.sender)]
    others = [one for one in envelopes if one not in own]
    assert 0 < len(own) < len(envelopes)
    assert pool.select(100, PLENTY, share=share) == [*own, *others]
    assert pool.select(len(own), PLENTY, share=share) == own


def test_what_is_in_flight_takes_no_room_from_a_share() -> None:
    """Also if all of the best are in flight."""
    pool = make_pool()
    envelopes = [transfer(ALICE, nonce) for nonce in range(6)]
    fill(pool, *envelopes)
    flying = {one.id for one in envelopes[:4]}
    assert pool.select(2, PLENTY, flying, Share(0, 2)) == envelopes[4:]


def test_shares_together_choose_everything_once_when_there_is_much() -> None:
    pool = make_pool()
    fill(pool, *(transfer(make_key(number)) for number in range(60)))
    chosen = [pool.select(8, PLENTY, share=Share(part, 4)) for part in range(4)]
    assert len({one.id for some in chosen for one in some}) == 26, "without shares it would be 8"


def test_a_share_of_cheap_accounts_is_not_searched_for_without_end() -> None:
    """Two for each part are looked at: those that pay more fill the room."""
    pool = make_pool()
    share = Share(0, 2)
    keys = [make_key(number) for number in range(20)]
    for key in keys:
        pool.add(transfer(key, fee=10 - 5 * share.has(key.public_key)), 0)
    chosen = pool.select(2, PLENTY, share=share)
    assert [share.has(one.transaction.sender) for one in chosen] == [False, False]


def test_selection_changes_nothing() -> None:
    pool = make_pool()
    fill(pool, *(transfer(make_key(number), fee=number % 7) for number in range(1, 40)))
    assert select(pool) == select(pool)
    assert pool.count == 39


def test_bytes_are_limited_and_small_ones_still_fit() -> None:
    pool = make_pool()
    large = record(fee=100, value=bytes(2_000))
    after = transfer(nonce=1, fee=90)
    fill(pool, large, after, transfer(BOB), transfer(CAROL))
    chosen = pool.select(100, 2 * SIZE + 10, set())
    assert chosen == [transfer(BOB), transfer(CAROL)]
    assert pool.select(100, 0, set()) == []
    assert pool.select(100, 2_500, set())[0] == large


def test_the_search_for_small_ones_ends() -> None:
    pool = make_pool()
    keys = [make_key(number) for number in range(1, 200)]
    fill(pool, *(record(key, fee=9, value=bytes(500)) for key in keys))
    fill(pool, transfer(make_key(999), fee=1))
    assert pool.select(10, SIZE + 5, set()) == []


# Making room.


def test_a_full_pool_evicts_the_cheapest_for_a_better_one() -> None:
    pool = make_pool(count_max=3)
    cheap, *rest = (transfer(key, fee=fee) for key, fee in ((ALICE, 2), (BOB, 3), (CAROL, 4)))
    fill(pool, cheap, *rest)
    assert refuse(pool, transfer(DAVE, fee=2)) is Reason.MEMPOOL_FULL
    better = transfer(DAVE, fee=3)
    assert pool.add(better, 0) == Added(None, [cheap.id])
    assert pool.status(cheap.id) == PoolStatus(PoolState.DROPPED, Reason.MEMPOOL_EVICTED)
    assert select(pool) == [rest[1], rest[0], better]


def test_room_that_returns_is_given_again() -> None:
    pool = make_pool(count_max=2)
    fill(pool, transfer(), transfer(BOB))
    assert refuse(pool, transfer(CAROL)) is Reason.MEMPOOL_FULL
    pool.apply_block(applied(1, transfer()))
    fill(pool, transfer(CAROL))


def test_of_equals_the_latest_goes_first() -> None:
    pool = make_pool(count_max=2)
    fill(pool, transfer(ALICE), transfer(BOB))
    assert pool.add(transfer(CAROL, fee=5), 0).evicted == [transfer(BOB).id]


def test_the_end_of_a_queue_goes_not_its_middle() -> None:
    pool = make_pool(count_max=3)
    fill(pool, transfer(fee=1), transfer(nonce=1, fee=9), transfer(nonce=2, fee=8))
    assert refuse(pool, transfer(BOB, fee=8)) is Reason.MEMPOOL_FULL
    assert pool.add(transfer(BOB, fee=9), 0).evicted == [transfer(nonce=2, fee=8).id]
    assert pool.add(transfer(CAROL, fee=10), 0).evicted == [transfer(BOB, fee=9).id]
    assert pool.add(transfer(DAVE, fee=11), 0).evicted == [transfer(nonce=1, fee=9).id]
    assert pool.executable_count == 3


def test_what_stands_behind_a_gap_goes_first() -> None:
    pool = make_pool(count_max=2)
    gapped = transfer(nonce=5, fee=1_000)
    fill(pool, gapped, transfer(BOB, fee=5))
    assert refuse(pool, transfer(CAROL, nonce=7, fee=900)) is Reason.MEMPOOL_FULL
    assert pool.add(transfer(CAROL, fee=1), 0).evicted == [gapped.id]


def test_a_filled_gap_is_noticed_by_eviction() -> None:
    pool = make_pool(count_max=3)
    fill(pool, transfer(nonce=1, fee=50), transfer(fee=50), transfer(BOB, fee=2))
    assert pool.add(transfer(CAROL, fee=5), 0).evicted == [transfer(BOB, fee=2).id]


def test_an_account_does_not_push_out_its_own() -> None:
    pool = make_pool(count_max=2)
    fill(pool, transfer(), transfer(nonce=1))
    assert refuse(pool, transfer(nonce=2, fee=100)) is Reason.MEMPOOL_FULL
    assert pool.add(transfer(BOB, fee=2), 0).evicted == [transfer(nonce=1).id]
    assert refuse(pool, transfer(BOB, nonce=1, fee=1)) is Reason.MEMPOOL_FULL


def test_bytes_make_room_too_all_or_nothing() -> None:
    pool = make_pool(bytes_max=4 * SIZE + 20)
    fill(pool, *(transfer(key, fee=fee) for key, fee in ((ALICE, 1), (BOB, 2), (CAROL, 3))))
    fill(pool, transfer(DAVE, fee=9))
    large = record(make_key(9), fee=5, value=bytes(3 * SIZE))
    assert refuse(pool, large) is Reason.MEMPOOL_FULL
    assert [e.transaction.fee for e in select(pool)] == [9, 3, 2, 1]
    assert all(pool.status(envelope.id) for envelope in select(pool))
    smaller = record(make_key(9), fee=5, value=bytes(2 * SIZE - 10))
    assert len(pool.add(smaller, 0).evicted) == 3
    assert select(pool) == [transfer(DAVE, fee=9), smaller]


def test_what_was_restored_lives_on() -> None:
    pool = make_pool(bytes_max=3 * SIZE + 20)
    fill(pool, transfer(fee=1), transfer(nonce=1, fee=1), transfer(BOB, fee=9))
    assert refuse(pool, record(CAROL, fee=5, value=bytes(3 * SIZE))) is Reason.MEMPOOL_FULL
    assert pool.executable_count == 3
    assert pool.apply_block(applied(1, transfer(fee=1))) == []
    assert select(pool) == [transfer(BOB, fee=9), transfer(nonce=1, fee=1)]


# Following the chain.


def test_included_ones_leave() -> None:
    pool = make_pool()
    envelopes = [transfer(nonce=nonce) for nonce in range(4)]
    fill(pool, *envelopes, transfer(BOB))
    assert pool.apply_block(applied(1, *envelopes[:2])) == []
    assert (pool.count, pool.executable_count) == (3, 3)
    assert pool.status(envelopes[0].id) is None
    assert select(pool) == [*envelopes[2:], transfer(BOB)]


def test_a_used_nonce_drops_what_competed_for_it() -> None:
    pool = make_pool()
    mine = transfer(amount=5)
    fill(pool, mine, transfer(nonce=1))
    assert pool.apply_block(applied(1, transfer(amount=6))) == [
        Dropped(mine.id, Reason.TX_STALE_NONCE)
    ]
    assert pool.status(mine.id) == PoolStatus(PoolState.DROPPED, Reason.TX_STALE_NONCE)
    assert select(pool) == [transfer(nonce=1)]


def test_blocks_fill_gaps() -> None:
    pool = make_pool()
    fill(pool, transfer(nonce=3), transfer(nonce=4))
    assert pool.executable_count == 0
    pool.apply_block(applied(1, *(transfer(nonce=nonce, fee=2) for nonce in range(3))))
    assert pool.executable_count == 2
    assert select(pool) == [transfer(nonce=3), transfer(nonce=4)]


def test_a_far_jump_of_the_nonce() -> None:
    pool = make_pool()
    fill(pool, transfer(nonce=3), transfer(nonce=900))
    dropped = pool.apply_block(applied(1, transfer(nonce=899, fee=7)))
    assert [drop.reason for drop in dropped] == [Reason.TX_STALE_NONCE]
    assert select(pool) == [transfer(nonce=900)]


def test_expired_ones_leave() -> None:
    pool = make_pool()
    fill(pool, transfer(valid_until=2), transfer(nonce=1, valid_until=3), transfer(BOB))
    assert pool.apply_block(applied(1)) == []
    assert pool.apply_block(applied(2)) == [Dropped(transfer(valid_until=2).id, Reason.TX_EXPIRED)]
    assert pool.executable_count == 1
    assert select(pool) == [transfer(BOB)]
    assert len(pool.apply_block(applied(3))) == 1
    assert pool.count == 1


def test_one_that_cannot_pay_its_fee_leaves_and_others_that_were_skipped_stay() -> None:
    pool = make_pool()
    poor, early = transfer(), transfer(BOB, nonce=5)
    fill(pool, poor, transfer(nonce=1), early)
    block = applied(1, skipped=((poor, Reason.TX_FEE_UNAFFORDABLE), (early, Reason.TX_NONCE_GAP)))
    assert pool.apply_block(block) == [Dropped(poor.id, Reason.TX_FEE_UNAFFORDABLE)]
    assert early.id in pool
    assert pool.executable_count == 0


def test_blocks_of_strangers_are_no_concern() -> None:
    pool = make_pool()
    fill(pool, transfer())
    assert pool.apply_block(applied(1, transfer(BOB), transfer(CAROL))) == []
    assert pool.count == 1


def test_a_chain_that_is_ahead_of_the_pool() -> None:
    """The chain has executed a block of which the pool is told a moment later."""
    accounts = {ALICE.public_key: AccountState(1_000, 0)}
    pool = make_pool(lambda key: accounts[key])
    fill(pool, transfer(), transfer(nonce=1))
    accounts[ALICE.public_key] = AccountState(1_000, 2)
    fill(pool, transfer(nonce=2))
    assert pool.apply_block(applied(1, transfer(), transfer(nonce=1))) == []
    assert select(pool) == [transfer(nonce=2)]
    assert pool.apply_block(applied(2, transfer(), transfer(nonce=1))) == []
    assert select(pool) == [transfer(nonce=2)]


def test_dropping_by_hand() -> None:
    pool = make_pool()
    fill(pool, transfer(), transfer(nonce=1))
    pool.drop(transfer().id, Reason.TX_BAD_SIGNATURE)
    pool.drop(transfer().id, Reason.TX_BAD_SIGNATURE)
    assert pool.status(transfer().id) == PoolStatus(PoolState.DROPPED, Reason.TX_BAD_SIGNATURE)
    assert (pool.count, pool.executable_count) == (1, 0)
    fill(pool, transfer())
    assert pool.executable_count == 2


def test_drops_are_remembered_for_a_while() -> None:
    pool = make_pool(drops_remembered_max=2)
    envelopes = [transfer(fee=fee) for fee in (1, 2, 3, 4)]
    fill(pool, *envelopes)
    statuses = [pool.status(envelope.id) for envelope in envelopes]
    assert [status and status.reason for status in statuses] == [
        None,
        Reason.MEMPOOL_REPLACED,
        Reason.MEMPOOL_REPLACED,
        None,
    ]


def test_nothing_dead_is_kept() -> None:
    """Thousands come and go; the inner lists stay as small as what waits."""
    pool = make_pool()
    for height in range(1, 60):
        batch = [
            transfer(
                make_key(1 + number), nonce=height - 1, valid_until=10**6 + 50 * height + number
            )
            for number in range(40)
        ]
        fill(pool, *batch, transfer(ALICE, nonce=height - 1, fee=2, valid_until=10**7 + height))
        block = applied(height % 3 + 1, *batch[1:], transfer(ALICE, nonce=height - 1, fee=2))
        pool.apply_block(block)
    assert pool.count == 0
    assert not pool._index.queues
    assert not pool._index._expiring
    for sizes in (
        pool._index._ready.items,
        pool._index._tails.items,
        pool._index._expiries,
        pool._index.overdue._aged.items,
    ):
        assert len(sizes) < 200
