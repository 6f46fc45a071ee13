"""A network that stands still says why, within ten seconds, over HTTP and to a person."""

import asyncio
import json
import signal
import time
from typing import Any

import pytest

from node.api.node_models import EngineAnswer
from tests.cluster.harness import Cluster, MakeCluster, eventually, quorate

pytestmark = pytest.mark.cluster

NAMED_S_MAX = 10.0
RATE = 20.0
PATIENT = {"timeout_ms": 8_000, "timeout_max_ms": 16_000}
"""A silent leader is replaced after some five seconds: time to see it named."""


async def ask(cluster: Cluster, index: int) -> EngineAnswer:
    """What one node says."""
    return await cluster.clients[index].engine()


async def ask_command(cluster: Cluster) -> tuple[int, dict[str, Any]]:
    """Status and answer of `quorate status --why` in the network's folder."""
    words = ("status", "--why", "--json", "--home", cluster.network.home)
    done = await asyncio.to_thread(quorate, *words)
    return done.returncode, json.loads(done.stdout)


async def is_named(cluster: Cluster, survivors: list[int], code: str, gone: list[str]) -> bool:
    """Do all survivors name the cause and the missing."""
    headlines = [(await ask(cluster, index)).findings[0] for index in survivors]
    return all((one.code, sorted(one.members)) == (code, gone) for one in headlines)


@pytest.mark.parametrize(("engine", "size", "victims"), [("pbft", 4, [2, 3]), ("paxos", 3, [1, 2])])
async def test_a_lost_quorum_is_named_and_forgotten(
    make_cluster: MakeCluster, engine: str, size: int, victims: list[int]
) -> None:
    cluster = await make_cluster(engine=engine, validators=size)
    await cluster.start_load(RATE)
    await cluster.grows(range(size))
    gone = [f"validator-{index}" for index in victims]
    survivors = [index for index in range(size) if index not in victims]
    began = time.monotonic()
    await cluster.supervisor.kill(victims)

    async def named() -> bool:
        return await is_named(cluster, survivors, "quorum-unreachable", gone)

    await eventually(named, "all survivors name the cause", NAMED_S_MAX)
    status, answer = await ask_command(cluster)
    assert time.monotonic() - began < NAMED_S_MAX
    assert (status, answer["code"]) == (1, "quorum-unreachable")
    assert answer["findings"][0]["members"] == gone
    metrics = await cluster.clients[survivors[0]].metrics_text()
    assert 'quorate_finding{code="quorum-unreachable"} 3.0' in metrics
    await cluster.supervisor.restart(victims)
    await cluster.grows(range(size))

    async def is_over() -> bool:
        codes = [(await ask(cluster, index)).findings[0].code for index in range(size)]
        return set(codes) <= {"moving", "idle"}

    await eventually(is_over, "nobody finds a fault any more")
    assert (await ask_command(cluster))[0] == 0
    await cluster.settle()


async def test_a_leader_that_hangs_is_named(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster(**PATIENT)
    await cluster.start_load(RATE)
    await cluster.grows(range(4))
    cluster.supervisor.signal([0], signal.SIGSTOP)
    seen: set[str] = set()

    async def is_blamed() -> bool:
        findings = (await ask(cluster, 1)).findings
        seen.update(f.code for f in findings if "validator-0" in f.members)
        return bool(seen & {"leader-silent", "view-changing"})

    await eventually(is_blamed, "the silent leader is named", NAMED_S_MAX)
    await cluster.grows([1, 2, 3], blocks=1)

    async def is_replaced() -> bool:
        codes = {finding.code for finding in (await ask(cluster, 1)).findings}
        return "leader-replaced" in codes and bool(codes & {"member-silent", "member-unreachable"})

    await eventually(is_replaced, "its replacement, and its silence, are told")
    cluster.supervisor.signal([0], signal.SIGCONT)
    await cluster.grows([0])
    await cluster.settle()
