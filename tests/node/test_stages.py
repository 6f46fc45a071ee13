"""Stages: processor time per stage, inner stages not counted twice."""

import random
import time

import pytest
from prometheus_client import CollectorRegistry

from node.stages import NAMES, ONE_IN, Stages


def burn(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_inner_time_counts_once() -> None:
    stages = Stages()
    before = time.thread_time()
    with stages.measure("execute"):
        burn(0.02)
        with stages.measure("store"):
            burn(0.03)
        with stages.measure("store"):
            burn(0.01)
    taken = time.thread_time() - before
    assert stages.seconds["store"] >= 0.04
    assert stages.seconds["execute"] >= 0.02
    assert stages.seconds["store"] + stages.seconds["execute"] == pytest.approx(taken, abs=0.005)


def test_what_comes_often_is_measured_in_part_and_counted_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draws = iter([0.99] * (ONE_IN - 1) + [0.0])
    monkeypatch.setattr(random, "random", lambda: next(draws))
    stages = Stages()
    before = time.thread_time()
    for _ in range(ONE_IN):
        with stages.measure("engine"):
            burn(0.004)
    taken = time.thread_time() - before
    assert next(draws, None) is None
    assert stages.seconds["engine"] == pytest.approx(taken, rel=0.2)


def test_sleeping_is_not_work() -> None:
    stages = Stages()
    with stages.measure("verify"):
        time.sleep(0.05)
    assert stages.seconds["verify"] < 0.04


def test_every_stage_is_exported_from_the_start() -> None:
    registry = CollectorRegistry()
    Stages(registry)
    for name in NAMES:
        assert registry.get_sample_value("quorate_stage_seconds_total", {"stage": name}) == 0.0
