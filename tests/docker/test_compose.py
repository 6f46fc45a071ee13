"""The Compose file: its schema, and what every container of it must and must not do.

No container engine is needed: what is checked is the file, not a running container.
"""

import copy
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from check_jsonschema.builtin_schemas import get_builtin_schema

from consensus import catalog
from node.config import check_environment
from node.hosting.plan import API_PORT, check_nodes, parse_node
from node.testnet.ports import BASE_PORT, compute_ports
from tests.docker.dockerfile import EXACT_VERSION, Stage

VALIDATORS = 4
HOME = "/var/lib/quorate"

Compose = dict[str, Any]


@pytest.fixture(scope="module")
def schema() -> Any:
    """Compose's own."""
    return jsonschema.Draft202012Validator(get_builtin_schema("vendor.compose-spec"))


def list_services(compose: Compose, *prefixes: str) -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = compose["services"]
    return {name: one for name, one in services.items() if name.startswith(prefixes or "")}


def find_rights(compose: Compose) -> Iterator[str]:
    """Nobody may write outside of volumes, or gain a right."""
    for name, one in list_services(compose).items():
        is_confined = one.get("read_only") and one.get("cap_drop") == ["ALL"]
        if not is_confined or one.get("security_opt") != ["no-new-privileges:true"]:
            yield f"{name} is not confined"
        if one.get("privileged") or one.get("cap_add") or one.get("user", "1").startswith("0"):
            yield f"{name} has rights"


def find_unlimited(compose: Compose) -> Iterator[str]:
    """Processor, memory, processes and logs are bounded."""
    for name, one in list_services(compose).items():
        limits = one.get("deploy", {}).get("resources", {}).get("limits", {})
        if set(limits) != {"cpus", "memory", "pids"}:
            yield f"{name} has no limits"
        if set(one.get("logging", {}).get("options", {})) != {"max-size", "max-file"}:
            yield f"{name} has logs that grow for ever"


def find_open_ports(compose: Compose) -> Iterator[str]:
    """Only loopback is listened on."""
    for name, one in list_services(compose).items():
        for port in one.get("ports", ()):
            if not re.fullmatch(r"127\.0\.0\.1:[0-9]+:[0-9]+", port):
                yield f"{name} publishes {port}"


def find_loose_images(compose: Compose) -> Iterator[str]:
    """Every image has a whole version."""
    for name, one in list_services(compose).items():
        if not EXACT_VERSION.search(one.get("image", "")):
            yield f"{name} runs {one.get('image')}"


def find_careless_services(compose: Compose) -> Iterator[str]:
    """What runs on is started again, and given time to stop; what ends is not."""
    for name, one in list_services(compose).items():
        is_task = name == "network" or name.startswith("home")
        if is_task and (one.get("restart") != "no" or one.get("network_mode") != "none"):
            yield f"{name} should end, and speak to nobody"
        if not is_task and (
            one.get("restart") != "unless-stopped" or "stop_grace_period" not in one
        ):
            yield f"{name} should go on"


RULES: tuple[Callable[[Compose], Iterator[str]], ...] = (
    find_rights,
    find_unlimited,
    find_open_ports,
    find_loose_images,
    find_careless_services,
)


def test_compose_keeps_its_schema(compose: Compose, schema: Any) -> None:
    assert [error.message for error in schema.iter_errors(compose)] == []


def break_grace(validator: dict[str, Any]) -> None:
    validator["stop_grace_perod"] = "1s"


def break_condition(validator: dict[str, Any]) -> None:
    validator["depends_on"]["home0"]["condition"] = "service_completed"


def break_volumes(validator: dict[str, Any]) -> None:
    validator["volumes"] = "network:/network"


@pytest.mark.parametrize("slip", [break_grace, break_condition, break_volumes])
def test_the_schema_refuses_a_slip(
    compose: Compose, schema: Any, slip: Callable[[dict[str, Any]], None]
) -> None:
    broken = copy.deepcopy(compose)
    slip(broken["services"]["validator0"])
    assert list(schema.iter_errors(broken))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_service_keeps_the_rule(
    compose: Compose, rule: Callable[[Compose], Iterator[str]]
) -> None:
    assert list(rule(compose)) == []


@pytest.mark.parametrize(
    ("rule", "service", "change"),
    [
        (find_rights, "grafana", {"read_only": False}),
        (find_rights, "network", {"cap_drop": []}),
        (find_rights, "prometheus", {"user": "0:0"}),
        (find_rights, "validator0", {"cap_add": ["NET_ADMIN"]}),
        (find_unlimited, "validator0", {"deploy": {}}),
        (find_unlimited, "home0", {"logging": {"driver": "json-file"}}),
        (find_open_ports, "grafana", {"ports": ["3000:3000"]}),
        (find_open_ports, "validator0", {"ports": ["0.0.0.0:27001:26657"]}),
        (find_loose_images, "grafana", {"image": "grafana/grafana:latest"}),
        (find_careless_services, "validator0", {"restart": "no"}),
        (find_careless_services, "home0", {"network_mode": "bridge"}),
    ],
)
def test_a_breach_is_found(
    compose: Compose,
    rule: Callable[[Compose], Iterator[str]],
    service: str,
    change: dict[str, Any],
) -> None:
    broken = copy.deepcopy(compose)
    broken["services"][service].update(change)
    assert [line.split()[0] for line in rule(broken)] == [service]


def test_services_and_volumes_refer_to_each_other(compose: Compose) -> None:
    services = compose["services"]
    named: set[str] = set()
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        sources = [volume.split(":")[0] for volume in service["volumes"]]
        named |= {source for source in sources if not source.startswith(".")}
    assert named == set(compose["volumes"])


def test_the_image_has_the_projects_version(compose: Compose, root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, one in list_services(compose, "network", "home", "validator").items():
        assert one["image"] == f"quorate:{project['version']}", name
        build = one["build"]
        assert (root / "docker" / build["context"] / build["dockerfile"]).resolve() == (
            root / "docker" / "Dockerfile"
        )


def test_a_validator_sees_its_own_key_and_no_other(compose: Compose) -> None:
    for index in range(VALIDATORS):
        home, validator = (compose["services"][f"{kind}{index}"] for kind in ("home", "validator"))
        assert validator["volumes"] == [f"validator{index}:{HOME}"]
        assert home["volumes"] == ["network:/run/quorate:ro", f"validator{index}:{HOME}"]
        assert f"--from=/run/quorate/network/bundles/validator{index}.json" in home["command"]
        assert validator["depends_on"] == {
            f"home{index}": {"condition": "service_completed_successfully"}
        }


def test_the_network_is_made_of_the_services_that_run(compose: Compose) -> None:
    command = compose["services"]["network"]["command"]
    nodes = [parse_node(word.split("=", 1)[1]) for word in command if word.startswith("--node=")]
    check_nodes(nodes)
    assert [node.host for node in nodes] == [f"validator{index}" for index in range(VALIDATORS)]
    assert "--keep" in command
    assert f"--engine=${{QUORATE_ENGINE:-{catalog.DEFAULT}}}" in command


def test_every_validators_api_is_where_commands_look_for_it(compose: Compose) -> None:
    for index in range(VALIDATORS):
        published = compute_ports(BASE_PORT, index)[1]
        assert compose["services"][f"validator{index}"]["ports"] == [
            f"127.0.0.1:{published}:{API_PORT}"
        ]


def test_nodes_know_every_variable_that_they_are_given(
    compose: Compose, stages: list[Stage]
) -> None:
    for one in list_services(compose, "validator").values():
        check_environment(stages[-1].environment() | one["environment"])


def test_monitoring_comes_on_demand_and_finds_its_files(compose: Compose, docker: Path) -> None:
    monitoring = list_services(compose, "prometheus", "grafana")
    assert len(monitoring) == 2
    for one in monitoring.values():
        assert one["profiles"] == ["monitoring"]
        for volume in one["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                assert volume.endswith(":ro")
                assert (docker / source).exists(), source
