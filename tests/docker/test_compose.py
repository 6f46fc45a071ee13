"""The container files: Compose's own schema, and that they name what exists.

No container engine is needed: what is checked is the files, not a running container.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

VALIDATORS = 4
BASE_PORT = 27000


def check_compose(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)


def load(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(file)
    return document


@pytest.fixture
def compose(root: Path) -> Path:
    return root / "docker" / "compose.yaml"


def test_compose_keeps_its_schema(compose: Path) -> None:
    done = check_compose(compose)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("stop_grace_period:", "stop_grace_perod:"),
        ("service_completed_successfully", "service_completed"),
        ("volumes: [network:/network]", "volumes: network:/network"),
    ],
)
def test_the_schema_refuses_a_slip(
    compose: Path, tmp_path: Path, written: str, instead: str
) -> None:
    text = compose.read_text(encoding="utf-8")
    assert written in text
    broken = tmp_path / "compose.yaml"
    broken.write_text(text.replace(written, instead), encoding="utf-8")
    assert check_compose(broken).returncode == 1


def test_services_refer_to_each_other(compose: Path) -> None:
    services = load(compose)["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        mode = service.get("network_mode", "service:lan")
        assert mode.removeprefix("service:") in services


def test_every_validator_has_its_home_and_its_published_port(compose: Path) -> None:
    services = load(compose)["services"]
    homes = {
        service["command"][-1] for name, service in services.items() if name.startswith("validator")
    }
    assert homes == {f"/network/net/node{index}" for index in range(VALIDATORS)}
    http_ports = [BASE_PORT + 10 * index + 1 for index in range(VALIDATORS)]
    assert services["lan"]["ports"] == [f"127.0.0.1:{port}:{port}" for port in http_ports]


def test_the_image_is_built_from_files_that_exist(root: Path, compose: Path) -> None:
    build = load(compose)["services"]["network"]["build"]
    context = (compose.parent / build["context"]).resolve()
    assert context == root
    dockerfile = context / build["dockerfile"]
    ignore = dockerfile.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8")
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile.read_text("utf-8"), re.MULTILINE)
    sources = {source for copy in copies for source in copy.split()}
    assert {"requirements.lock", "consensus", "ledger", "node"} <= sources
    for source in sources:
        assert (context / source).exists()
        assert f"!{source}" in ignore.splitlines()
