"""Nodes that nobody has heard of join a network that anybody may join."""

from pathlib import Path

import pytest

from node.certificates import AUTHORITY_FILE, AUTHORITY_KEY_FILE, CERTIFICATE_FILE
from node.testnet.errors import ClusterError
from tests.node.support import Cluster, until
from tests.node.tree_support import TreeCluster


async def test_strangers_follow_relay_and_mine(tmp_path: Path) -> None:
    cluster = TreeCluster.plant(tmp_path / "net", 2)
    watcher, miner = cluster.add_follower(), cluster.add_follower(mining_workers=1)
    for home in (cluster.network.home, cluster.homes[watcher]):
        for name in (AUTHORITY_FILE, AUTHORITY_KEY_FILE, CERTIFICATE_FILE):
            assert not (home / name).exists()
    try:
        await cluster.start(0, 1)
        await cluster.get(0).mine()
        await cluster.start(watcher, miner)
        await cluster.until_agreed()  # what was mined before is fetched
        for index in (1, miner, 0, miner):
            await cluster.get(index).mine()
            await cluster.until_agreed()
        assert cluster.get(watcher).tree.height == 5
        key = cluster.identity(miner).public_key
        block = cluster.get(watcher).tree.block(5)
        assert block is not None
        assert block.header.proposer == key
        roles = {peer.peer_id: peer.role for peer in cluster.get(0).peers.connected()}
        assert roles[key] == roles[cluster.identity(watcher).public_key] == "follower"
        for node in cluster.running:
            assert all(peer.score < 10 for peer in node.peers.connected())
    finally:
        await cluster.close()


async def test_a_stranger_that_comes_back_is_taken_in_again(tmp_path: Path) -> None:
    cluster = TreeCluster.plant(tmp_path / "net", 1)
    stranger = cluster.add_follower()
    try:
        await cluster.start(0, stranger)
        for _ in range(2):
            await until(cluster.get(stranger).peers.connected)
            await cluster.get(0).mine()
            await cluster.until_agreed()
            await cluster.stop(stranger)
            await cluster.get(0).mine()
            await cluster.start(stranger)
            await cluster.until_agreed()
    finally:
        await cluster.close()


def test_nobody_joins_a_committee_to_mine(tmp_path: Path) -> None:
    cluster = Cluster.create(tmp_path / "net", 1)
    with pytest.raises(ClusterError) as failure:
        cluster.add_follower(mining_workers=1)
    assert failure.value.reason == "mining-not-open"
