"""Prometheus and Grafana in the Compose file: they find the nodes, each other, and their dashboards."""

import json
from pathlib import Path
from typing import Any

from node.hosting.plan import API_PORT
from tests.docker.conftest import load_yaml

Compose = dict[str, Any]


def find_mount(service: dict[str, Any], target: str) -> str:
    """What of this folder a service sees at `target`."""
    volumes: list[str] = service["volumes"]
    mounts = [volume.removesuffix(":ro").split(":") for volume in volumes]
    return next(source for source, where in mounts if where == target)


def test_prometheus_asks_every_validator(compose: Compose, docker: Path) -> None:
    (job,) = load_yaml(docker / "prometheus" / "prometheus.yml")["scrape_configs"]
    (static,) = job["static_configs"]
    validators = [name for name in compose["services"] if name.startswith("validator")]
    assert static["targets"] == [f"{name}:{API_PORT}" for name in validators]
    assert set(static["labels"]) == {"network"}
    assert [rule["target_label"] for rule in job["relabel_configs"]] == ["node"]


def test_prometheus_reads_the_files_that_are_mounted(compose: Compose, docker: Path) -> None:
    service = compose["services"]["prometheus"]
    (file,) = (
        word.partition("=")[2] for word in service["command"] if word.startswith("--config.file=")
    )
    source = docker / find_mount(service, file)
    for rules in load_yaml(source)["rule_files"]:
        target = str(Path(file).parent / rules)
        assert (docker / find_mount(service, target)).is_file()


def test_grafana_asks_the_prometheus_beside_it(compose: Compose, docker: Path) -> None:
    grafana = compose["services"]["grafana"]
    folder = docker / find_mount(grafana, "/etc/grafana/provisioning/datasources")
    (file,) = folder.iterdir()
    (source,) = load_yaml(file)["datasources"]
    assert source["type"] == "prometheus"
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in compose["services"]
    assert source["isDefault"]


def test_the_dashboards_are_there_on_the_first_login(compose: Compose, docker: Path) -> None:
    grafana = compose["services"]["grafana"]
    folder = docker / find_mount(grafana, "/etc/grafana/provisioning/dashboards")
    (file,) = folder.iterdir()
    (provider,) = load_yaml(file)["providers"]
    dashboards = docker / find_mount(grafana, provider["options"]["path"])
    assert {json.loads(one.read_bytes())["title"] for one in dashboards.glob("*.json")}
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == provider["options"]["path"]
    assert (dashboards / home.name).is_file()
