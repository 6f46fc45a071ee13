"""The metrics follow Prometheus's conventions and count what they are told."""

import subprocess
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from node.metrics import LATENCY_BUCKETS_S, Metrics


def test_promtool_has_nothing_to_say(promtool: Path) -> None:
    metrics = Metrics()
    metrics.build.info({"version": "1", "engine": "pbft"})
    metrics.peer_frames.labels("in", "consensus").inc()
    metrics.submit_to_final.observe_many([0.1, 3.0])
    metrics.http_request_seconds.labels("/v1/status").observe(0.001)
    result = subprocess.run(
        [promtool, "check", "metrics"],
        input=generate_latest(metrics.registry),
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_promtool_would_have_complained(promtool: Path) -> None:
    result = subprocess.run(
        [promtool, "check", "metrics"],
        input=b"# TYPE quorate_things counter\nquorate_things 1\n",
        capture_output=True,
        check=False,
    )
    assert result.returncode != 0


def test_two_nodes_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.blocks.inc(3)
    assert one.registry.get_sample_value("quorate_blocks_total") == 3
    assert other.registry.get_sample_value("quorate_blocks_total") == 0


def test_no_created_series() -> None:
    assert b"_created" not in generate_latest(Metrics().registry)


def test_every_own_metric_carries_the_prefix() -> None:
    foreign = {
        family.name
        for family in Metrics().registry.collect()
        if not family.name.startswith(("quorate_", "process_", "python_"))
    }
    assert foreign == set()


def test_bulk_histogram_counts_cumulatively_and_bounds_are_inclusive() -> None:
    metrics = Metrics()
    metrics.submit_to_final.observe_many([0.01, LATENCY_BUCKETS_S[0], 0.3, 1000.0])
    name = "quorate_submit_to_final_seconds"

    def bucket(bound: str) -> float | None:
        return metrics.registry.get_sample_value(f"{name}_bucket", {"le": bound})

    assert bucket(repr(LATENCY_BUCKETS_S[0])) == 2
    assert bucket("0.3") == 3
    assert bucket("60.0") == 3
    assert bucket("+Inf") == 4
    assert metrics.registry.get_sample_value(f"{name}_count") == 4
    total = metrics.registry.get_sample_value(f"{name}_sum")
    assert total == pytest.approx(1000.335)


def test_bulk_histogram_name_is_taken_once() -> None:
    metrics = Metrics()
    with pytest.raises(ValueError, match="Duplicated"):
        type(metrics.submit_to_final)("quorate_blocks_total", "text", (1.0,), metrics.registry)
