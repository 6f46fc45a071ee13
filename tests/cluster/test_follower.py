"""Nodes outside the committee, and nodes that come late."""

import signal
from pathlib import Path

import pytest

from node.client import Client
from node.testnet.processes import send_signal, spawn, wait_gone
from node.testnet.supervisor import is_ready
from tests.cluster.harness import MakeCluster, eventually, find_base_port, quorate, quorate_command

pytestmark = pytest.mark.cluster


async def test_a_follower_verifies_serves_and_takes_transactions(
    make_cluster: MakeCluster,
) -> None:
    cluster = await make_cluster(validators=1, followers=1)
    await cluster.start_load(40)
    await cluster.grows([0, 1])
    validator, follower = cluster.clients
    assert (await follower.status()).role == "follower"
    assert [one.is_self for one in (await follower.validators()).validators] == [False]
    await cluster.supervisor.kill([1])
    await cluster.grows([0], blocks=20)
    await cluster.supervisor.restart([1])
    agreement = await cluster.settle()
    block = await follower.block(agreement.height)
    assert block.id == (await validator.block(agreement.height)).id


async def test_a_new_follower_joins_a_network_that_runs(
    make_cluster: MakeCluster, tmp_path: Path
) -> None:
    cluster = await make_cluster(validators=1)
    await cluster.start_load(40)
    await cluster.grows([0], blocks=10)
    home, port = tmp_path / "late", find_base_port(1)
    made = quorate(
        "node", "init", "--home", home, "--network", cluster.network.home, "--port", str(port)
    )
    assert made.returncode == 0, made.stderr
    process = spawn(quorate_command("node", "run", "--home", home), tmp_path / "late.log")
    try:
        async with Client(f"http://127.0.0.1:{port + 1}", timeout_s=5) as client:
            await eventually(lambda: is_ready(client), "the newcomer has caught up")
            height = (await cluster.clients[0].status()).final_height - 1

            async def has_it() -> bool:
                return (await client.status()).final_height >= height

            await eventually(has_it, f"the newcomer has height {height}")
            theirs = await cluster.clients[0].block(height)
            assert (await client.block(height)).id == theirs.id
    finally:
        send_signal(process, signal.SIGTERM)
        assert await wait_gone(process, 10)
    await cluster.settle()
