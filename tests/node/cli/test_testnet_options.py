from pathlib import Path
from typing import Any

import pytest

from node.cli.testnet_options import (
    choose_fresh_home,
    choose_home,
    find_state_folder,
    open_or_create,
    parse_parameters,
)
from node.testnet.errors import ClusterError
from tests.node.cli.conftest import Quorate

NOTHING: dict[str, Any] = {
    "engine": None,
    "nodes": None,
    "followers": None,
    "base_port": None,
    "parameters": None,
}


def test_homes_are_in_the_project_unless_told(root: Path) -> None:
    assert find_state_folder() == root / ".quorate"
    assert choose_home(None) == root / ".quorate" / "testnet"
    assert choose_home(Path("x")) == choose_fresh_home(Path("x")) == Path("x")
    fresh = choose_fresh_home(None)
    assert fresh.parent == root / ".quorate"
    assert not fresh.exists()


def test_engine_parameters_are_numbers() -> None:
    assert parse_parameters(None) == {}
    assert parse_parameters(["timeout_ms=500", "window=32"]) == {"timeout_ms": 500, "window": 32}
    for text in ("timeout_ms", "timeout_ms=", "timeout_ms=-1", "timeout_ms=1.5", "=x"):
        with pytest.raises(ClusterError) as failure:
            parse_parameters([text])
        assert failure.value.reason == "bad-engine-parameter"


def test_a_network_is_made_once_and_then_opened(tmp_path: Path) -> None:
    asked = NOTHING | {"nodes": 2, "base_port": 23_000, "parameters": ["pipeline=3"]}
    made = open_or_create(tmp_path / "net", **asked)
    assert (made.plan.validators, made.plan.parameters) == (2, {"pipeline": 3})
    assert open_or_create(tmp_path / "net", **NOTHING) == made
    assert open_or_create(tmp_path / "net", **asked) == made


@pytest.mark.parametrize(
    "other",
    [{"nodes": 3}, {"base_port": 24_000}, {"followers": 1}, {"parameters": ["pipeline=4"]}],
)
def test_an_existing_network_is_not_bent(tmp_path: Path, other: dict[str, object]) -> None:
    open_or_create(tmp_path / "net", **NOTHING | {"nodes": 2, "base_port": 23_000})
    with pytest.raises(ClusterError) as failure:
        open_or_create(tmp_path / "net", **NOTHING | other)
    assert failure.value.reason == "network-differs"


def test_create_says_where(quorate: Quorate, tmp_path: Path) -> None:
    words = ("testnet", "create", "--home", tmp_path / "net", "--nodes", "1", "--json")
    answer = quorate(*words).json()
    assert answer == {
        "home": str(tmp_path / "net"),
        "nodes": [str(tmp_path / "net" / "node0")],
    }
    assert quorate(*words).json() == answer


def test_commands_about_a_network_that_is_not_there(quorate: Quorate, tmp_path: Path) -> None:
    for words in (("status",), ("stop",), ("kill", "0"), ("logs", "0"), ("pause", "0")):
        done = quorate("testnet", *words, "--home", tmp_path)
        assert (done.status, "[network-missing]" in done.said) == (1, True), words


def test_a_network_that_is_down_can_be_asked_but_not_paused(
    quorate: Quorate, tmp_path: Path
) -> None:
    place = ("--home", tmp_path / "net")
    quorate("testnet", "create", *place, "--nodes", "2")
    nodes = quorate("testnet", "status", *place, "--json").json()["nodes"]
    assert [(node["state"], node["pid"], node["head"]) for node in nodes] == [
        ("down", None, None)
    ] * 2
    paused = quorate("testnet", "pause", "1", *place)
    assert (paused.status, "[node-not-running]" in paused.said) == (1, True)
    assert quorate("testnet", "kill", "0", "1", *place).status == 0
    assert quorate("testnet", "stop", *place).status == 0
    assert quorate("testnet", "logs", "0", *place).said == "no log yet: validator-0\n"


def test_node_init_makes_a_network_of_one_or_joins_one(quorate: Quorate, tmp_path: Path) -> None:
    alone = quorate("node", "init", "--home", tmp_path / "one", "--port", "24000", "--json").json()
    assert alone["home"] == str(tmp_path / "one" / "node0")
    assert (alone["role"], alone["url"]) == ("validator", "http://127.0.0.1:24001")
    joined = quorate(
        "node", "init", "--home", tmp_path / "two", "--network", tmp_path / "one", "--json"
    ).json()
    assert (joined["role"], joined["home"]) == ("follower", str(tmp_path / "two"))
    again = quorate("node", "init", "--home", tmp_path / "two", "--network", tmp_path / "one")
    assert (again.status, "[key-file-exists]" in again.said) == (1, True)
