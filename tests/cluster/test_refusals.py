"""A node that must not start says why in two lines, and nothing is damaged."""

import shutil
import socket
from pathlib import Path

import pytest

from node.testnet.network import Network
from tests.cluster.harness import MakeCluster, find_base_port, make_network, quorate

pytestmark = pytest.mark.cluster


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return make_network(tmp_path / "net", validators=1)


def refuse_to_run(network: Network, reason: str, **environment: str) -> str:
    """Start node 0, which must end by itself with this reason; returns what it said."""
    done = quorate("node", "run", "--home", network.members[0].home, timeout_s=30, **environment)
    assert done.returncode == 1, done.stderr
    assert f"[{reason}]" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_an_unknown_key_in_the_file(network: Network) -> None:
    config = network.members[0].home / "config.toml"
    config.write_text(config.read_text() + "\n[mempool]\ncout_max = 5\n")
    assert "mempool.cout_max" in refuse_to_run(network, "config-unknown-key")


def test_an_unknown_variable_in_the_environment(network: Network) -> None:
    said = refuse_to_run(network, "config-unknown-variable", QUORATE_API__PROT="1")
    assert "QUORATE_API__PROT" in said


def test_a_key_file_that_others_can_read(network: Network) -> None:
    (network.members[0].home / "node_key.json").chmod(0o644)
    refuse_to_run(network, "key-file-exposed")


def test_a_missing_genesis(network: Network) -> None:
    (network.members[0].home / "genesis.json").unlink()
    done = quorate("node", "run", "--home", network.members[0].home)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_ports_in_use(network: Network) -> None:
    with socket.create_server(("127.0.0.1", network.members[0].api_port)):
        done = quorate("testnet", "start", "--home", network.home)
        assert done.returncode == 1
        assert "[port-in-use]" in done.stderr
        assert str(network.members[0].api_port) in done.stderr
        refuse_to_run(network, "api-address-unavailable")


async def test_two_nodes_on_one_home(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster(validators=1)
    port = str(find_base_port(1))
    home = cluster.network.members[0].home
    second = quorate("node", "run", "--home", home, "--p2p-port", port, "--api-port", "0")
    assert second.returncode == 1
    assert "[store-locked]" in second.stderr
    assert (await cluster.clients[0].status()).ready


async def test_another_networks_genesis(make_cluster: MakeCluster, tmp_path: Path) -> None:
    cluster = await make_cluster(validators=1)
    await cluster.supervisor.stop()
    other = make_network(tmp_path / "other", validators=1)
    home = cluster.network.members[0].home
    for name in ("genesis.json", "node_key.json", "node_cert.pem", "network_ca.pem"):
        shutil.copy(other.members[0].home / name, home / name)
    refuse_to_run(cluster.network, "genesis-foreign")
