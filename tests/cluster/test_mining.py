"""Real miners: a network that is cut in two grows two branches, and one of them when it is whole."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from node.client import ClientError
from node.samples import Samples
from node.testnet.link_control import switch_links
from tests.cluster.harness import Cluster, MakeCluster, eventually, quorate

pytestmark = pytest.mark.cluster

RATE = 10.0
PATIENCE_S = 90.0
QUICK = {"first_bits": 0x1F00FFFF, "interval_ms": 500, "window": 16, "depth": 24}
"""Half a second a block, on whatever the machine has; twelve seconds to be final."""
APART = 4
"""Blocks that each side finds alone: far less than the depth."""


async def read_heads(cluster: Cluster) -> list[tuple[int, bytes]]:
    """Height and id of every head."""
    statuses = [await client.status() for client in cluster.clients]
    return [(status.head_height, status.head_id) for status in statuses]


async def grows(cluster: Cluster, indices: Sequence[int], blocks: int) -> None:
    """Wait until the heads of these nodes are so many blocks higher."""
    before = await read_heads(cluster)

    async def has_grown() -> bool:
        heads = await read_heads(cluster)
        return all(heads[index][0] >= before[index][0] + blocks for index in indices)

    await eventually(has_grown, f"nodes {list(indices)} find {blocks} blocks", PATIENCE_S)


async def count(cluster: Cluster, name: str) -> list[float]:
    """One metric of all nodes."""
    return [Samples(await client.metrics_text()).value(name) for client in cluster.clients]


async def command(cluster: Cluster, *words: str) -> str:
    """`quorate testnet …` on the cluster."""
    home = cluster.network.home
    done = await asyncio.to_thread(quorate, "testnet", *words, "--home", home)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def is_one_again(cluster: Cluster) -> bool:
    """Do all nodes have the same head."""
    try:
        return len(set(await read_heads(cluster))) == 1
    except ClientError:
        return False


async def test_two_sides_mine_on_and_the_lighter_one_gives_way(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster(relayed=True, engine="pow", **QUICK)
    load = await cluster.start_load(RATE)
    await grows(cluster, range(4), 2)
    await switch_links(cluster.supervisor, ((0, 1), (2, 3)))
    accepted = load.tracker.accepted
    await grows(cluster, range(4), APART)
    heads = await read_heads(cluster)
    assert load.tracker.accepted > accepted
    assert {head[1] for head in heads[:2]}.isdisjoint(head[1] for head in heads[2:])
    await switch_links(cluster.supervisor, ())
    await eventually(lambda: is_one_again(cluster), "all nodes have one head", PATIENCE_S)
    undone = await count(cluster, "quorate_reorganisation_depth_blocks_sum")
    assert max(undone[:2]) >= APART or max(undone[2:]) >= APART
    await settle(cluster)
    status = json.loads(await command(cluster, "status", "--json"))
    assert [node["alarms"] for node in status["nodes"]] == [[]] * 4
    assert min(await count(cluster, "quorate_mining_hashes_total")) > 0


async def settle(cluster: Cluster) -> None:
    """Stop the load; all that was accepted, on either side, becomes final, and nothing is lost."""
    assert cluster.load is not None
    load, cluster.load = cluster.load, None
    pending, lost = await load.finish(PATIENCE_S)
    assert (pending, lost) == (0, 0)
    tracker = load.tracker
    assert (dict(tracker.failed), dict(tracker.dropped)) == ({}, {})
    assert tracker.final == tracker.accepted > 0


async def test_a_killed_miner_comes_back_and_no_worker_outlives_it(
    make_cluster: MakeCluster,
) -> None:
    cluster = await make_cluster(engine="pow", validators=2, **QUICK | {"depth": 12})
    await cluster.start_load(RATE)
    await grows(cluster, range(2), 2)
    await cluster.supervisor.kill([1])
    await grows_alone(cluster)
    await cluster.supervisor.restart([1])
    await eventually(lambda: is_one_again(cluster), "both nodes have one head", PATIENCE_S)
    await grows(cluster, range(2), 2)
    await settle(cluster)


async def grows_alone(cluster: Cluster) -> None:
    """Wait until node 0 has found two more blocks."""
    before = (await cluster.clients[0].status()).head_height

    async def has_grown() -> bool:
        return (await cluster.clients[0].status()).head_height >= before + 2

    await eventually(has_grown, "node 0 finds blocks alone", PATIENCE_S)
