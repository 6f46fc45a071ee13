"""A replay through three nodes that only crash, while whoever leads is killed, twice."""

import json
import time
from pathlib import Path

import pytest

from node.client import ClientError
from tests.cluster.harness import POLL_S, Cluster, MakeCluster, eventually, finish, start_quorate
from tests.cluster.standstill import Standstill
from tests.cluster.test_replay import (
    ROWS,
    check_balances,
    compute_balances,
    replay_command,
    write_payments,
)

pytestmark = pytest.mark.cluster

NODES = range(3)
STANDSTILL_S_MAX = 10.0
"""Usually about half a second; a machine that is busy otherwise takes longer."""


async def find_leader(cluster: Cluster) -> int:
    """The index of the node that all nodes follow."""
    leaders: set[str | None] = set()

    async def is_agreed() -> bool:
        nonlocal leaders
        try:
            leaders = {(await client.engine()).leader for client in cluster.clients}
        except ClientError:
            return False
        return len(leaders) == 1 and None not in leaders

    await eventually(is_agreed, "all nodes follow the same leader")
    (name,) = leaders
    return next(member.index for member in cluster.network.members if member.name == name)


async def kill_leader(cluster: Cluster, blocks: int) -> float:
    """Kill it, wait until the others have moved on; returns the longest standstill in seconds."""
    victim = await find_leader(cluster)
    others = [index for index in NODES if index != victim]
    async with Standstill(cluster, others) as standstill:
        await cluster.grows(others, blocks=1)
        killed_at = time.monotonic()
        await cluster.supervisor.kill([victim])
        await cluster.grows(others, blocks=blocks)
        still_s = standstill.longest_s(since=killed_at)
    assert (await cluster.clients[others[0]].engine()).leader != f"validator-{victim}"
    await cluster.supervisor.restart([victim])
    await catch_up(cluster, victim, others[0])
    return still_s


async def catch_up(cluster: Cluster, late: int, early: int) -> None:
    """Wait until one node has what another has now."""
    goal = await cluster.height(early)

    async def has_caught_up() -> bool:
        return await cluster.height(late) >= goal

    await eventually(has_caught_up, f"node {late} has caught up")


async def test_nothing_is_lost_though_the_leader_is_killed_twice(
    make_cluster: MakeCluster, tmp_path: Path
) -> None:
    payments, members = tmp_path / "payments.csv", tmp_path / "members.json"
    write_payments(payments)
    cluster = await make_cluster(engine="paxos", validators=len(NODES))
    running = await start_quorate(*replay_command(cluster, payments, members, rate=60))
    await cluster.grows(NODES, blocks=8)
    for _ in range(2):
        still_s = await kill_leader(cluster, blocks=8)
        assert POLL_S < still_s < STANDSTILL_S_MAX
    account = json.loads((await finish(running, 90)).splitlines()[-1])
    assert running.returncode == 0, account
    assert (account["final"], account["lost"], account["failed"]) == (ROWS, 0, {})
    await check_balances(cluster, compute_balances(payments), json.loads(members.read_text()))
    assert min([(await client.engine()).view for client in cluster.clients]) >= 2
