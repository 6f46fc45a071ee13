"""Clients read and write while leaders are killed and links are cut: what they see is linearizable."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from node.client import ClientError
from node.histories.check import check_history
from node.histories.files import read_history
from node.histories.search import Verdict
from tests.cluster.harness import (
    Cluster,
    MakeCluster,
    eventually,
    finish,
    quorate,
    start_quorate,
)

pytestmark = pytest.mark.cluster

ROUNDS = 2
LONGEST_S = 120
NODES = range(3)


async def find_leader(cluster: Cluster) -> int:
    """Who leads, as some node sees it."""
    found: list[int] = []

    async def somebody_leads() -> bool:
        for client in cluster.clients:
            try:
                members = (await client.validators()).validators
            except ClientError:
                continue
            found.extend(member.replica for member in members if member.is_leader)
        return bool(found)

    await eventually(somebody_leads, "somebody leads")
    return found[0]


async def command(cluster: Cluster, *words: str) -> None:
    """`quorate testnet …` on the cluster, as a person would."""
    home = cluster.network.home
    done = await asyncio.to_thread(quorate, "testnet", *words, "--home", home)
    assert done.returncode == 0, done.stderr


async def break_and_mend(cluster: Cluster) -> None:
    """The leader is killed and comes back; then the next one is cut off, and heard again."""
    victim = await find_leader(cluster)
    await cluster.supervisor.kill([victim])
    others = [index for index in NODES if index != victim]
    await cluster.grows(others)
    await cluster.supervisor.restart([victim])
    await cluster.grows(NODES)
    lonely = await find_leader(cluster)
    others = [index for index in NODES if index != lonely]
    await command(cluster, "partition", f"{lonely}/{','.join(map(str, others))}")
    await cluster.grows(others)
    await command(cluster, "heal")
    await cluster.grows(NODES)


async def record(cluster: Cluster, file: Path, *words: str) -> asyncio.subprocess.Process:
    """Start to record at all nodes; there is no other load."""
    options: list[str | Path] = ["--for", str(LONGEST_S), "--out", file, "--json", *words]
    return await start_quorate("history", "run", *cluster.urls, *options)


async def stop(recording: asyncio.subprocess.Process) -> Any:
    """Let the recording come to its end; its report."""
    recording.send_signal(signal.SIGINT)
    return json.loads(await finish(recording))


async def test_a_history_with_killed_leaders_and_cut_links_is_linearizable(
    make_cluster: MakeCluster, tmp_path: Path
) -> None:
    cluster = await make_cluster(validators=3, engine="paxos", relayed=True)
    file = tmp_path / "history.jsonl"
    recording = await record(cluster, file, "--clients", "8")
    try:
        await cluster.grows(NODES)
        for _ in range(ROUNDS):
            await break_and_mend(cluster)
    finally:
        report = await stop(recording)
    assert report["violations"] == []
    assert (report["verdict"], recording.returncode) == ("linearizable", 0)
    assert min(report["reads"], report["writes"]) > 100
    assert report["indefinite"] > 0, "killing leaders leaves outcomes open"
    assert report["failed"] > 0, "nodes that are down refuse for certain"
    assert quorate("history", "check", file).returncode == 0


async def test_local_reads_of_a_node_that_is_cut_off_are_found_to_be_stale(
    make_cluster: MakeCluster, tmp_path: Path
) -> None:
    cluster = await make_cluster(validators=3, engine="paxos", relayed=True)
    file = tmp_path / "history.jsonl"
    recording = await record(cluster, file, "--consistency", "local", "--keys", "1")
    try:
        await cluster.grows(NODES)
        lonely = await find_leader(cluster)
        others = [index for index in NODES if index != lonely]
        await command(cluster, "partition", f"{lonely}/{','.join(map(str, others))}")
        await cluster.grows(others, blocks=10)
        await command(cluster, "heal")
        await cluster.grows(NODES)
    finally:
        report = await stop(recording)
    assert (report["verdict"], recording.returncode) == ("violated", 1)
    _, operations = read_history(file)
    (key,) = check_history(operations).keys
    assert key.verdict is Verdict.VIOLATED
    assert key.witness is not None
    assert len(key.witness.operations) <= 6
