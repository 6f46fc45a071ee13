from prometheus_client import CollectorRegistry, generate_latest

from consensus.pow.work import compute_id
from node.mining.metrics import MiningCollector
from node.mining.miner import MiningAccount
from node.mining.rate import Rate
from node.mining.renewal import advance_time
from tests.node.mining.support import EASY, make_block


def test_the_rate_is_that_of_the_window() -> None:
    now = [100.0]
    rate = Rate(lambda: now[0], window_s=10)
    assert rate.per_second == 0.0
    rate.add(50)
    now[0] += 5
    rate.add(50)
    assert (rate.total, rate.per_second) == (100, 20.0)
    now[0] += 7
    assert (rate.total, rate.per_second) == (100, 5.0)
    now[0] += 10
    assert (rate.total, rate.per_second) == (100, 0.0)


def test_a_later_time_is_another_header() -> None:
    block = make_block(EASY, time_ms=1_000)
    for now_ms, expected in ((5_000, 5_000), (1_000, 1_001), (0, 1_001)):
        renewed = advance_time(block, now_ms)
        assert renewed.header.time_ms == expected
        assert renewed.value == block.value
        assert compute_id(renewed.header) != compute_id(block.header)


def test_the_account_is_scraped() -> None:
    registry = CollectorRegistry()
    MiningCollector(lambda: MiningAccount(2, 1, 1_000, 12.5, 3, 4), registry)
    text = generate_latest(registry).decode()
    for line in (
        "quorate_mining_workers 1.0",
        "quorate_mining_hash_rate 12.5",
        "quorate_mining_hashes_total 1000.0",
        "quorate_mining_proofs_total 3.0",
        "quorate_mining_replaced_total 4.0",
    ):
        assert line in text.splitlines()
