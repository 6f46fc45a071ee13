"""Short measurements: not for their numbers, for their account."""

import json
from pathlib import Path

import pytest

from tests.cluster.harness import MakeCluster, find_base_port, finish, quorate, start_quorate

pytestmark = pytest.mark.cluster


async def test_a_measurement_accounts_for_everything(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster(validators=1)
    running = await start_quorate(
        "load", "--url", cluster.urls[0], "--faucet", cluster.network.faucet_path,
        "--rate", "200", "--for", "2", "--batch-size", "50", "--accounts", "40", "--json",
    )  # fmt: skip
    report = json.loads((await finish(running)).splitlines()[-1])
    full, half, profile = report["full"], report["half"], report["profile"]
    assert (full["sent"], full["final"], full["refused"]) == (400, 400, 0)
    assert (half["sent"], half["final"]) == (200, 200)
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


def test_engines_are_measured_beside_each_other(tmp_path: Path) -> None:
    words = [
        "--engine", "paxos", "--engine", "pbft", "--nodes", "3", "--rate", "100", "--for", "3",
        "--batch-size", "10", "--accounts", "20", "--no-half",
    ]  # fmt: skip
    place = ("--base-port", str(find_base_port(3)), "--home", tmp_path / "networks")
    ended = quorate("bench", *words, *place, "--json", timeout_s=180)
    paxos, pbft = json.loads(ended.stdout.splitlines()[-1])
    assert (paxos["engine"], pbft["engine"]) == ("paxos", "pbft")
    for report in (paxos, pbft):
        traffic = report["traffic"]
        assert report["full"]["final"] == 300
        assert report["cpu_seconds_per_1000"] > 0
        assert sum(traffic["bytes_by_kind"].values()) == pytest.approx(traffic["bytes"], rel=0.01)
        assert traffic["heights"] >= report["full"]["blocks"] > 0
        assert report["growth"]["messages"] == 1
    counted, formula = paxos["traffic"]["engine_per_height"], paxos["traffic"]["formula"]
    assert counted["Accept"] == pytest.approx(formula["Accept"], rel=0.3)
    counted, formula = pbft["traffic"]["engine_per_height"], pbft["traffic"]["formula"]
    assert counted["Commit"] == pytest.approx(formula["Commit"], rel=0.3)
    assert pbft["versus"]["engine_per_height"] == pytest.approx(
        sum(pbft["traffic"]["engine_per_height"].values())
        / sum(paxos["traffic"]["engine_per_height"].values()),
        rel=0.01,
    )
