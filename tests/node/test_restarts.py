"""Nodes that were away: what was acknowledged is there, what was promised is kept."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

from consensus.effects import Broadcast
from consensus.pbft.messages import Commit
from consensus.pbft.replica import Role
from ledger.block import decode_payload
from ledger.mempool import PoolState
from ledger.mempool_log import forget_batch
from ledger.transaction import Envelope
from node.api.backend import NodeState, Outcome
from node.node import Node
from node.sync import Sync
from tests.node.conftest import MakeCluster
from tests.node.parts import logged
from tests.node.support import Cluster, until


async def pay(cluster: Cluster, count: int, index: int = 0) -> list[Envelope]:
    payments = cluster.pay(count)
    await cluster.submit(index, payments)
    return payments


def replica_of(node: Node) -> Any:
    """The engine's record."""
    engine: Any = node.driver._engine
    return engine.replica


async def test_a_closed_validator_catches_up_by_votes_when_it_is_back_soon(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    await cluster.until_final(await pay(cluster, 3))
    await cluster.stop(3)
    away = await pay(cluster, 3)
    await cluster.until_final(away)
    await cluster.start(3)
    await cluster.until_final(away)
    back = await pay(cluster, 3, index=3)
    await cluster.until_final(back)
    await cluster.until_level()
    cluster.assert_agreement()


async def test_a_validator_that_was_down_long_fetches_blocks_with_bodies(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    await cluster.stop(3)
    chain = cluster.nodes[1].core.chain
    away: list[Envelope] = []
    while chain.height < 24:  # the engines remember the last sixteen decisions
        payments = await pay(cluster, 5)
        await cluster.until_final(payments)
        away += payments
    await cluster.start(3)
    await cluster.until_final(away)
    node = cluster.nodes[3]
    sync = node.side.catch_up
    assert isinstance(sync, Sync)
    await until(lambda: sync.fetched_heights > 0 and not sync.is_catching_up)
    payments = await pay(cluster, 5, index=3)
    await cluster.until_final(payments)
    await cluster.until_level()
    cluster.assert_agreement()


async def test_a_validator_without_a_journal_observes_and_does_not_vote(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    await cluster.until_final(await pay(cluster, 3))
    await cluster.stop(3)
    (cluster.homes[3] / "data" / "journal").unlink()
    await cluster.start(3)
    node = cluster.nodes[3]
    replica = replica_of(node)
    await until(lambda: replica.role is Role.OBSERVER)
    said_while_observing: set[str] = set()
    sign = node.host._votes.sign

    def note(message: Any) -> Any:
        if replica.role is Role.OBSERVER:
            said_while_observing.add(type(getattr(message, "body", message)).__name__)
        return sign(message)

    node.host._votes.sign = note  # type: ignore[method-assign]
    while replica.role is Role.OBSERVER:
        assert node.core.chain.height < 100, "it never votes again"
        await cluster.until_final(await pay(cluster, 1))
    assert not said_while_observing & {"Prepare", "Commit", "Checkpoint", "ViewChange"}
    await cluster.until_level()
    cluster.assert_agreement()


async def test_acknowledged_transactions_survive_an_unclean_stop_of_one(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    await cluster.start(0)
    payments = await pay(cluster, 10)
    await cluster.crash(0)
    await cluster.start(0)
    pool = cluster.nodes[0].core.mempool
    for payment in payments:
        status = pool.status(payment.id)
        assert status is not None
        assert status.state is PoolState.PENDING
    raws = [payment.raw for payment in payments]
    answers = await cluster.nodes[0].service.submit(raws)
    assert {answer.outcome for answer in answers} == {Outcome.KNOWN}
    await cluster.start(1, 2)
    await cluster.until_final(payments)
    cluster.assert_agreement()


async def test_one_alone_goes_on_after_unclean_stops_under_load(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(1)
    acknowledged: list[Envelope] = []
    for _ in range(3):
        await cluster.start(0)
        for _ in range(4):
            acknowledged += await pay(cluster, 5)
        await cluster.crash(0)
    await cluster.start(0)
    await cluster.until_final(acknowledged)
    cluster.assert_agreement()


async def test_a_cold_restart_of_all_between_prepared_and_committed(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    await cluster.until_final(await pay(cluster, 2))
    caught = asyncio.Event()
    prepared: list[bytes] = []
    for node in cluster.running:
        watch_prepared(node, prepared, caught)
    payments = await pay(cluster, 5)
    await caught.wait()
    heights = [node.core.chain.height for node in cluster.running]
    await cluster.crash(0, 1, 2, 3)
    assert prepared
    await cluster.start()
    await cluster.until_final(payments)
    await cluster.until_level()
    cluster.assert_agreement()
    chain = cluster.nodes[0].core.chain
    assert chain.height > min(heights)
    values = [v for h in range(1, chain.height + 1) for v in chain.block(h).values]
    assert prepared[0] in values, "the prepared value is the final one"


def watch_prepared(node: Node, prepared: list[bytes], caught: asyncio.Event) -> None:
    """From the first durable prepared certificate on, no commit leaves a node any more."""
    broadcast, send = node.host.broadcast, node.host.send

    def withhold(effect: Broadcast) -> None:
        body = getattr(effect.message, "body", None)
        if isinstance(body, Commit):
            slot = replica_of(node).slots[body.height]
            if value := slot.values.get(body.digest):
                prepared.append(value)
            caught.set()
        elif not caught.is_set():
            broadcast(effect)

    node.host.broadcast = withhold  # type: ignore[method-assign]
    node.host.send = lambda effect: None if caught.is_set() else send(effect)  # type: ignore[method-assign]


async def test_bodies_of_a_voted_value_survive_even_if_the_mempool_has_no_room_for_them(
    make_cluster: MakeCluster,
) -> None:
    """All nodes lose their memory while a value is prepared whose bodies no mempool takes back."""
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    await cluster.until_final(await pay(cluster, 1))
    caught = asyncio.Event()
    prepared: list[bytes] = []
    for node in cluster.running:
        watch_prepared(node, prepared, caught)
    payments = await pay(cluster, 6)
    await caught.wait()
    await cluster.crash(0, 1, 2, 3)
    named = {id_ for value in prepared for id_ in _ids(value)}
    await cluster.start(mempool__count_max=1)
    await cluster.until_final([p for p in payments if p.id in named])
    cluster.assert_agreement()


def _ids(value: bytes) -> list[bytes]:
    return decode_payload(value).split_ids()


async def test_a_node_whose_log_lost_a_voted_body_fetches_it(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    caught = asyncio.Event()
    prepared: list[bytes] = []
    for node in cluster.running:
        watch_prepared(node, prepared, caught)
    payments = await pay(cluster, 6)
    await caught.wait()
    await cluster.crash(0, 1, 2, 3)
    node = cluster.make(2)
    node._open()
    node.core.store.write(forget_batch(logged(node.core.store)))
    await node.close()
    await cluster.start()
    await cluster.until_final(payments)
    await cluster.until_level()
    cluster.assert_agreement()


async def test_a_node_catches_up_again_and_again_while_the_others_go_on(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    stop = asyncio.Event()
    acknowledged: list[Envelope] = []

    async def load() -> None:
        while not stop.is_set():
            acknowledged.extend(await pay(cluster, 3))
            await cluster.until_final(acknowledged[-3:], [cluster.nodes[0]])

    loading = asyncio.create_task(load())
    for _ in range(3):
        await cluster.crash(2)
        height = cluster.nodes[0].core.chain.height
        await until(lambda height=height: cluster.nodes[0].core.chain.height >= height + 6)  # type: ignore[misc]
        await cluster.start(2)
        node = cluster.nodes[2]
        await until(lambda node=node: node.core.chain.height >= cluster.nodes[0].core.chain.height)  # type: ignore[misc]
    stop.set()
    await loading
    await cluster.until_final(acknowledged)
    await cluster.until_level()
    cluster.assert_agreement()
    assert all(node.service.state is not NodeState.STOPPING for node in cluster.running)


async def test_a_ledger_that_is_behind_its_journal_is_brought_up_to_date(
    make_cluster: MakeCluster, tmp_path: Path
) -> None:
    """A power cut may take back the last blocks, which are not synced, but never the journal."""
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    await cluster.until_final(await pay(cluster, 2))
    await cluster.crash(3)
    before = tmp_path / "before"
    shutil.copytree(cluster.homes[3] / "data" / "db", before)
    await cluster.start(3)
    payments = await pay(cluster, 4)
    await cluster.until_final(payments)
    await cluster.crash(3)
    database = cluster.homes[3] / "data" / "db"
    shutil.rmtree(database)
    shutil.copytree(before, database)
    await cluster.start(3)
    await cluster.until_final([*payments, *await pay(cluster, 4)])
    await cluster.until_level()
    cluster.assert_agreement()
    assert all(not node.host.alarms for node in cluster.running)
