"""A reader of events across stops, crashes and reorganisations: the chain, exactly once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from node.client import Client
from node.events.groups import End
from node.node import Node
from node.subscription import Wanted, follow
from tests.node.events.folding import Fold
from tests.node.support import Cluster, find_base_port, quick_peers, until
from tests.node.tree_support import QUICK_TREE, TreeCluster

DEPTH = QUICK_TREE["depth"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> object:
    with quick_peers(monkeypatch):
        yield


@asynccontextmanager
async def reading(port: int, wanted: Wanted) -> AsyncIterator[Fold]:
    """A reader that follows the node at a port while the body runs."""
    fold = Fold()

    async def read() -> None:
        async with Client(f"http://127.0.0.1:{port}") as client:
            async for event in follow(client, wanted):
                fold.take(event)

    task = asyncio.create_task(read())
    try:
        yield fold
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def sever(node: Node) -> None:
    """From this instant the node's readers hear nothing more, as after a kill, and nobody new does."""
    hub = node.events.hub
    hub._is_closing = True
    assert hub._running is not None
    hub._running.cancel()
    for group in hub.pump._groups.values():
        for member in group.members:
            member.outlet._transport.abort()  # type: ignore[attr-defined]
            member.end(End.GONE)


@pytest.mark.parametrize("how", ["stop", "crash"])
async def test_a_reader_of_decided_blocks_across_a_restart(tmp_path: Path, how: str) -> None:
    cluster = Cluster.create(tmp_path / "net", validators=1)
    port = find_base_port(1)
    await cluster.start(0, api__port=port)
    sent = []
    try:
        async with reading(port, Wanted(after="oldest")) as fold:
            for round_ in range(3):
                pays = cluster.pay(5)
                sent += pays
                await cluster.submit(0, pays)
                if round_ == 1:
                    await until(lambda: len(fold.turns) > 5)
                else:
                    await cluster.until_final(pays)
                if how == "stop":
                    await cluster.stop(0)
                else:
                    sever(cluster.nodes[0])
                    await cluster.crash(0)
                await cluster.start(0, api__port=port)
            await cluster.until_final(sent)
            await cluster.until_level()
            ledger = cluster.nodes[0].core.chain
            await until(lambda: fold.matches(ledger))
            turns = {one.id.hex(): ["admitted", "final"] for one in sent}
            await until(lambda: fold.turns == turns)
            starts_and_stops = 7 if how == "stop" else 4
            await until(lambda: fold.kinds.count("node") == starts_and_stops)
    finally:
        await cluster.close()


@pytest.mark.parametrize("how", ["stop", "crash"])
async def test_a_reader_of_a_tree_of_blocks_across_reorganisations_and_restarts(
    tmp_path: Path, how: str
) -> None:
    cluster = TreeCluster.plant(tmp_path / "net", 2)
    port = find_base_port(1)
    (payment,) = cluster.pay()
    await cluster.start(0, api__port=port)
    try:
        async with reading(port, Wanted(after="oldest")) as fold:
            await cluster.submit(0, [payment])
            await cluster.get(0).mine(payment)
            await cluster.get(0).mine()
            await until(lambda: fold.matches(cluster.get(0).tree))
            await end(cluster, how)
            await cluster.start(1)
            for _ in range(3):
                await cluster.get(1).mine()
            await cluster.start(0, api__port=port)
            await cluster.until_agreed()
            await until(lambda: fold.depths == [2])
            await cluster.get(0).mine(payment)
            await cluster.until_agreed()
            await end(cluster, how)
            for _ in range(DEPTH):
                await cluster.get(1).mine()
            await cluster.start(0, api__port=port)
            await cluster.until_agreed()
            tree = cluster.get(0).tree
            await until(lambda: fold.matches(tree))
            assert fold.final == tree.final_height > 0
            turns = ["admitted", "included", "returned", "included", "final"]
            assert fold.turns == {payment.id.hex(): turns}
    finally:
        await cluster.close()


async def end(cluster: Cluster, how: str) -> None:
    """End node 0 in one way or the other."""
    if how == "stop":
        await cluster.stop(0)
    else:
        sever(cluster.nodes[0])
        await cluster.crash(0)
