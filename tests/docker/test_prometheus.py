"""Prometheus's files: its own checker, and that each alert's test would notice a broken alert."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

SEVERITIES = {"critical", "warning"}
TEXTS = {"summary", "description", "action"}
FILES = ("alerts.yml", "alerts_test.yml")


def load(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(file)
    return document


def list_alerts(file: Path) -> list[dict[str, Any]]:
    return [rule for group in load(file)["groups"] for rule in group["rules"]]


def check(promtool: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([promtool, *words], capture_output=True, text=True, check=False)


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "docker" / "prometheus"


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """The rules and their tests, to be changed."""
    for name in FILES:
        shutil.copy(folder / name, tmp_path)
    return tmp_path


def test_the_configuration_and_the_rules_are_valid(promtool: Path, folder: Path) -> None:
    for words in (("config", folder / "prometheus.yml"), ("rules", folder / "alerts.yml")):
        done = check(promtool, "check", *words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_keep_their_tests(promtool: Path, folder: Path) -> None:
    done = check(promtool, "test", "rules", folder / "alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("verdict", ["vector(1) > 2", "vector(1)"], ids=["never", "always"])
def test_every_alert_is_tested_both_ways(promtool: Path, copy: Path, verdict: str) -> None:
    """Were the alerts never to fire, or always, the tests would complain of each."""
    rules = copy / "alerts.yml"
    document = load(rules)
    alerts = [rule for group in document["groups"] for rule in group["rules"]]
    assert len({alert["alert"] for alert in alerts}) == len(alerts) > 8
    for alert in alerts:
        alert["expr"] = verdict
    with rules.open("w", encoding="utf-8") as stream:
        YAML().dump(document, stream)
    done = check(promtool, "test", "rules", copy / "alerts_test.yml")
    assert done.returncode != 0
    complaints = done.stdout + done.stderr
    assert [alert["alert"] for alert in alerts if alert["alert"] not in complaints] == []


def test_every_alert_says_how_bad_it_is_and_what_to_do(folder: Path) -> None:
    for alert in list_alerts(folder / "alerts.yml"):
        assert alert["labels"]["severity"] in SEVERITIES
        assert set(alert["annotations"]) == TEXTS
        assert len(alert["annotations"]["action"].split()) > 15, alert["alert"]
        assert "{{ $labels.network }}" in alert["annotations"]["summary"]


def test_named_alerts_exist(folder: Path) -> None:
    text = (folder / "alerts.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"\bQuorate[A-Z]\w+", text))
    assert {name.removesuffix("s") for name in named} <= {
        alert["alert"].removesuffix("s") for alert in list_alerts(folder / "alerts.yml")
    }


def test_every_target_gets_its_labels(folder: Path) -> None:
    (job,) = load(folder / "prometheus.yml")["scrape_configs"]
    assert job["job_name"] == "quorate"
    (targets,) = job["static_configs"]
    assert targets["labels"]["network"]
    (relabelling,) = job["relabel_configs"]
    assert relabelling["target_label"] == "node"
    nodes = {
        re.fullmatch(relabelling["regex"], target)[1]  # type: ignore[index]
        for target in targets["targets"]
    }
    assert nodes == {f"validator{index}" for index in range(4)}
    assert relabelling["replacement"] == "$1"
