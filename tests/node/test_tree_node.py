"""Nodes whose head may move: real databases, sockets and TLS, blocks when a test says so."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.api.backend import TransactionStatus
from node.stories import Turn
from tests.node.support import leaving_nothing, quick_peers, until
from tests.node.tree_support import TreeCluster

DEPTH = 4


@pytest.fixture
async def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TreeCluster]:
    async with leaving_nothing():
        with quick_peers(monkeypatch):
            made = TreeCluster.plant(tmp_path / "network", 2)
            try:
                yield made
            finally:
                await made.close()


async def test_a_payment_is_included_then_final_everywhere(cluster: TreeCluster) -> None:
    await cluster.start(0, 1)
    first, second = cluster.get(0), cluster.get(1)
    (payment,) = cluster.pay()
    await cluster.submit(0, [payment])
    await second.mine(payment)
    await cluster.until_agreed()
    view = first.show(payment)
    assert (view.status, view.confirmations) == (TransactionStatus.INCLUDED, 1)
    assert [risk.chance for risk in view.risks] == pytest.approx([0.2, 0.5, 0.8])
    for number in range(DEPTH):
        assert first.show(payment).status is TransactionStatus.INCLUDED
        await (first, second)[number % 2].mine()
        await cluster.until_agreed()
    for node in (first, second):
        await until(lambda node=node: node.show(payment).status is TransactionStatus.FINAL)  # type: ignore[misc]
    assert first.service.status().final_height == 1
    assert first.show(payment).risks == ()
    assert first.list_turns(payment) == [Turn.PENDING, Turn.INCLUDED, Turn.FINAL]


async def test_the_story_of_a_payment_across_a_reorganisation(cluster: TreeCluster) -> None:
    (payment,) = cluster.pay()
    await cluster.start(1)
    for _ in range(3):
        await cluster.get(1).mine()
    await cluster.stop(1)
    await cluster.start(0)
    node = cluster.get(0)
    await cluster.submit(0, [payment])
    await node.mine(payment)
    await node.mine()
    assert node.show(payment).confirmations == 2
    await cluster.start(1)
    await cluster.until_agreed()
    assert node.tree.height == 3
    assert node.show(payment).status is TransactionStatus.PENDING
    await cluster.get(1).mine(payment)
    await cluster.until_agreed()
    for _ in range(DEPTH):
        await cluster.get(1).mine()
        await cluster.until_agreed()
    await until(lambda: node.show(payment).status is TransactionStatus.FINAL)
    turns = [Turn.PENDING, Turn.INCLUDED, Turn.RETURNED, Turn.INCLUDED, Turn.FINAL]
    assert node.list_turns(payment) == turns
    heights = [chapter.height for chapter in node.show(payment).story]
    assert heights == [None, 1, 1, 4, 4]
    balance = node.tree.account(cluster.recipient).balance
    assert balance == cluster.get(1).tree.account(cluster.recipient).balance
    node.tree.check_total_supply()
