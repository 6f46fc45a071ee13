import json
from pathlib import Path
from typing import Any

import pytest

from node.hosting.bundle import SIZE_BYTES_MAX, load_bundle
from node.hosting.errors import HostingError
from node.hosting.network import HostedNetwork


@pytest.fixture
def content(network: HostedNetwork) -> dict[str, Any]:
    path = network.bundle(network.plan.nodes[0])
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def refuse(path: Path, content: object) -> str:
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(HostingError) as failure:
        load_bundle(path)
    assert failure.value.reason == "bundle-malformed"
    return str(failure.value)


def test_a_bundle_may_be_readable_for_the_group(network: HostedNetwork) -> None:
    path = network.bundle(network.plan.nodes[0])
    path.chmod(0o440)
    assert load_bundle(path).name == "node-0"


@pytest.mark.parametrize("name", ["config.toml", "genesis.json", "node_key.json", "node_cert.pem"])
def test_a_file_that_is_missing(content: dict[str, Any], tmp_path: Path, name: str) -> None:
    del content["files"][name]
    assert "its files are" in refuse(tmp_path / "x.json", content)


def test_a_file_too_many(content: dict[str, Any], tmp_path: Path) -> None:
    content["files"]["../../outside"] = "x"
    assert "its files are" in refuse(tmp_path / "x.json", content)


def test_parts_that_do_not_belong_together(
    content: dict[str, Any], network: HostedNetwork, tmp_path: Path
) -> None:
    other = json.loads(network.bundle(network.plan.nodes[1]).read_bytes())
    content["files"]["node_cert.pem"] = other["files"]["node_cert.pem"]
    assert "another key" in refuse(tmp_path / "x.json", content)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\x00", "x" * (SIZE_BYTES_MAX + 1)])
def test_what_is_no_bundle(tmp_path: Path, text: str) -> None:
    refuse(tmp_path / "x.json", text)
    (tmp_path / "y.json").write_text(text, encoding="utf-8")
    with pytest.raises(HostingError) as failure:
        load_bundle(tmp_path / "y.json")
    assert failure.value.reason == "bundle-malformed"


def test_genesis_and_key_are_looked_at(content: dict[str, Any], tmp_path: Path) -> None:
    for name in ("genesis.json", "node_key.json"):
        broken = {**content, "files": {**content["files"], name: "{}"}}
        refuse(tmp_path / "x.json", broken)


def test_a_bundle_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HostingError) as failure:
        load_bundle(tmp_path / "none.json")
    assert failure.value.reason == "bundle-unreadable"
