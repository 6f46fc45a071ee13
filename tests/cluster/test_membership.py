"""The committee of a live testnet changes under load, and the chain hardly notices."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from ledger.address import encode_address
from tests.cluster.harness import Cluster, MakeCluster, quorate

pytestmark = pytest.mark.cluster

STANDSTILL_S = 30.0
"""What says that the chain has stopped, on a machine that is busy; it is mostly below half a second."""


class Watch:
    """The longest time in which a node's final height stood still."""

    def __init__(self, cluster: Cluster, index: int) -> None:
        self._cluster, self._index = cluster, index
        self.longest_s = 0.0
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        height, since = -1, time.monotonic()
        while True:
            now_height = await self._cluster.height(self._index)
            now = time.monotonic()
            if height >= 0:
                self.longest_s = max(self.longest_s, now - since)
            if now_height != height:
                height, since = now_height, now
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def command(cluster: Cluster, *words: str) -> dict[str, object]:
    """A command of `quorate testnet` that answers with JSON, beside the load."""
    home = str(cluster.network.home)
    made = await asyncio.to_thread(
        quorate, "testnet", *words, "--home", home, "--json", timeout_s=120
    )
    assert made.returncode == 0, made.stderr
    answer: dict[str, object] = json.loads(made.stdout)
    return answer


async def list_keys(cluster: Cluster, index: int) -> list[bytes]:
    return [one.public_key for one in (await cluster.clients[index].validators()).validators]


@pytest.mark.parametrize(("engine", "size"), [("pbft", 4), ("paxos", 3)])
async def test_one_more_comes_and_the_first_goes_under_load(
    make_cluster: MakeCluster, engine: str, size: int
) -> None:
    cluster = await make_cluster(engine=engine, validators=size, followers=1)
    nodes = range(size + 1)
    await cluster.start_load(60)
    await cluster.grows(nodes, blocks=10)
    first = await list_keys(cluster, 1)
    watch = Watch(cluster, 2)
    try:
        await command(cluster, "add-validator", str(size))
        assert (await cluster.clients[size].status()).role == "validator"
        await cluster.grows(nodes, blocks=20)
        gone = await command(cluster, "remove-validator", "0")
        await cluster.grows(nodes, blocks=20)
    finally:
        await watch.close()
    assert (await cluster.clients[0].status()).role == "follower"
    last = await list_keys(cluster, 1)
    assert last[:-1] == first[1:]
    assert len(last) == size
    print(f"longest standstill: {watch.longest_s:.2f} s")
    assert watch.longest_s < STANDSTILL_S
    await cluster.settle()
    await verify(cluster, since=gone["since"])


async def verify(cluster: Cluster, since: object) -> None:
    """With nothing but the genesis, a proof of the last committee convinces."""
    recipient = encode_address(cluster.network.demo_keys()[0].public_key)
    made = quorate(
        "verify",
        "--genesis",
        Path(cluster.network.genesis_path),
        "--url",
        cluster.urls[2],
        "--account",
        recipient,
        "--json",
    )
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["committee_since"] == since


async def test_a_new_node_replaces_a_validator_that_is_down(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster()
    try:
        await replace_the_last(cluster)
    finally:  # the cluster of this test knows nothing of the node that the command has made
        home = str(cluster.network.home)
        await asyncio.to_thread(quorate, "testnet", "stop", "--home", home, timeout_s=60)


async def replace_the_last(cluster: Cluster) -> None:
    await cluster.supervisor.kill([3])
    await cluster.start_load(40)
    await cluster.grows([0, 1, 2])
    watch = Watch(cluster, 1)
    try:
        answer = await command(cluster, "replace-validator", "3")
        assert answer["node"] == 4
        await cluster.grows([0, 1, 2], blocks=20)
    finally:
        await watch.close()
    print(f"longest standstill: {watch.longest_s:.2f} s")
    assert len(await list_keys(cluster, 0)) == 4
    await cluster.supervisor.restart([3])
    assert (await cluster.clients[3].status()).role == "follower"
    await cluster.settle()
