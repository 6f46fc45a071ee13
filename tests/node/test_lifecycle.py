"""Lifecycle: latencies and outcomes are counted, and who waits is woken, whatever happens."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ledger.mempool import Dropped
from ledger.reasons import Reason
from node import lifecycle as module
from node.lifecycle import Lifecycle
from node.metrics import Metrics
from tests.ledger.support import ALICE, World, transfer
from tests.node.support import leaving_nothing

A, B, C = (transfer(ALICE, nonce) for nonce in range(3))


@pytest.fixture
async def lifecycle() -> AsyncIterator[Lifecycle]:
    async with leaving_nothing():
        yield Lifecycle(Metrics())


def count(lifecycle: Lifecycle, outcome: str) -> float:
    registry = lifecycle._metrics.registry
    return registry.get_sample_value("quorate_transactions_total", {"outcome": outcome}) or 0.0


def wait(lifecycle: Lifecycle, id_: bytes, timeout_s: float = 10.0) -> "asyncio.Task[None]":
    return asyncio.create_task(lifecycle.wait(id_, timeout_s))


async def test_a_block_settles_what_is_in_it(lifecycle: Lifecycle) -> None:
    lifecycle.on_admitted([A, B], None)
    lifecycle.on_admitted([C], b"peer")
    waiting = wait(lifecycle, A.id), wait(lifecycle, A.id)
    await asyncio.sleep(0)
    lifecycle.on_applied(World().order(A), [])
    await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert count(lifecycle, "final") == 1
    registry = lifecycle._metrics.registry
    assert registry.get_sample_value("quorate_submit_to_final_seconds_count") == 1
    assert registry.get_sample_value("quorate_submit_to_included_seconds_count") == 1
    assert list(lifecycle._submitted) == list(lifecycle._not_included) == [B.id]
    assert list(lifecycle._gossiped) == [C.id]
    assert lifecycle._waiters == {}


async def test_failed_and_skipped_are_counted_apart(lifecycle: Lifecycle) -> None:
    poor = transfer(ALICE, 0, amount=10**9)
    lifecycle.on_applied(World().order(poor, C), [])
    assert (count(lifecycle, "failed"), count(lifecycle, "skipped")) == (1, 1)
    assert count(lifecycle, "final") == 0


@pytest.mark.parametrize("way", ["dropped", "displaced"])
async def test_what_leaves_without_a_block_is_settled_too(lifecycle: Lifecycle, way: str) -> None:
    lifecycle.on_admitted([A, B], None)
    waiting = wait(lifecycle, A.id)
    await asyncio.sleep(0)
    if way == "dropped":
        lifecycle.on_applied(World().order(), [Dropped(A.id, Reason.TX_EXPIRED)])
    else:
        lifecycle.on_dropped([Dropped(A.id, Reason.MEMPOOL_EVICTED)])
    await asyncio.wait_for(waiting, 5)
    assert count(lifecycle, "dropped") == 1
    reason = "tx-expired" if way == "dropped" else "mempool-evicted"
    drops = lifecycle._metrics.registry.get_sample_value(
        "quorate_mempool_drops_total", {"reason": reason}
    )
    assert drops == 1
    assert list(lifecycle._submitted) == [B.id]


async def test_waiting_ends_with_its_time(lifecycle: Lifecycle) -> None:
    await asyncio.wait_for(lifecycle.wait(A.id, 0.01), 5)
    assert lifecycle._waiters == {}


async def test_one_who_gives_up_leaves_the_others_waiting(lifecycle: Lifecycle) -> None:
    first, second = wait(lifecycle, A.id), wait(lifecycle, A.id)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    assert not second.done()
    lifecycle.on_applied(World().order(A), [])
    await asyncio.wait_for(second, 5)


async def test_closing_wakes_everybody_and_nobody_waits_again(lifecycle: Lifecycle) -> None:
    waiting = wait(lifecycle, A.id), wait(lifecycle, B.id)
    await asyncio.sleep(0)
    lifecycle.close()
    await asyncio.wait_for(asyncio.gather(*waiting), 5)
    await asyncio.wait_for(lifecycle.wait(C.id, 1_000), 5)
    assert lifecycle._waiters == {}


async def test_the_number_of_dates_is_bounded(
    lifecycle: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SUBMITTED_MAX", 1)
    lifecycle.on_admitted([A], None)
    lifecycle.on_admitted([B], None)
    assert list(lifecycle._submitted) == [A.id]
    assert lifecycle.age_ms(A.id) >= 0
