"""The monitor: refreshes until it is cancelled, and measures a loop that is held up."""

import time

import pytest

from node import monitor as module
from node.metrics import Metrics
from node.monitor import monitor
from node.tasks import end, spawn
from tests.node.support import leaving_nothing, until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PERIOD_S", 0.005)


def lag(metrics: Metrics, suffix: str) -> float:
    name = f"quorate_event_loop_lag_seconds_{suffix}"
    return metrics.registry.get_sample_value(name) or 0.0


def hold_up(seconds: float) -> None:
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        pass


async def test_it_refreshes_until_it_is_cancelled() -> None:
    metrics, refreshed, failures = Metrics(), [0], list[BaseException]()

    def refresh() -> None:
        refreshed[0] += 1

    async with leaving_nothing():
        watching = spawn(monitor(metrics, refresh), "monitor", failures.append)
        await until(lambda: refreshed[0] == 3, 5)
        await end(watching)
    assert lag(metrics, "count") == 3
    assert failures == []


async def test_a_loop_that_is_held_up_shows() -> None:
    metrics = Metrics()
    async with leaving_nothing():
        failures: list[BaseException] = []
        watching = spawn(monitor(metrics, lambda: None), "monitor", failures.append)
        await until(lambda: lag(metrics, "count") >= 1, 5)
        hold_up(0.1)
        await until(lambda: lag(metrics, "sum") >= 0.08, 5)
        await end(watching)


async def test_an_error_in_refreshing_is_not_swallowed() -> None:
    failures: list[BaseException] = []
    async with leaving_nothing():
        spawn(monitor(Metrics(), lambda: 1 / 0), "monitor", failures.append)  # type: ignore[arg-type]
        await until(lambda: failures, 5)
    assert isinstance(failures[0], ZeroDivisionError)
