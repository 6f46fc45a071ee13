"""Stages: processor time per stage, inner stages not counted twice."""

import time

import pytest
from prometheus_client import CollectorRegistry

from node.stages import NAMES, Stages


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
