"""The body log: nothing is promised before it is durable, nothing is removed while it is needed."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from ledger.errors import StoreError
from ledger.reasons import Reason
from node.body_log import SPARED_HEIGHTS, BodyLog
from node.metrics import Metrics
from node.stages import Stages
from tests.ledger.support import transfer
from tests.node.parts import BrittleStore, logged
from tests.node.support import leaving_nothing, until

A, B, C = (transfer(nonce=nonce) for nonce in range(3))


class Bench:
    """A log over a store whose synced writes wait for a gate."""

    def __init__(self) -> None:
        self.store = BrittleStore()
        self.store.before_sync = self._wait
        self.gate = threading.Event()
        self.gate.set()
        self.at_gate = threading.Event()
        self.needed: set[bytes] = {A.id, B.id, C.id}
        self.failures: list[BaseException] = []
        self.log = BodyLog(
            self.store, Stages(), Metrics(), self.needed.__contains__, self.failures.append
        )

    def _wait(self) -> None:
        self.at_gate.set()
        assert self.gate.wait(10)

    @property
    def kept(self) -> set[bytes]:
        return logged(self.store)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with leaving_nothing():
        bench = Bench()
        yield bench
        bench.gate.set()
        bench.log.close()


@pytest.mark.timeout(20)
async def test_a_sync_between_the_end_of_a_write_and_its_callback_does_not_spin(
    bench: Bench,
) -> None:
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ended.set_result(None)
    bench.log._synced = ended
    bench.log.add([A])
    await bench.log.sync()
    assert bench.kept == {A.id}


async def test_what_was_added_is_durable_after_a_sync(bench: Bench) -> None:
    bench.log.add([A])
    bench.log.add([B])
    assert bench.kept == set()
    await bench.log.sync()
    assert bench.kept == {A.id, B.id}
    assert bench.store.synced_writes == 1
    await bench.log.sync()
    assert bench.store.synced_writes == 1


async def test_calls_that_meet_share_one_write(bench: Bench) -> None:
    bench.gate.clear()
    bench.log.add([A])
    first = asyncio.create_task(bench.log.sync())
    await until(bench.at_gate.is_set)
    bench.log.add([B])
    second = asyncio.create_task(bench.log.sync())
    bench.log.add([C])
    third = asyncio.create_task(bench.log.sync())
    await asyncio.sleep(0)
    bench.gate.set()
    await asyncio.gather(first, second, third)
    assert bench.store.synced_writes == 2
    assert bench.kept == {A.id, B.id, C.id}


async def test_nobody_is_answered_while_another_thread_still_writes_its_bodies(
    bench: Bench,
) -> None:
    bench.gate.clear()
    bench.log.add([A])
    first = asyncio.create_task(bench.log.sync())
    await until(bench.at_gate.is_set)
    bench.log.add([B])
    second = asyncio.create_task(bench.log.sync())
    await asyncio.sleep(0)
    bench.store.before_sync = wait_again = Gate()
    journal = asyncio.get_running_loop().run_in_executor(None, bench.log.write)
    bench.gate.set()
    await first
    await until(wait_again.reached.is_set)
    await asyncio.wait({second}, timeout=0.05)
    assert B.id not in bench.kept
    assert not second.done()
    wait_again.open.set()
    await asyncio.gather(second, journal)
    assert bench.kept == {A.id, B.id}


class Gate:
    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.open.wait(10)


async def test_a_failed_write_is_told_and_nothing_of_it_is_lost(bench: Bench) -> None:
    bench.store.is_broken = True
    bench.log.add([A])
    waiting = [asyncio.create_task(bench.log.sync()) for _ in range(2)]
    for task in waiting:
        with pytest.raises(StoreError):
            await task
    assert [error.reason for error in bench.failures if isinstance(error, StoreError)] == [
        Reason.STORE_IO
    ]
    bench.store.is_broken = False
    bench.log.write()
    assert bench.kept == {A.id}


async def test_a_client_that_gives_up_takes_nothing_from_the_others(bench: Bench) -> None:
    bench.gate.clear()
    bench.log.add([A])
    first, second = (asyncio.create_task(bench.log.sync()) for _ in range(2))
    await until(bench.at_gate.is_set)
    first.cancel()
    await asyncio.wait({first})
    bench.gate.set()
    await second
    assert bench.kept == {A.id}


async def test_what_is_no_longer_needed_when_it_is_written_is_removed_again(bench: Bench) -> None:
    bench.log.add([A, B])
    bench.needed.remove(A.id)
    await bench.log.sync()
    await until(lambda: bench.kept == {B.id})


async def test_only_what_nothing_needs_is_forgotten(bench: Bench) -> None:
    bench.log.add([A, B])
    await bench.log.sync()
    bench.needed.remove(B.id)
    bench.log.forget([A.id, B.id, C.id])
    assert bench.kept == {A.id}


async def test_what_does_not_fit_at_a_start_is_spared_for_a_window(bench: Bench) -> None:
    bench.log.add([A, B])
    await bench.log.sync()
    bench.needed.clear()
    assert bench.log.load() == [A, B]
    bench.log.spare([A], height=10)
    bench.log.forget([A.id, B.id])
    assert bench.log.recall(A.id) == A
    assert bench.log.recall(B.id) is None
    bench.log.on_applied(10 + SPARED_HEIGHTS - 1)
    assert bench.kept == {A.id}
    bench.log.on_applied(10 + SPARED_HEIGHTS)
    assert bench.kept == set()
    assert bench.log.recall(A.id) is None


async def test_closing_writes_what_waits(bench: Bench) -> None:
    bench.log.add([A])
    bench.needed.clear()
    bench.log.close()
    bench.store.close()
    await asyncio.sleep(0)


async def test_closing_on_a_broken_disk_does_not_raise(bench: Bench) -> None:
    bench.log.add([A])
    bench.store.is_broken = True
    bench.log.close()
    bench.store.is_broken = False
