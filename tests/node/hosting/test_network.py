import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from consensus.errors import BoundError
from node.certificates import AUTHORITY_KEY_FILE, check_certificate
from node.hosting.bundle import load_bundle
from node.hosting.errors import HostingError
from node.hosting.network import HostedNetwork, admit, create_hosted, open_hosted, open_or_create
from node.hosting.plan import HostPlan, parse_node
from node.secret_files import SecretFileError
from node.testnet.errors import ClusterError
from tests.node.hosting.conftest import NODES

ASKED = HostPlan(nodes=NODES)


def test_every_node_has_a_bundle_and_its_place_in_the_genesis(network: HostedNetwork) -> None:
    genesis = network.genesis()
    assert (genesis.engine, genesis.faults) == ("pbft", 1)
    for node, key in zip(network.plan.nodes, genesis.validators, strict=True):
        bundle = load_bundle(network.bundle(node))
        assert bundle.name == node.name
        assert bundle.identity.public_key == key == bytes.fromhex(node.public_key)
        assert bundle.genesis == genesis


def test_secrets_are_for_their_owner_alone(network: HostedNetwork) -> None:
    secrets = [network.bundle(node) for node in network.plan.nodes]
    for path in (*secrets, network.home / AUTHORITY_KEY_FILE, network.home / "faucet.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(secrets[0].parent.stat().st_mode) == 0o700
    for path in secrets:
        text = path.read_text(encoding="utf-8")
        assert text.count("PRIVATE KEY") == 0
        assert text.count("quorate-node-key") == 1


def test_the_same_network_is_kept_and_another_refused(tmp_path: Path) -> None:
    first, is_new = open_or_create(tmp_path / "net", ASKED)
    again, is_new_again = open_or_create(tmp_path / "net", ASKED)
    assert (is_new, is_new_again) == (True, False)
    assert again.genesis().chain_id == first.genesis().chain_id
    with pytest.raises(
        HostingError, match=r"quorate, pbft on node-0=node-0.example:26656"
    ) as failure:
        open_or_create(tmp_path / "net", replace(ASKED, engine="paxos"))
    assert failure.value.reason == "network-differs"
    with pytest.raises(ClusterError) as refusal:
        create_hosted(tmp_path / "net", ASKED)
    assert refusal.value.reason == "home-not-empty"


def test_a_network_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(BoundError):
        create_hosted(tmp_path / "net", replace(ASKED, faults=2))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(HostingError) as failure:
        open_hosted(tmp_path / "net")
    assert failure.value.reason == "network-missing"


def test_a_node_that_comes_later_follows(network: HostedNetwork) -> None:
    larger, node = admit(network, parse_node("late.example:4000"))
    assert open_hosted(network.home).plan == larger.plan
    bundle = load_bundle(larger.bundle(node))
    assert bundle.files["config.toml"].count("public_key") == 4
    assert 'role = "follower"' in bundle.files["config.toml"]
    assert bundle.identity.public_key not in bundle.genesis.validators
    check_certificate(
        bundle.identity,
        (network.home / "network_ca.pem").read_bytes(),
        bundle.files["node_cert.pem"].encode(),
    )
    asked = HostPlan(nodes=NODES)
    assert open_or_create(network.home, asked) == (larger, False)
    with pytest.raises(HostingError, match=r"two nodes have the name late"):
        admit(larger, parse_node("late"))


def test_nobody_is_admitted_without_the_authoritys_key(network: HostedNetwork) -> None:
    (network.home / AUTHORITY_KEY_FILE).unlink()
    with pytest.raises(SecretFileError):
        admit(network, parse_node("late"))
    assert open_hosted(network.home).plan == network.plan


def test_miners_need_no_authority(tmp_path: Path) -> None:
    asked = replace(ASKED, engine="pow", mining_workers=1)
    network = create_hosted(tmp_path / "net", asked)
    bundle = load_bundle(network.bundle(network.plan.nodes[0]))
    assert set(bundle.files) == {"config.toml", "genesis.json", "node_key.json"}
    assert "workers = 1" in bundle.files["config.toml"]
    assert not (network.home / AUTHORITY_KEY_FILE).exists()
