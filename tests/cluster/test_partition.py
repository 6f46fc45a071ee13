"""A network that is cut in two by its links alone: every process lives on."""

import asyncio
import json
from pathlib import Path

import pytest

from node.testnet.network import open_network
from node.testnet.supervisor import Supervisor
from tests.cluster.harness import (
    Cluster,
    MakeCluster,
    eventually,
    find_base_port,
    quorate,
)

pytestmark = pytest.mark.cluster

RATE = 60.0


async def command(cluster: Cluster, *words: str) -> str:
    """`quorate testnet …` on the cluster, as a person would; what it said."""
    home = cluster.network.home
    done = await asyncio.to_thread(quorate, "testnet", *words, "--home", home)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


async def stands_still(cluster: Cluster, seconds: float = 2.0) -> bool:
    """Has no node decided anything for so long."""
    before = [await cluster.height(index) for index in range(4)]
    await asyncio.sleep(seconds)
    return [await cluster.height(index) for index in range(4)] == before


async def test_two_and_two_decide_nothing_until_they_are_healed_and_nothing_is_lost(
    make_cluster: MakeCluster,
) -> None:
    cluster = await make_cluster(relayed=True)
    load = await cluster.start_load(RATE)
    await cluster.grows(range(4))
    assert "partition 0,1/2,3, 8 of 12 cut" in await command(cluster, "partition", "0,1/2,3")
    await eventually(lambda: stands_still(cluster), "neither side decides anything")
    accepted = load.tracker.accepted

    async def has_accepted_more() -> bool:
        return load.tracker.accepted > accepted

    await eventually(has_accepted_more, "both sides still take transactions")
    status = json.loads(await command(cluster, "status", "--json"))
    assert status["links"]["groups"] == [[0, 1], [2, 3]]
    assert [node["peers"] for node in status["nodes"]] == [1, 1, 1, 1]
    assert "partition 0,1/2,3" in await command(cluster, "status")
    assert "whole, 12 in all" in await command(cluster, "heal")
    await cluster.grows(range(4))
    await cluster.settle()


async def test_a_majority_goes_on_without_the_one_that_is_cut_off(
    make_cluster: MakeCluster,
) -> None:
    cluster = await make_cluster(relayed=True)
    await cluster.start_load(RATE)
    await cluster.grows(range(4))
    await command(cluster, "partition", "0,2,3/1")
    await eventually(lambda: has_peers(cluster, 1, 0), "node 1 is alone")
    await cluster.grows([0, 2, 3], blocks=10)
    await command(cluster, "heal")
    await cluster.grows([1])
    await cluster.settle()


async def has_peers(cluster: Cluster, index: int, peers: int) -> bool:
    """Is the node linked to so many."""
    return (await cluster.clients[index].status()).peers == peers


def is_relayed(home: Path) -> bool:
    """Is there a process with the network's relays."""
    return Supervisor(open_network(home)).relays.is_running


def test_the_relays_start_and_end_with_the_network(tmp_path: Path) -> None:
    base, home = find_base_port(2), tmp_path / "net"
    words = ("testnet", "start", "--home", home, "--nodes", "2", "--base-port", str(base))
    try:
        assert quorate(*words).returncode == 0
        assert is_relayed(home)
        assert quorate("testnet", "partition", "0/1", "--home", home).returncode == 0
        assert quorate("testnet", "restart", "1", "--home", home).returncode == 0
        status = json.loads(quorate("testnet", "status", "--home", home, "--json").stdout)
        assert (status["links"]["groups"], status["links"]["cut"]) == ([[0], [1]], 2)
        asyncio.run(Supervisor(open_network(home)).relays.kill())
        refused = quorate("testnet", "heal", "--home", home)
        assert (refused.returncode, "[links-down]" in refused.stderr) == (2, True)
        assert "links: down" in quorate("testnet", "status", "--home", home).stdout
        assert quorate("testnet", "start", "--home", home).returncode == 0
        healed = quorate("testnet", "heal", "--home", home)
        assert (healed.returncode, "whole, 2 in all" in healed.stderr) == (0, True)
    finally:
        assert quorate("testnet", "stop", "--home", home).returncode == 0
    assert not is_relayed(home)
    assert (home / "links.log").read_text() == ""
