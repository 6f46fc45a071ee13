"""What is mined follows the engine's template, the mempool and the clock."""

import asyncio
import time
from pathlib import Path

import pytest
import uvloop

from consensus.block import Template, TreeBlock
from consensus.events import Event, Mined
from ledger.block import decode_payload
from ledger.content import decode_value
from node import drafting
from node.drafting import Drafting
from node.recent_bodies import RecentBodies
from tests.ledger.support import BOB, PROPOSER, record, transfer
from tests.node.support import until
from tests.node.tree_support import make_tree_core


class Recorder:
    def __init__(self) -> None:
        self.blocks: list[TreeBlock | None] = []

    def start(self) -> None:
        raise AssertionError

    async def close(self) -> None:
        raise AssertionError

    def mine(self, block: TreeBlock | None) -> None:
        self.blocks.append(block)


class Bench:
    def __init__(self, home: Path) -> None:
        self.core = make_tree_core(home)
        self.miner = Recorder()
        self.posted: list[Event] = []
        self.recent = RecentBodies()
        self.drafting = Drafting(self.core, self.recent, self.posted.append)
        self.drafting.connect(self.miner)

    @property
    def last(self) -> TreeBlock:
        block = self.miner.blocks[-1]
        assert block is not None
        return block

    def list_ids(self) -> list[bytes]:
        return decode_payload(decode_value(self.last.value).payload).split_ids()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def make_template(bench: Bench, time_ms: int = 0) -> Template:
    return Template(1, bench.core.tree.head_id, time_ms, b"claim")


async def test_a_draft_stands_where_the_template_says(bench: Bench) -> None:
    payment = transfer()
    bench.core.mempool.add(payment, 0)
    bench.drafting.mine(make_template(bench))
    header = bench.last.header
    assert (header.height, header.parent, header.claim) == (1, bench.core.tree.head_id, b"claim")
    assert abs(header.time_ms - time.time_ns() // 1_000_000) < 5_000
    assert bench.list_ids() == [payment.id]
    assert decode_payload(decode_value(bench.last.value).payload).proposer == PROPOSER.public_key
    assert bench.recent.find(payment.id) is payment
    bench.drafting.close()


async def test_its_time_is_not_before_the_earliest(bench: Bench) -> None:
    bench.drafting.mine(make_template(bench, 2**50))
    assert bench.last.header.time_ms == 2**50
    bench.drafting.close()


def test_two_arrivals_that_are_due_at_once_make_one_draft_with_any_loop(tmp_path: Path) -> None:
    """What uvloop hands out for a call that is due at once is no timer, and knows no time."""

    async def arrive() -> None:
        bench = Bench(tmp_path)
        bench.drafting.mine(make_template(bench))
        bench.drafting._drafted_at = 0.0
        bench.core.mempool.add(transfer(), 0)
        bench.drafting.on_admitted()
        bench.drafting.on_admitted()
        await until(lambda: len(bench.miner.blocks) == 2)
        assert len(bench.list_ids()) == 1
        bench.drafting.close()

    uvloop.run(arrive())


async def test_new_transactions_join_the_draft_soon(bench: Bench) -> None:
    bench.drafting.mine(make_template(bench))
    assert bench.list_ids() == []
    added = [transfer(), record(BOB)]
    for envelope in added:
        bench.core.mempool.add(envelope, 0)
        bench.drafting.on_admitted()
    await until(lambda: len(bench.miner.blocks) == 2)
    assert bench.list_ids() == [envelope.id for envelope in added]
    bench.drafting.close()


async def test_the_draft_keeps_up_with_the_clock(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting, "RENEW_S", 0.02)
    bench.drafting.mine(make_template(bench))
    await until(lambda: len(bench.miner.blocks) >= 4)
    times = [block.header.time_ms for block in bench.miner.blocks if block]
    assert times == sorted(times)
    assert times[-1] > times[0]
    bench.drafting.close()


async def test_an_exhausted_draft_is_followed_by_another(bench: Bench) -> None:
    bench.drafting.mine(make_template(bench))
    before = bench.last
    bench.drafting.on_exhausted(before)
    assert len(bench.miner.blocks) == 2
    assert bench.last.header.time_ms > before.header.time_ms
    bench.drafting.close()


async def test_nothing_is_mined_where_the_ledger_does_not_stand(bench: Bench) -> None:
    bench.drafting.mine(Template(1, bytes(32), 0, b"claim"))
    assert bench.miner.blocks == []
    bench.drafting.close()


async def test_mining_stops_when_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "RENEW_S", 0.01)
    bench.drafting.mine(make_template(bench))
    bench.drafting.mine(None)
    before = len(bench.miner.blocks)
    bench.drafting.on_admitted()
    bench.drafting.on_exhausted(bench.miner.blocks[0])  # type: ignore[arg-type]
    await asyncio.sleep(0.05)
    assert bench.miner.blocks[-1] is None
    assert len(bench.miner.blocks) == before


async def test_what_was_found_goes_to_the_engine(bench: Bench) -> None:
    bench.drafting.mine(make_template(bench))
    bench.drafting.on_found(bench.last)
    assert bench.posted == [Mined(bench.last)]
    bench.drafting.close()
