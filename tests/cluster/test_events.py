"""Readers of events across kill -9: under load, on two nodes, every block and payment exactly once."""

import asyncio
from contextlib import suppress

import pytest

from node.client import Client
from node.subscription import Wanted, follow
from tests.cluster.harness import MakeCluster, eventually
from tests.node.events.folding import Fold

pytestmark = pytest.mark.cluster

KILLS = 3


async def read(url: str, fold: Fold) -> None:
    """Follow a node for good."""
    async with Client(url) as client:
        async for event in follow(client, Wanted(after="oldest")):
            fold.take(event)


async def is_the_chain(fold: Fold, client: Client) -> bool:
    """Does the fold hold the node's whole chain, and of each payment in it that it is final once."""
    status = await client.status()
    if not len(fold.blocks) == fold.final == status.final_height:
        return False
    final: list[str] = []
    for height in range(1, status.final_height + 1):
        block = await client.block(height)
        assert block.id.hex() == fold.blocks[height - 1]
        final += [id_.hex() for id_ in block.transactions]
    told = [id_ for id_, turns in fold.turns.items() if "final" in turns]
    assert sorted(told) == sorted(final)
    assert all(turns.count("final") == 1 for turns in fold.turns.values() if "final" in turns)
    return True


async def test_every_event_once_across_kills(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster(validators=4)
    folds = [Fold(), Fold()]
    readers = [
        asyncio.create_task(read(url, fold)) for url, fold in zip(cluster.urls, folds, strict=False)
    ]
    await cluster.start_load(100)
    for _ in range(KILLS):
        await cluster.grows([0, 1, 2, 3], blocks=5)
        await cluster.supervisor.kill([0])
        await cluster.grows([1, 2, 3], blocks=3)
        await cluster.supervisor.restart([0])
    await cluster.settle()
    for fold, client in zip(folds, cluster.clients, strict=False):

        async def is_told(fold: Fold = fold, client: Client = client) -> bool:
            return await is_the_chain(fold, client)

        await eventually(is_told, "the reader has the whole chain")
    assert folds[0].kinds.count("node") == 1 + KILLS
    assert folds[1].kinds.count("peer") >= 2 * KILLS
    for task in readers:
        assert not task.done(), task
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
