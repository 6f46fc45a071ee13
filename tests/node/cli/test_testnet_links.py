"""What `partition`, `slow-link` and `heal` refuse, without any process."""

from pathlib import Path

import msgspec
import pytest

from node.testnet.network import create_network, open_network
from node.testnet.plan import Plan, save_plan
from tests.node.cli.conftest import Quorate


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A network of two that does not run."""
    create_network(tmp_path / "net", Plan(validators=2, base_port=23_000, relayed=True))
    return tmp_path / "net"


@pytest.mark.parametrize(
    ("groups", "complaint"),
    [
        ("0/1,2", "there is no node 2"),
        ("0,1/1", "named twice: node 1"),
        ("0/", "'' is not the number"),
        ("1", "in no group: node 0"),
        ("0,1", "one group alone"),
    ],
)
def test_bad_groups_end_with_status_2(
    quorate: Quorate, home: Path, groups: str, complaint: str
) -> None:
    done = quorate("testnet", "partition", groups, "--home", home)
    assert (done.status, done.output) == (2, "")
    assert complaint in done.said
    assert "[bad-groups]" in done.said


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("0/1",), "'0/1' is no link"),
        (("0-",), "'0-' is no link"),
        (("0-1", "--delay", "5"), "is no time"),
        (("0-1", "--rate", "5MB"), "is no rate"),
    ],
)
def test_links_that_cannot_be_slowed(
    quorate: Quorate, home: Path, words: tuple[str, ...], complaint: str
) -> None:
    done = quorate("testnet", "slow-link", *words, "--home", home)
    assert (done.status, done.output) == (2, "")
    assert complaint in " ".join(done.said.split())


def test_a_network_that_is_not_there_or_does_not_run_has_no_links(
    quorate: Quorate, home: Path, tmp_path: Path
) -> None:
    for words in (("partition", "0/1"), ("heal",), ("slow-link", "0-1", "--delay", "5ms")):
        done = quorate("testnet", *words, "--home", home)
        assert (done.status, "[testnet-not-running]" in done.said) == (2, True)
        done = quorate("testnet", *words, "--home", tmp_path / "nowhere")
        assert (done.status, "[network-missing]" in done.said) == (2, True)
    assert quorate("testnet", "partition", "--home", home).status == 2


def test_the_state_of_the_links_is_part_of_the_status(quorate: Quorate, home: Path) -> None:
    status = quorate("testnet", "status", "--home", home, "--json").json()
    assert status["links"] is None
    shown = quorate("testnet", "status", "--home", home).output
    assert "links: down" in shown
    plan = open_network(home).plan
    save_plan(home, msgspec.structs.replace(plan, relayed=False))
    assert "links:" not in quorate("testnet", "status", "--home", home).output


def test_networks_of_the_testnet_command_are_relayed(quorate: Quorate, tmp_path: Path) -> None:
    quorate("testnet", "create", "--home", tmp_path / "net", "--nodes", "2")
    network = open_network(tmp_path / "net")
    assert network.plan.relayed
    config = (network.members[1].home / "config.toml").read_text()
    assert 'address = "127.1.1.1:27000"' in config
    assert "127.0.0.1:27000" not in config
