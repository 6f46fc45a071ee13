"""Tasks: an error is told, a cancellation is none, and nothing is left running."""

import asyncio

from node.tasks import end, spawn
from tests.node.support import leaving_nothing, until


async def test_an_error_is_told_once() -> None:
    failures: list[BaseException] = []
    error = ValueError("no")

    async def work() -> None:
        raise error

    async with leaving_nothing():
        spawn(work(), "work", failures.append)
        await until(lambda: failures)
    assert failures == [error]


async def test_ending_is_no_error() -> None:
    failures: list[BaseException] = []

    async def work() -> None:
        await asyncio.Event().wait()

    async with leaving_nothing():
        tasks = [spawn(work(), "work", failures.append) for _ in range(2)]
        await asyncio.sleep(0)
        await end(*tasks)
        assert all(task.cancelled() for task in tasks)
    assert failures == []


async def test_work_that_ends_by_itself_tells_nothing() -> None:
    failures: list[BaseException] = []

    async def work() -> None:
        await asyncio.sleep(0)

    async with leaving_nothing():
        await spawn(work(), "work", failures.append)
    assert failures == []
