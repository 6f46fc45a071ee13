"""`quorate testnet` as a person uses it."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from node.client import Client
from node.testnet.supervisor import is_ready
from tests.cluster.harness import eventually, find_base_port, finish, quorate, start_quorate

pytestmark = pytest.mark.cluster

VERDICT_KEYS = [
    "engine", "nodes", "seconds", "submitted", "final", "failed", "dropped", "lost",
    "tx_per_second", "latency_ms", "height", "forks", "agree",
]  # fmt: skip


def read_verdict(output: str) -> dict[str, Any]:
    """The last line of standard output."""
    verdict: dict[str, Any] = json.loads(output.splitlines()[-1])
    return verdict


def test_a_run_ends_with_one_json_object_and_goes_on_in_the_same_home(tmp_path: Path) -> None:
    base, home = str(find_base_port(4)), tmp_path / "net"
    words = ("testnet", "run", "--home", home, "--for", "4", "--json", "--base-port", base)
    first = quorate(*words, timeout_s=90)
    assert first.returncode == 0, first.stderr
    verdict = read_verdict(first.stdout)
    assert list(verdict) == VERDICT_KEYS
    assert (verdict["engine"], verdict["nodes"]) == ("pbft", 4)
    assert (verdict["agree"], verdict["lost"], verdict["failed"]) == (True, 0, 0)
    assert verdict["submitted"] == verdict["final"] >= 60
    assert list(verdict["latency_ms"]) == ["p50", "p95", "p99"]
    assert verdict["forks"] == {
        "stale_blocks": 0,
        "fork_rate": 0.0,
        "deepest_reorganisation": 0,
    }
    again = quorate(*words, "--load", "0", timeout_s=90)
    assert again.returncode == 0, again.stderr
    verdict = read_verdict(again.stdout)
    assert (verdict["submitted"], verdict["latency_ms"]["p50"]) == (0, None)
    assert verdict["height"] >= read_verdict(first.stdout)["height"]


async def test_ctrl_c_stops_everything_cleanly(tmp_path: Path) -> None:
    base, home = find_base_port(1), tmp_path / "net"
    words = ("--home", home, "--nodes", "1", "--base-port", str(base), "--json")
    running = await start_quorate("testnet", "run", *words)
    async with Client(f"http://127.0.0.1:{base + 1}", timeout_s=5) as client:
        await eventually(lambda: is_ready(client), "the node is ready")

        async def has_work() -> bool:
            return (await client.status()).final_height >= 5

        await eventually(has_work, "the demo load is on")
    running.send_signal(signal.SIGINT)
    output = await finish(running, 30)
    assert running.returncode == 0
    assert read_verdict(output)["agree"] is True
    state = json.loads(quorate("testnet", "status", "--home", home, "--json").stdout)
    assert [node["state"] for node in state["nodes"]] == ["down"]
    log = (home / "node0" / "node.log").read_text()
    assert '"stopped"' in log.splitlines()[-1]


def test_a_network_in_the_background_is_controlled_node_by_node(tmp_path: Path) -> None:
    base, home = find_base_port(4), tmp_path / "net"
    place = ("--home", home)
    try:
        started = quorate("testnet", "start", *place, "--base-port", str(base), "--json")
        assert started.returncode == 0, started.stderr
        nodes = json.loads(started.stdout)["nodes"]
        assert [node["url"] for node in nodes] == [
            f"http://127.0.0.1:{base + 10 * index + 1}" for index in range(4)
        ]
        assert {node["state"] for node in nodes} == {"ready"}
        assert all(isinstance(node["head"], int) for node in nodes)
        assert quorate("testnet", "kill", "2", *place).returncode == 0
        assert quorate("testnet", "pause", "3", *place).returncode == 0
        assert list_states(home) == ["ready", "ready", "down", "paused"]
        assert quorate("testnet", "resume", "3", *place).returncode == 0
        assert quorate("testnet", "restart", "2", *place).returncode == 0
        assert list_states(home) == ["ready"] * 4
        again = quorate("testnet", "start", *place, "--nodes", "5")
        assert again.returncode == 1
        assert "[network-differs]" in again.stderr
        unknown = quorate("testnet", "kill", "4", *place)
        assert unknown.returncode == 1
        assert "[no-such-node]" in unknown.stderr
        logs = quorate("testnet", "logs", "0", *place, "--lines", "1", "--json")
        assert json.loads(logs.stdout)["level"] in {"info", "warning"}
    finally:
        stopped = quorate("testnet", "stop", *place)
    assert stopped.returncode == 0
    assert "stopped 4 nodes" in stopped.stderr
    assert list_states(home) == ["down"] * 4


def list_states(home: Path) -> list[str]:
    """The state of each node."""
    answer = json.loads(quorate("testnet", "status", "--home", home, "--json").stdout)
    return [node["state"] for node in answer["nodes"]]
