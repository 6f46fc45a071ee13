from ledger.mempool import Mempool
from ledger.transaction import Envelope
from tests.ledger.support import ALICE, BOB, CAROL, make_key, transfer
from tests.ledger.test_mempool import applied, make_pool

KEYS = [make_key(number) for number in range(50, 150)]


def run(pool: Mempool, heights: range, fee: int, count: int = 4) -> list[bool]:
    """Blocks of strangers' transactions; the result is what the pool says after each."""
    answers = []
    for height in heights:
        block: list[Envelope] = [transfer(key, nonce=height, fee=fee) for key in KEYS[:count]]
        pool.apply_block(applied(height, *block))
        answers.append(pool.is_overdue())
    return answers


def small_pool() -> Mempool:
    return make_pool(overdue_heights=3, block_full_count=4)


def test_passed_over_for_worse_ones() -> None:
    pool = small_pool()
    pool.add(transfer(fee=5), 0)
    assert run(pool, range(1, 5), fee=4) == [False, False, True, True]


def test_passed_over_though_there_was_room() -> None:
    pool = small_pool()
    pool.add(transfer(fee=5), 0)
    assert run(pool, range(1, 5), fee=9, count=3) == [False, False, True, True]


def test_load_alone_makes_nothing_overdue() -> None:
    pool = small_pool()
    for key in KEYS[10:60]:
        pool.add(transfer(key, fee=5), 0)
    assert run(pool, range(1, 20), fee=5) == [False] * 19
    assert run(pool, range(20, 30), fee=6) == [False] * 10


def test_one_fair_block_in_between_starts_the_count_again() -> None:
    pool = small_pool()
    pool.add(transfer(fee=5), 0)
    assert run(pool, range(1, 3), fee=4) == [False, False]
    assert run(pool, range(3, 4), fee=5) == [False]
    assert run(pool, range(4, 7), fee=4) == [False, False, True]


def test_inclusion_ends_it() -> None:
    pool = small_pool()
    pool.add(transfer(fee=5), 0)
    assert run(pool, range(1, 4), fee=4)[-1]
    pool.apply_block(applied(4, transfer(fee=5)))
    assert not pool.is_overdue()


def test_what_cannot_be_executed_is_not_passed_over() -> None:
    pool = small_pool()
    pool.add(transfer(nonce=1, fee=5), 0)
    assert run(pool, range(1, 6), fee=1) == [False] * 5
    pool.add(transfer(nonce=0, fee=1), 5)
    assert run(pool, range(6, 9), fee=1) == [False, False, True]


def test_newcomers_have_not_waited_yet() -> None:
    """A stream of better-paying newcomers does not hide the one that is left out, nor stand in."""
    pool = small_pool()
    for height in range(1, 8):
        pool.add(transfer(KEYS[height], fee=50), height - 1)
        assert not pool.is_overdue()
        pool.apply_block(applied(height, *(transfer(KEYS[height], fee=50),) * 4))
    pool.add(transfer(ALICE, fee=20), 7)
    verdicts = []
    for height in range(8, 12):
        pool.add(transfer(KEYS[height], fee=50), height - 1)
        paid = [transfer(KEYS[height], fee=50), *(transfer(key, fee=10) for key in KEYS[80:83])]
        pool.apply_block(applied(height, *paid))
        verdicts.append(pool.is_overdue())
    assert verdicts == [False, False, True, True]


def test_replacing_starts_the_count_again() -> None:
    pool = small_pool()
    pool.add(transfer(fee=5), 0)
    run(pool, range(1, 3), fee=4)
    pool.add(transfer(fee=9), 2)
    assert run(pool, range(3, 6), fee=4) == [False, False, True]


def test_the_memory_of_a_standing_pool_is_bounded() -> None:
    """Without a new height, entries that come and go do not pile up for ever."""
    pool = small_pool()
    fee = 1
    for _ in range(90):
        pool.add(transfer(BOB, fee=fee), 0)
        fee += max(1, -(-fee // 10))
    pool.apply_block(applied(1, transfer(CAROL)))
    assert len(pool._index.overdue._young) <= 2 * pool.count + 64
