"""A short measurement of one validator: not for its numbers, for its account."""

import json

import pytest

from tests.cluster.harness import MakeCluster, finish, start_quorate

pytestmark = pytest.mark.cluster


async def test_a_measurement_accounts_for_everything(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster(validators=1)
    running = await start_quorate(
        "load", "--url", cluster.urls[0], "--faucet", cluster.network.faucet_path,
        "--rate", "200", "--for", "3", "--batch-size", "50", "--accounts", "40", "--json",
    )  # fmt: skip
    report = json.loads((await finish(running)).splitlines()[-1])
    full, half, profile = report["full"], report["half"], report["profile"]
    assert (full["sent"], full["final"], full["refused"]) == (600, 600, 0)
    assert (half["sent"], half["final"]) == (300, 300)
    assert 0 < full["latency_ms"]["p50"] <= full["latency_ms"]["p99"]
    assert report["ratio"] == pytest.approx(
        full["tx_per_second"] / report["signature_limit"], rel=0.01
    )
    assert report["signature_limit"] == report["verifications_per_second"] > 1_000
    assert sum(profile["stages_us"].values()) == pytest.approx(profile["node_us"], rel=0.01)
    assert profile["stages_us"]["verify"] > 0
    parts = profile["node_us"] + profile["generator_us"] + profile["rest_us"]
    assert parts == pytest.approx(profile["machine_us"], rel=0.01)
    stated = {"engine", "nodes", "batch_size", "durability", "machine", "event_loop", "commit"}
    assert stated <= set(report)
