"""Derived keys, event loops, samples of metrics."""

import asyncio

import pytest

from node.derivation import derive_key
from node.event_loop import name_running_loop, run_on_loop
from node.samples import Samples

TEXT = """\
# HELP quorate_head_height Height.
# TYPE quorate_head_height gauge
quorate_head_height 7.0
# HELP quorate_stage_seconds_total Seconds.
# TYPE quorate_stage_seconds_total counter
quorate_stage_seconds_total{stage="verify"} 1.5
quorate_stage_seconds_total{stage="execute"} 0.5
# HELP quorate_http_requests_total Requests.
# TYPE quorate_http_requests_total counter
quorate_http_requests_total{route="/",method="GET"} 3.0
"""


def test_derived_keys_depend_on_seed_label_and_name() -> None:
    seed = bytes(range(32))
    keys = {
        derive_key(*of).public_key
        for of in [(seed, "a", 1), (seed, "a", 2), (seed, "b", 1), (bytes(32), "a", 1)]
    }
    assert len(keys) == 4
    assert derive_key(seed, "a", 1).public_key == derive_key(seed, "a", "1").public_key
    assert derive_key(seed, "demo", 0).public_key.hex() == (
        "e99a494f66ebd7c237b37973dd337d2e6e4c9882a2ac18ae892ad9fcc78fc7de"
    )


async def current_loop() -> str:
    return name_running_loop()


def test_the_loop_is_chosen_and_named() -> None:
    assert run_on_loop("asyncio", current_loop()) == "asyncio"
    assert run_on_loop("uvloop", current_loop()) == "uvloop"
    assert run_on_loop("auto", current_loop()) == "uvloop"
    assert name_running_loop() == "none"


def test_a_loop_ends_with_what_its_coroutine_raises() -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_on_loop("asyncio", fail())


def test_samples_are_found_by_name_and_labels() -> None:
    samples = Samples(TEXT)
    assert samples.value("quorate_head_height") == 7.0
    assert samples.value("quorate_stage_seconds_total", stage="verify") == 1.5
    assert samples.value("quorate_stage_seconds_total") == 0.0
    assert samples.value("absent") == 0.0
    stages = samples.by_label("quorate_stage_seconds_total", "stage")
    assert stages == {"verify": 1.5, "execute": 0.5}
    assert samples.by_label("quorate_http_requests_total", "route") == {}
