"""The miner with its processes."""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from consensus.block import TreeBlock
from node.mining import process as process_module
from node.mining.orders import Left, Report
from node.mining.renewal import advance_time
from node.testnet.processes import Condition, identify, observe, wait_gone
from tests.node.mining.support import EASY, HOPELESS, Mining, is_proved, make_block, tree
from tests.node.support import until

CHANGES = 20
STOP_MAX_S = 0.05


async def test_proofs_are_found_one_for_each_order() -> None:
    async with Mining(workers=2) as mining:
        for number in range(5):
            block = make_block(EASY, time_ms=1_000 + number)
            mining.miner.mine(block)
            found = await mining.found.get()
            assert is_proved(found)
            assert (found.header.time_ms, found.value) == (1_000 + number, b"value")
            assert tree is not None
            assert tree.find_proof(found.header, 0, 0) is None
        account = mining.miner.account()
        assert (account.workers, account.found, account.replaced) == (2, 5, 0)
        assert account.hashes >= 5
    assert mining.found.empty()
    assert mining.failures == []


async def test_a_newer_template_stops_the_older_within_50_ms() -> None:
    left: list[tuple[float, int]] = []

    def note(report: Report) -> None:
        if isinstance(report, Left):
            left.append((time.perf_counter(), report.job))

    async with Mining(on_report=note) as mining:
        await until(lambda: mining.miner.account().running == 1)
        ordered = []
        for number in range(CHANGES):
            ordered.append(time.perf_counter())
            mining.miner.mine(make_block(HOPELESS, time_ms=number))
            await until(partial(lambda count: len(left) == count, number))
            await asyncio.sleep(0.01)
        assert [job for _, job in left] == list(range(1, CHANGES))
        took_s = [at - order for (at, _), order in zip(left, ordered[1:], strict=True)]
        assert statistics.median(took_s) < STOP_MAX_S
        assert mining.miner.account().hashes_per_second > 1_000
    assert mining.found.empty()


async def test_a_proof_for_an_older_template_is_dropped() -> None:
    async with Mining() as mining:
        await until(lambda: mining.miner.account().running == 1)
        for _ in range(CHANGES):
            mining.miner.mine(make_block(EASY))  # will be found before the next order is read
            mining.miner.mine(make_block(HOPELESS))
        await until(lambda: mining.miner.account().hashes > 10_000)
        assert mining.found.empty()
        mining.miner.mine(None)


async def test_nonces_run_out_and_another_header_goes_on() -> None:
    async with Mining(workers=2, nonces=1_000, lease=300) as mining:
        block = make_block(HOPELESS)
        mining.miner.mine(block)
        assert await mining.exhausted.get() == block
        assert mining.miner.account().hashes == 1_000
        mining.miner.mine(advance_time(block, 0))
        assert (await mining.exhausted.get()).header.time_ms == block.header.time_ms + 1
        assert mining.miner.account().hashes == 2_000
        assert mining.exhausted.empty()


async def test_a_worker_that_is_killed_is_replaced_and_its_share_is_tried_again() -> None:
    async with Mining(workers=1) as mining:
        mining.miner.mine(make_block(HOPELESS))
        await until(lambda: mining.miner.account().hashes > 0)
        for kills in (1, 2):
            (pid,) = mining.miner.pids()
            os.kill(pid, signal.SIGKILL)
            await until(lambda: mining.miner.account().running == 0)
            await until(lambda: mining.miner.account().running == 1)
            assert mining.miner.account().replaced == kills
        mining.miner.mine(make_block(EASY))
        assert is_proved(await mining.found.get())


async def test_a_worker_that_takes_no_orders_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "BACKLOG_BYTES_MAX", 1_000)
    async with Mining(workers=1) as mining:
        await until(lambda: mining.miner.account().running == 1)
        (pid,) = mining.miner.pids()
        os.kill(pid, signal.SIGSTOP)

        def has_another() -> bool:
            mining.miner.mine(make_block(EASY))
            pids = mining.miner.pids()
            return bool(pids) and pids != [pid]

        await until(has_another)
        assert is_proved(await mining.found.get())


async def test_workers_are_of_low_priority_and_end_with_the_miner() -> None:
    async with Mining(workers=2, nice=19) as mining:
        await until(lambda: mining.miner.account().running == 2)
        processes = [identify(pid) for pid in mining.miner.pids()]
        for process in processes:
            assert process is not None
            assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19
        mining.miner.mine(make_block(HOPELESS))
    assert all(process and observe(process) is Condition.GONE for process in processes)


async def test_without_workers_nothing_is_started() -> None:
    async with Mining(workers=0) as mining:
        mining.miner.mine(make_block(EASY))
        mining.miner.mine(None)
        assert mining.miner.pids() == []
        assert mining.miner.account() == (0, 0, 0, 0.0, 0, 0)


async def test_an_error_of_the_callback_is_told() -> None:
    def refuse(_: TreeBlock) -> None:
        raise KeyError("x")

    async with Mining(on_found=refuse) as mining:
        mining.miner.mine(make_block(EASY))
        await until(lambda: mining.failures)
        assert isinstance(mining.failures[0], KeyError)


NODE = """
import asyncio
from tests.node.mining.support import HOPELESS, Mining, make_block

async def main():
    async with Mining(workers=2) as mining:
        mining.miner.mine(make_block(HOPELESS))
        while mining.miner.account().running < 2:
            await asyncio.sleep(0.01)
        print(*mining.miner.pids(), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_workers_die_with_the_node_however_it_dies(
    root: Path, number: signal.Signals
) -> None:
    node = await asyncio.create_subprocess_exec(
        sys.executable, "-c", NODE, stdout=subprocess.PIPE, cwd=root
    )
    assert node.stdout is not None
    workers = [identify(int(pid)) for pid in (await node.stdout.readline()).split()]
    node.send_signal(number)
    await node.communicate()
    assert len(workers) == 2
    for worker in workers:
        assert worker is None or await wait_gone(worker, 5.0)
