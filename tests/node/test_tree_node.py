"""Nodes whose head may move: real databases, sockets and TLS, blocks when a test says so."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from prometheus_client import generate_latest

from consensus import catalog
from consensus.block import TreeBlock
from consensus.events import Received
from ledger.branches import BranchLimits
from ledger.codec import encode
from ledger.content import compute_value_content, decode_value
from node import branching
from node.api.backend import TransactionStatus
from node.client import Client
from node.stories import Turn
from tests.node.parts import logged
from tests.node.support import leaving_nothing, quick_peers, until
from tests.node.tree_support import TreeCluster, TreeNode

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
    turns = [turn for turn in first.list_turns(payment) if turn is not Turn.GOSSIPED]
    assert turns == [Turn.SUBMITTED, Turn.INCLUDED, Turn.FINAL]
    assert second.list_turns(payment)[0] is Turn.PENDING


async def test_the_story_of_a_payment_across_a_reorganisation(cluster: TreeCluster) -> None:
    (payment,) = cluster.pay()
    (theirs,) = cluster.pay(sender=cluster.network.demo_keys()[1])
    await cluster.start(1)
    await cluster.submit(1, [theirs])
    await cluster.get(1).mine(theirs)
    for _ in range(2):
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
    assert node.show(theirs).height == 1
    await cluster.get(1).mine(payment)
    await cluster.until_agreed()
    for _ in range(DEPTH):
        await cluster.get(1).mine()
        await cluster.until_agreed()
    await until(lambda: node.show(payment).status is TransactionStatus.FINAL)
    turns = [Turn.SUBMITTED, Turn.INCLUDED, Turn.RETURNED, Turn.INCLUDED, Turn.FINAL]
    assert node.list_turns(payment) == turns
    heights = [chapter.height for chapter in node.show(payment).story]
    assert heights == [None, 1, 1, 4, 4]
    balance = node.tree.account(cluster.recipient).balance
    assert balance == cluster.get(1).tree.account(cluster.recipient).balance
    node.tree.check_total_supply()


async def test_of_two_payments_with_one_nonce_the_heavier_branch_decides(
    cluster: TreeCluster,
) -> None:
    small, large = cluster.build(0, amount=1), cluster.build(0, amount=2)
    await cluster.start(1)
    await cluster.submit(1, [large])
    await cluster.get(1).mine(large)
    await cluster.get(1).mine()
    await cluster.stop(1)
    await cluster.start(0)
    node = cluster.get(0)
    await cluster.submit(0, [small])
    await node.mine(small)
    await cluster.start(1)
    await cluster.until_agreed()
    view = node.show(small)
    assert (view.status, view.reason) == (TransactionStatus.DROPPED, "tx-stale-nonce")
    assert node.list_turns(small)[-2:] == [Turn.RETURNED, Turn.DROPPED]
    assert node.show(large).status is TransactionStatus.INCLUDED
    assert logged(node.core.store) == set()


async def test_what_peers_push_is_kept_on_disk_until_it_is_included(
    cluster: TreeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branching, "FLUSH_S", 0.02)
    await cluster.start(0, 1)
    other = cluster.get(1)
    early, late = cluster.pay(2)
    await cluster.submit(0, [early])
    await until(lambda: logged(other.core.store) == {early.id})
    await cluster.get(0).mine(early)
    await cluster.until_agreed()
    await until(lambda: logged(other.core.store) == set())
    monkeypatch.setattr(branching, "FLUSH_S", 60.0)
    await cluster.submit(0, [late])
    await cluster.get(0).mine(late)
    await cluster.until_agreed()
    await cluster.stop(0, 1)
    await cluster.start(1)
    assert cluster.get(1).tree.height == 2
    assert logged(cluster.get(1).core.store) == set()


async def test_the_api_tells_of_risks_stories_and_forks(cluster: TreeCluster) -> None:
    await cluster.start(0)
    node, (payment,) = cluster.get(0), cluster.pay()
    await cluster.submit(0, [payment])
    await node.mine(payment)
    await node.mine()
    async with Client(f"http://127.0.0.1:{node.api_port}") as client:
        shown = await client.transaction(payment.id)
        assert (shown.status, shown.definite, shown.confirmations) == ("included", False, 2)
        assert shown.risks is not None
        assert [risk.attacker_share for risk in shown.risks] == [0.1, 0.25, 0.4]
        assert shown.risks[0].chance == pytest.approx(0.056)
        assert shown.story is not None
        assert [chapter.turn for chapter in shown.story] == ["submitted", "included"]
        assert shown.story[1].block == node.tree.block(1).id
        engine = await client.engine()
        assert engine.forks is not None
        assert engine.forks.branches[0].tip == node.tree.head_id
        assert engine.forks.branches[0].adopted
        assert engine.forks.side_blocks == 0
        status = await client.status()
        assert (status.head_height, status.final_height) == (2, 0)
    text = generate_latest(node.core.metrics.registry).decode()
    assert "quorate_final_height 0.0" in text


async def test_a_block_that_promises_a_wrong_state_is_refused(cluster: TreeCluster) -> None:
    await cluster.start(0)
    node = cluster.get(0)
    await node.mine()
    await until(lambda: node.pick.block is not None)
    head_id, block = node.tree.head_id, node.pick.block
    assert block is not None
    content = msgspec.structs.replace(decode_value(block.value), state_root=bytes(32))
    header = msgspec.structs.replace(block.header, content=compute_value_content(content))
    node.pick.block = TreeBlock(header, encode(content))
    node.pick.find()
    await until(lambda: count(node, "quorate_branches_refuted_total") == 1)
    assert node.tree.head_id == head_id
    await node.mine()
    assert node.tree.height == 2


async def test_blocks_on_a_refuted_one_do_no_harm(cluster: TreeCluster) -> None:
    await cluster.start(0)
    node, rules = cluster.get(0), catalog.get("pow").tree
    assert rules is not None
    await until(lambda: node.pick.block is not None)
    template = node.pick.block
    assert template is not None
    content = msgspec.structs.replace(decode_value(template.value), state_root=bytes(32))
    branch: list[TreeBlock] = []
    parent = template.header.parent
    for height in range(1, 4):
        header = msgspec.structs.replace(
            template.header,
            height=height,
            parent=parent,
            time_ms=template.header.time_ms + height,
            content=compute_value_content(content),
        )
        branch.append(node.pick.prove(TreeBlock(header, encode(content))))
        parent = rules.identify(branch[-1].header)
    for block in branch:
        node.driver.post(Received(1, block))
    await until(lambda: count(node, "quorate_branches_refuted_total"))
    await node.mine()
    assert node.tree.height == 1
    assert is_alive(node)


def is_alive(node: TreeNode) -> bool:
    """Has nothing ended the node."""
    assert node._failure is not None
    return not node._failure.done()


def count(node: TreeNode, metric: str, **labels: str) -> float:
    return node.core.metrics.registry.get_sample_value(metric, labels) or 0.0


async def test_a_crash_after_a_reorganisation_loses_nothing(cluster: TreeCluster) -> None:
    (payment,) = cluster.pay()
    await cluster.start(1)
    for _ in range(3):
        await cluster.get(1).mine()
    await cluster.stop(1)
    await cluster.start(0)
    await cluster.submit(0, [payment])
    await cluster.get(0).mine(payment)
    await cluster.start(1)
    await cluster.until_agreed()
    head_id = cluster.get(0).tree.head_id
    await cluster.stop(1)
    await cluster.crash(0)
    await cluster.start(0)
    node = cluster.get(0)
    assert node.tree.head_id == head_id
    assert node.show(payment).status is TransactionStatus.PENDING
    await node.mine(payment)
    for _ in range(DEPTH):
        await node.mine()
    await until(lambda: node.show(payment).status is TransactionStatus.FINAL)
    await cluster.crash(0)
    await cluster.start(0)
    again = cluster.get(0)
    assert again.show(payment).status is TransactionStatus.FINAL
    assert again.tree.final_height == node.tree.final_height


async def test_who_waits_for_finality_is_told_when_it_is_there(cluster: TreeCluster) -> None:
    await cluster.start(0)
    node, (payment,) = cluster.get(0), cluster.pay()
    await cluster.submit(0, [payment])
    waiting = asyncio.create_task(node.service.wait_final(payment.id, 20.0))
    await node.mine(payment)
    for _ in range(DEPTH):
        assert not waiting.done()
        await node.mine()
    view = await waiting
    assert view is not None
    assert view.status is TransactionStatus.FINAL
    early = await node.service.wait_final(cluster.pay()[0].id, 0.0)
    assert early is None


def forge_siblings(node: TreeNode, count: int) -> list[TreeBlock]:
    """Blocks on the node's head that all have a proof, told to nobody."""
    drafted = node.pick.block
    assert drafted is not None
    headers = (
        msgspec.structs.replace(drafted.header, time_ms=drafted.header.time_ms + number)
        for number in range(1, count + 1)
    )
    return [node.pick.prove(TreeBlock(header, drafted.value)) for header in headers]


async def test_peers_cannot_make_a_node_keep_light_branches(cluster: TreeCluster) -> None:
    await cluster.start(0)
    node = cluster.get(0)
    await until(lambda: node.pick.block is not None)
    junk = forge_siblings(node, 12)
    for _ in range(DEPTH):
        await node.mine()
    before = count(node, "quorate_engine_ignored_total", refusal="block-too-light")
    for block in junk:
        await node.driver.deliver(Received(1, block))
    after = count(node, "quorate_engine_ignored_total", refusal="block-too-light")
    assert after - before == len(junk)
    assert node.tree.side == {}
    assert (node.tree.height, node.tree.final_height) == (DEPTH, 0)


async def test_a_full_side_lets_the_chain_go_on(cluster: TreeCluster) -> None:
    await cluster.start(0)
    node = cluster.get(0)
    node.tree._branches.limits = BranchLimits(side_blocks_max=2)
    await until(lambda: node.pick.block is not None)
    junk = forge_siblings(node, 5)
    await node.mine()
    for block in junk:
        await node.driver.deliver(Received(1, block))
    await until(lambda: count(node, "quorate_engine_ignored_total", refusal="block-foreign-body"))
    await until(lambda: len(node.tree.side) == 2)
    for _ in range(DEPTH):
        await node.mine()
    await until(lambda: node.tree.final_height == 1)
    assert node.tree.side == {}
