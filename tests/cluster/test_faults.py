"""Validators that are killed, paused, or all cut off at once, under load."""

import asyncio
import signal

import pytest

from tests.cluster.harness import Cluster, MakeCluster, eventually

pytestmark = pytest.mark.cluster

RATE = 60.0


async def find_primary(cluster: Cluster) -> int:
    """The index of the validator that leads, as node 1 sees it."""
    for member in (await cluster.clients[1].validators()).validators:
        if member.is_leader:
            return member.replica
    raise AssertionError("nobody leads")


async def test_a_killed_primary_is_replaced_and_catches_up(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster()
    await cluster.start_load(RATE)
    await cluster.grows(range(4))
    victim = await find_primary(cluster)
    others = [index for index in range(4) if index != victim]
    await cluster.supervisor.kill([victim])
    await cluster.grows(others, blocks=10)
    assert (await cluster.clients[others[0]].engine()).view >= 1
    await cluster.supervisor.restart([victim])
    await cluster.grows([victim])
    await cluster.settle()


async def test_four_killed_at_once_lose_nothing_acknowledged(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster()
    load = await cluster.start_load(RATE)
    for _ in range(2):
        await cluster.grows(range(4), blocks=5)
        await cluster.supervisor.kill()
        before = load.tracker.accepted
        cluster.supervisor.start()
        await cluster.supervisor.wait_ready()
        await cluster.grows(range(4))
        assert load.tracker.accepted >= before > 0
    agreement = await cluster.settle()
    assert agreement.height > 10


async def test_a_paused_primary_is_passed_over_and_returns(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster()
    await cluster.start_load(RATE)
    await cluster.grows(range(4))
    victim = await find_primary(cluster)
    others = [index for index in range(4) if index != victim]
    cluster.supervisor.signal([victim], signal.SIGSTOP)
    await cluster.grows(others, blocks=10)
    cluster.supervisor.signal([victim], signal.SIGCONT)
    await cluster.grows([victim])
    await cluster.settle()


async def test_without_a_quorum_nothing_is_final_and_nothing_is_lost(
    make_cluster: MakeCluster,
) -> None:
    cluster = await make_cluster()
    load = await cluster.start_load(RATE)
    await cluster.grows(range(4))
    await cluster.supervisor.kill([2, 3])
    await eventually(lambda: stands_still(cluster), "the two that are left stop deciding")
    accepted = load.tracker.accepted

    async def has_accepted_more() -> bool:
        return load.tracker.accepted > accepted

    await eventually(has_accepted_more, "transactions are still taken")
    headline = (await cluster.clients[0].engine()).findings[0]
    assert (headline.code, headline.members) == (
        "quorum-unreachable",
        ["validator-2", "validator-3"],
    )
    await cluster.supervisor.restart([2, 3])
    await cluster.grows(range(4))
    await cluster.settle()


async def stands_still(cluster: Cluster, seconds: float = 1.0) -> bool:
    """Has node 0 decided nothing for so long."""
    before = await cluster.height(0)
    await asyncio.sleep(seconds)
    return await cluster.height(0) == before
