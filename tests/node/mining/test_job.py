from node.mining.job import Job, cut
from node.mining.orders import Search
from tests.node.mining.support import EASY, make_block

BLOCK = make_block(EASY)


def span(search: Search | None) -> tuple[int, int] | None:
    return None if search is None else (search.first, search.last)


def test_nonces_are_cut_without_gaps() -> None:
    assert [nonce for part in cut(10, 3) for nonce in part] == list(range(10))
    last = next(part for part in cut(1 << 64, 1 << 63) if part.start)
    assert last[-1] == (1 << 64) - 1


def test_no_two_workers_try_the_same() -> None:
    job = Job(4, BLOCK, 10, 4)
    assert job.lease(0) == Search(4, BLOCK.header, 0, 3)
    assert span(job.lease(1)) == (4, 7)
    job.spend(0)
    assert span(job.lease(0)) == (8, 9)
    job.spend(1)
    assert job.lease(1) is None
    assert not job.is_exhausted
    job.spend(0)
    assert job.lease(0) is None
    assert job.is_exhausted


def test_what_a_lost_worker_held_is_tried_again() -> None:
    job = Job(1, BLOCK, 8, 4)
    job.lease(0)
    job.lease(1)
    job.give_back(0)
    job.give_back(0)
    job.give_back(2)
    job.spend(1)
    assert not job.is_exhausted
    assert span(job.lease(1)) == (0, 3)
    job.spend(1)
    assert job.lease(1) is None
    assert job.is_exhausted
