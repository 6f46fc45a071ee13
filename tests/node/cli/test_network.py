import base64
from pathlib import Path

import pytest

from node.config import load_config
from tests.node.cli.conftest import Quorate

NODES = ("--node", "quorate-0.quorate", "--node", "quorate-1.quorate", "--node", "x=10.0.0.7:4000")


def test_from_a_network_to_the_home_of_a_node(quorate: Quorate, tmp_path: Path) -> None:
    net, home = tmp_path / "net", tmp_path / "home"
    made = quorate("network", "init", "--home", net, *NODES, "--engine", "paxos", "--json").json()
    assert (made["engine"], made["faults"], made["is_new"]) == ("paxos", 1, True)
    assert made["nodes"]["x"] == "10.0.0.7:4000"
    bundle = ("--from", net / "bundles" / "x.json", "--home", home, "--json")
    first = quorate("node", "install", *bundle, "--fresh-hours", "1").json()
    assert (first["name"], first["is_new"], first["votes_at_once"]) == ("x", True, True)
    again = quorate("node", "install", *bundle, "--fresh-hours", "1").json()
    assert (again["is_new"], again["votes_at_once"]) == (False, False)
    config = load_config(home)
    assert (config.p2p.port, config.api.port) == (4000, 26657)
    assert "quorate-0" in quorate("network", "show", "--home", net).output


def test_the_same_network_is_kept_on_demand(quorate: Quorate, tmp_path: Path) -> None:
    words = ("network", "init", "--home", tmp_path / "net", *NODES)
    first = quorate(*words, "--keep", "--json").json()
    again = quorate(*words, "--keep", "--json").json()
    assert (again["is_new"], again["chain_id"]) == (False, first["chain_id"])
    differing = quorate(*words, "--keep", "--engine", "paxos")
    assert (differing.status, "[network-differs]" in differing.said) == (1, True)
    careless = quorate(*words)
    assert (careless.status, "[home-not-empty]" in careless.said) == (1, True)


def test_a_secret_holds_a_bundle_for_each_pod(quorate: Quorate, tmp_path: Path) -> None:
    net = tmp_path / "net"
    quorate("network", "init", "--home", net, *NODES)
    added = quorate("network", "add", "quorate-3.quorate", "--home", net, "--json").json()
    secret = quorate("network", "secret", "--home", net, "--namespace", "ledger").json()
    assert (secret["kind"], secret["metadata"]["namespace"]) == ("Secret", "ledger")
    assert list(secret["data"]) == ["quorate-0", "quorate-1", "x", "quorate-3"]
    assert base64.b64decode(secret["data"]["quorate-3"]) == Path(added["bundle"]).read_bytes()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--node", "10.0.0.1"), "bad-node"),
        (("--node", "a", "--node", "a"), "bad-node"),
        (("--node", "a", "--engine", "nonsense"), "unknown-engine"),
        (("--node", "a", "--faults", "1"), "outside-bound"),
        (("--node", "a", "--parameter", "x"), "bad-engine-parameter"),
        (("--node", "a", "--name", "Not A Name"), "genesis-invalid"),
    ],
)
def test_networks_that_cannot_be(
    quorate: Quorate, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    done = quorate("network", "init", "--home", tmp_path / "net", *words)
    assert (done.status, f"[{reason}]" in done.said) == (1, True), done.said
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_is_missing(quorate: Quorate, tmp_path: Path) -> None:
    done = quorate("node", "install", "--from", tmp_path / "no.json", "--home", tmp_path / "home")
    assert (done.status, "[bundle-unreadable]" in done.said) == (1, True)
    assert not (tmp_path / "home").exists()
