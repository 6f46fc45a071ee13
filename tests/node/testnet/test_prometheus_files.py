"""A Prometheus's files in a network's home, and the rules at its pace."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from node.testnet import alert_rules
from node.testnet.alert_rules import read_rules, scale_durations
from node.testnet.errors import ClusterError
from node.testnet.membership import extend_network
from node.testnet.monitor_process import find_prometheus
from node.testnet.network import create_network
from node.testnet.plan import Plan
from node.testnet.prometheus_files import FOLDER, write_files

RULE = """\
      - alert: A
        expr: changes(a[1m]) == 0 and b[30s] > 5 and increase(c[2m]) > 60
        for: 15s
"""


def test_every_duration_is_scaled_and_nothing_else() -> None:
    assert scale_durations(RULE, 0.2) == (
        RULE.replace("[1m]", "[12000ms]")
        .replace("[30s]", "[6000ms]")
        .replace("[2m]", "[24000ms]")
        .replace("for: 15s", "for: 3000ms")
    )


def test_a_duration_never_becomes_none() -> None:
    assert "[1ms]" in scale_durations("a[1s]", 1e-6)
    assert scale_durations("        for: 0s\n", 0.2) == "        for: 0ms\n"


def test_the_deployed_rules_are_the_same_at_another_pace() -> None:
    written, scaled = read_rules(5.0), read_rules(1.0)
    assert written is not None
    assert scaled is not None
    assert scaled == scale_durations(written, 0.2)
    assert len(scaled.splitlines()) == len(written.splitlines())
    changed = sum(a != b for a, b in zip(written.splitlines(), scaled.splitlines(), strict=True))
    assert 10 < changed < 40


def test_what_is_written_is_valid(tmp_path: Path, promtool: Path) -> None:
    network = create_network(tmp_path / "net", Plan(base_port=24_000))
    config = write_files(network.home, network.plan, network.members, 1.0)
    done = subprocess.run(
        [promtool, "check", "config", config], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 rule files found" in done.stdout


def test_without_a_checkout_there_are_no_rules(
    tmp_path: Path, promtool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_rules, "RULES_PATH", tmp_path / "absent")
    network = create_network(tmp_path / "net", Plan(base_port=24_000))
    config = write_files(network.home, network.plan, network.members, 1.0)
    done = subprocess.run(
        [promtool, "check", "config", config], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rule_files: []" in config.read_text(encoding="utf-8")


def test_a_node_that_is_added_becomes_a_target(tmp_path: Path) -> None:
    network = create_network(tmp_path / "net", Plan(validators=1, base_port=24_000))
    targets = network.home / FOLDER / "targets.json"
    network = extend_network(network)
    assert not targets.exists(), "nobody watches"
    write_files(network.home, network.plan, network.members, 1.0)
    network = extend_network(network)
    assert json.loads(targets.read_text(encoding="utf-8")) == [
        {
            "targets": [f"127.0.0.1:{24_001 + 10 * index}"],
            "labels": {"network": "testnet", "node": name},
        }
        for index, name in enumerate(("validator-0", "follower-1", "follower-2"))
    ]


def test_a_prometheus_on_the_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "prometheus"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert find_prometheus() == program


def test_without_one_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("node.testnet.monitor_process.TOOLS_FOLDER", tmp_path)
    with pytest.raises(ClusterError) as caught:
        find_prometheus()
    assert caught.value.reason == "prometheus-missing"
    assert "apt-get install prometheus" in caught.value.advice
