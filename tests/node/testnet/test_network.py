import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from consensus.errors import BoundError, ParameterError, UnknownEngineError
from ledger.genesis import Genesis
from node.certificates import check_certificate, load_certificate
from node.config import load_config
from node.identity import load_identity
from node.journal import Journal
from node.secret_files import SecretFileError
from node.testnet.errors import ClusterError
from node.testnet.homes import Listen, format_config
from node.testnet.network import (
    DEMO_ACCOUNTS,
    DEMO_AMOUNT,
    FAUCET_AMOUNT,
    admit_follower,
    create_network,
    exists,
    open_network,
)
from node.testnet.plan import Plan, load_plan, make_member

PLAN = Plan(validators=2, followers=1, base_port=23_000)


def refuse(home: Path, plan: Plan, reason: str) -> None:
    with pytest.raises(ClusterError) as failure:
        create_network(home, plan)
    assert failure.value.reason == reason


def test_every_node_gets_a_home_that_it_can_start_from(tmp_path: Path) -> None:
    network = create_network(tmp_path / "net", PLAN)
    genesis = network.genesis()
    names = []
    for member in network.members:
        config = load_config(member.home)
        identity = load_identity(config.key_path)
        authority, certificate = (
            load_certificate(path) for path in (config.ca_path, config.certificate_path)
        )
        check_certificate(identity, authority, certificate)
        assert Genesis.from_json(config.genesis_path.read_bytes()) == genesis
        assert (config.p2p.port, config.api.port) == (member.p2p_port, member.api_port)
        assert identity.public_key.hex() not in {seed.public_key for seed in config.p2p.seeds}
        names.append((config.name, config.role, len(config.p2p.seeds)))
    assert names == [
        ("validator-0", "validator", 1),
        ("validator-1", "validator", 1),
        ("follower-2", "follower", 2),
    ]


def test_validators_are_in_the_genesis_and_nobody_has_ever_voted(tmp_path: Path) -> None:
    network = create_network(tmp_path / "net", PLAN)
    homes = [load_config(member.home) for member in network.members]
    keys = [load_identity(config.key_path).public_key for config in homes]
    assert network.genesis().validators == tuple(keys[:2])
    assert [config.journal_path.exists() for config in homes] == [True, True, True]
    journal = Journal.open(homes[0].journal_path)
    assert journal.is_fresh
    journal.close()


def test_all_money_is_the_faucets_and_the_demo_accounts(tmp_path: Path) -> None:
    network = create_network(tmp_path / "net", PLAN)
    genesis = network.genesis()
    faucet = load_identity(network.faucet_path).public_key
    assert genesis.allocations[faucet] == FAUCET_AMOUNT
    demo = [key.public_key for key in network.demo_keys()]
    assert len(set(demo)) == DEMO_ACCOUNTS
    assert genesis.total_supply == FAUCET_AMOUNT + DEMO_ACCOUNTS * DEMO_AMOUNT


def test_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    network = create_network(tmp_path / "net", PLAN)
    secrets = [*network.home.rglob("*key*"), network.faucet_path]
    assert len(secrets) == 5
    for path in secrets:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_two_networks_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = (create_network(tmp_path / name, PLAN).genesis() for name in "ab")
    assert one.chain_id != other.chain_id
    assert not set(one.validators) & set(other.validators)


def test_an_existing_network_is_opened_as_it_was_made(tmp_path: Path) -> None:
    made = create_network(tmp_path / "net", PLAN)
    assert exists(tmp_path / "net")
    assert open_network(tmp_path / "net") == made
    assert not exists(tmp_path)
    with pytest.raises(ClusterError) as failure:
        open_network(tmp_path)
    assert failure.value.reason == "network-missing"
    with pytest.raises(ClusterError) as failure:
        made.member(3)
    assert failure.value.reason == "no-such-node"


def test_an_empty_folder_will_do_but_no_other(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    create_network(tmp_path / "empty", PLAN)
    (tmp_path / "file").write_text("x")
    refuse(tmp_path / "file", PLAN, "home-not-empty")
    refuse(tmp_path, PLAN, "home-not-empty")


def test_what_cannot_be_made_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_details: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("node.testnet.network.save_plan", fail)
    with pytest.raises(OSError, match="disk full"):
        create_network(tmp_path / "net", PLAN)
    assert list(tmp_path.iterdir()) == []


def test_plans_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    home = tmp_path / "net"
    refuse(home, Plan(validators=0), "bad-node-count")
    refuse(home, Plan(validators=65), "bad-node-count")
    refuse(home, Plan(followers=-1), "bad-node-count")
    refuse(home, Plan(base_port=65_520), "bad-base-port")
    refuse(home, Plan(base_port=80), "bad-base-port")
    with pytest.raises(UnknownEngineError):
        create_network(home, Plan(engine="nothing"))
    with pytest.raises(ParameterError):
        create_network(home, Plan(parameters={"nothing": 1}))
    with pytest.raises(BoundError, match="n > 3f"):
        create_network(home, Plan(validators=3, faults=1))
    assert not home.exists()


def test_ports_follow_the_rule() -> None:
    member = make_member(Path("x"), Plan(base_port=27_000), 3)
    assert (member.p2p_port, member.api_port) == (27_030, 27_031)
    assert member.url == "http://127.0.0.1:27031"


@pytest.mark.parametrize("text", ["{", "{}x", '{"nodes": 4}', '{"validators": "4"}'])
def test_a_damaged_plan_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "network.json").write_text(text)
    with pytest.raises(ClusterError) as failure:
        load_plan(tmp_path)
    assert failure.value.reason == "network-malformed"


def test_a_further_follower_is_admitted_and_nothing_is_overwritten(tmp_path: Path) -> None:
    network = create_network(tmp_path / "net", PLAN)
    home = tmp_path / "late"
    identity = admit_follower(network, home, Listen("127.0.0.1", 1234, 1235), "late")
    config = load_config(home)
    assert (config.role, config.name, len(config.p2p.seeds)) == ("follower", "late", 2)
    check_certificate(
        identity, load_certificate(config.ca_path), load_certificate(config.certificate_path)
    )
    with pytest.raises(SecretFileError):
        admit_follower(network, home, Listen("127.0.0.1", 1234, 1235), "late")
    assert load_identity(config.key_path) == identity


def test_validators_mine_where_the_engine_asks_for_proofs(tmp_path: Path) -> None:
    listen, seeds = Listen("127.0.0.1", 1234, 1235), ()
    for workers in (0, 3):
        home = tmp_path / f"node{workers}"
        home.mkdir()
        text = format_config("one", "validator", listen, seeds, workers)
        (home / "config.toml").write_text(text)
        config = load_config(home)
        assert (config.mining.workers, config.mining.nice) == (workers, 19)
        assert ("[mining]" in text) == (workers > 0)
    made = create_network(tmp_path / "net", replace(PLAN, mining_workers=2))
    assert load_config(made.member(0).home).mining.workers == 0  # this engine asks for none
