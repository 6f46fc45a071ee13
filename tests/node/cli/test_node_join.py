from pathlib import Path

import pytest

from node.config import load_config
from node.identity import load_identity
from node.testnet.network import Network, create_network
from node.testnet.plan import Plan
from tests.node.cli.conftest import Quorate

KEY = "ab" * 32


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """One that anybody may join."""
    return create_network(tmp_path / "net", Plan(engine="pow", validators=1, base_port=23_000))


def test_a_genesis_and_an_address_are_enough(
    quorate: Quorate, network: Network, tmp_path: Path
) -> None:
    home = tmp_path / "mine"
    words = ("--genesis", network.genesis_path, "--seed", f"{KEY}@10.0.0.1:26656")
    place = ("--home", home, "--port", "24000", "--json")
    answer = quorate("node", "join", *words, *place, "--miners", "2").json()
    config = load_config(home)
    assert (config.role, config.mining.workers, config.p2p.port) == ("validator", 2, 24_000)
    assert [(seed.public_key, seed.address) for seed in config.p2p.seeds] == [
        (KEY, "10.0.0.1:26656")
    ]
    assert answer["public_key"] == load_identity(config.key_path).public_key.hex()
    assert config.genesis_path.read_bytes() == network.genesis_path.read_bytes()
    assert not config.ca_path.exists()
    again = quorate("node", "join", *words, *place)
    assert (again.status, "[key-file-exists]" in again.said) == (1, True)
    quorate("node", "join", *words, "--home", tmp_path / "watch")
    assert load_config(tmp_path / "watch").role == "follower"


@pytest.mark.parametrize("seed", ["", "10.0.0.1:26656", f"{KEY}@", f"{KEY}@nowhere", "ab@h:1"])
def test_seeds_that_are_none(quorate: Quorate, network: Network, tmp_path: Path, seed: str) -> None:
    words = ("--genesis", network.genesis_path, "--seed", seed, "--home", tmp_path / "x")
    done = quorate("node", "join", *words)
    assert (done.status, "[bad-peer-address]" in done.said) == (1, True)
    assert not (tmp_path / "x").exists()


def test_networks_that_cannot_be_joined(quorate: Quorate, tmp_path: Path) -> None:
    closed = create_network(tmp_path / "net", Plan(validators=1, base_port=23_000))
    words = ("--seed", f"{KEY}@10.0.0.1:1", "--home", tmp_path / "x")
    for path, reason in (
        (closed.genesis_path, "network-not-open"),
        (tmp_path / "nothing.json", "genesis-unreadable"),
        (closed.home / "network.json", "genesis-malformed"),
    ):
        done = quorate("node", "join", "--genesis", path, *words)
        assert (done.status, f"[{reason}]" in done.said) == (1, True), done.said
    assert quorate("node", "join", "--genesis", closed.genesis_path).status == 2
