"""A real Prometheus beside live networks: every query of every dashboard, and alerts that fire."""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.address import encode_address
from node.client import ClientError
from node.testnet.link_control import switch_links
from node.testnet.monitor_process import PORT_OFFSET, MonitorOptions
from scripts.grafana.asking import AskingError, Prometheus, Series
from scripts.grafana.board import ANY
from scripts.grafana.queries import (
    PanelQuery,
    list_queries,
    list_variables,
    load_boards,
    substitute,
)
from tests.cluster.harness import Cluster, MakeCluster, eventually, find_base_port, quorate

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("prometheus")]

RATE = 40.0
STEP_S = 0.5
WATCHED = MonitorOptions(scrape_interval_s=STEP_S)
"""The rules keep pace with the scrapes: at two a second a test takes half as long as at one."""
RATE_WINDOW = "3s"
STEADY = "min_over_time(up[3s]) == 1 and count_over_time(up[3s]) >= 5"
"""A node that has answered each scrape of such a window, so that all its rates are known."""
PATIENCE_S = 60.0
NETWORK = "testnet"
FORKS = "forks.json"
ENGINE = re.compile(r'quorate_build_info\{engine="(\w+)"\}')
MINING = {"first_bits": 0x1E3FFFFF, "interval_ms": 500, "window": 16, "depth": 40}
"""Two blocks a second, from the first ones on: in a burst each side of a partition would soon have
made its own blocks final, which no side takes back."""
APART = 5
"""Blocks that each side of a cut network finds alone: a reorganisation that is told of."""


@dataclass
class Watched:
    """A network, its Prometheus, and since when that watches."""

    cluster: Cluster
    prometheus: Prometheus
    engine: str
    since: float

    async def fires(self, *alerts: str) -> float:
        """Wait until all of these fire; returns the seconds it took."""

        async def all_fire() -> bool:
            return set(alerts) <= await self.prometheus.firing()

        return await eventually(all_fire, f"{alerts} fire", PATIENCE_S)

    async def clears(self, *alerts: str) -> float:
        """Wait until none of these fires; returns the seconds it took."""

        async def none_fires() -> bool:
            return not set(alerts) & await self.prometheus.firing()

        return await eventually(none_fires, f"{alerts} clear", PATIENCE_S)

    async def is_calm(self) -> bool:
        """Does nothing fire."""
        return not await self.prometheus.firing()

    async def is_steady(self) -> bool:
        """Has every node answered for a whole window."""
        return len(await self.prometheus.query(STEADY)) == self.cluster.network.plan.nodes


@asynccontextmanager
async def watch(cluster: Cluster) -> AsyncIterator[Watched]:
    """A Prometheus that has seen all nodes of the network, which is under load."""
    since = time.time()
    url = await cluster.supervisor.monitor.wait_ready()
    await cluster.start_load(RATE)
    async with Prometheus(url) as prometheus:
        watched = Watched(cluster, prometheus, cluster.network.plan.engine, since)

        async def all_are_seen() -> bool:
            answers = await prometheus.query("up == 1")
            return len(answers) == cluster.network.plan.nodes

        await eventually(all_are_seen, "all nodes are scraped")
        yield watched


async def judge_dashboards(watched: Watched) -> None:
    """No query fails, and each that concerns this engine has something to show."""
    await eventually(watched.is_steady, "all nodes answer all scrapes", PATIENCE_S)
    nodes = {member.name for member in watched.cluster.network.members}
    empty = []
    for name, board in load_boards().items():
        await judge_variables(watched, board, nodes)
        one = next(iter(sorted(nodes))) if name == "node.json" else ANY
        for query in list_queries(board):
            answers = await evaluate(watched, query, one)
            if concerns(query, name, watched.engine) and not has_numbers(answers):
                empty.append(f"{query}: {query.expr}")
    assert not empty, "nothing to show:\n" + "\n".join(empty)


async def judge_variables(watched: Watched, board: dict[str, Any], nodes: set[str]) -> None:
    """Networks and nodes are found by their labels."""
    expected = {"network": {NETWORK}, "node": nodes}
    for variable in list_variables(board):
        selector = substitute(variable.selector, {"network": NETWORK})
        values = await watched.prometheus.label_values(selector, variable.label)
        assert set(values) == expected[variable.name], f"{variable.board}: ${variable.name}"


async def evaluate(watched: Watched, query: PanelQuery, node: str) -> Sequence[Series]:
    """What Grafana would draw, over all the time since the network is watched."""
    values = {"network": NETWORK, "node": node, "__rate_interval": RATE_WINDOW}
    return await watched.prometheus.query_range(
        substitute(query.expr, values), watched.since, time.time(), STEP_S
    )


def concerns(query: PanelQuery, file: str, engine: str) -> bool:
    """Is this query about networks of such an engine."""
    named = set(ENGINE.findall(query.expr))
    if file == FORKS:
        return engine == "pow"
    return not named or engine in named


def has_numbers(answers: Sequence[Series]) -> bool:
    """Is there any point that could be drawn."""
    return any(math.isfinite(value) for series in answers for _, value in series.points)


async def read_as_of_now(cluster: Cluster) -> None:
    """One linearizable read at each node."""
    address = encode_address(cluster.network.demo_keys()[0].public_key)
    await asyncio.gather(
        *(client.account(address, linearizable=True) for client in cluster.clients)
    )


async def find_leader(cluster: Cluster) -> int:
    """Which validator leads, as node 0 sees it; the first where nobody does."""
    for validator in (await cluster.clients[0].validators()).validators:
        if validator.is_leader:
            return validator.replica
    return 0


STANDING = (("pbft", 4, 2), ("paxos", 3, 2), ("benor", 3, 2), ("acs", 4, 2), ("floodset", 3, 2))
"""How many of how many are killed so that nothing moves; `early` is measured as `floodset` is."""


@pytest.mark.parametrize(("engine", "validators", "killed"), STANDING)
async def test_a_network_that_stands_still_is_told_of_until_it_moves_again(
    make_cluster: MakeCluster, engine: str, validators: int, killed: int
) -> None:
    cluster = await make_cluster(engine=engine, validators=validators, monitor=WATCHED)
    async with watch(cluster) as watched:
        await cluster.grows(range(validators))
        if engine == "paxos":
            await read_as_of_now(cluster)
        await eventually(watched.is_calm, "nothing fires")
        leader = await find_leader(cluster)
        victims = [(leader + offset) % validators for offset in range(killed)]
        await cluster.supervisor.kill(victims)
        await watched.fires("QuorateNoNewBlock", "QuorateQuorumLost")
        await watched.fires("QuorateValidatorMissing", "QuorateNodeDown")
        missing = await watched.prometheus.query(
            'ALERTS{alertname="QuorateValidatorMissing", alertstate="firing"}'
        )
        assert {one.labels["member"] for one in missing} == {f"validator-{i}" for i in victims}
        await cluster.supervisor.restart(victims)
        await cluster.grows(range(validators))
        await watched.clears(
            "QuorateNoNewBlock",
            "QuorateQuorumLost",
            "QuorateValidatorMissing",
            "QuorateNodeDown",
        )
        await judge_dashboards(watched)


async def test_forks_and_a_missing_miner_are_told_of(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster(relayed=True, engine="pow", monitor=WATCHED, **MINING)
    async with watch(cluster) as watched:
        await grow_heads(cluster, range(4), MINING["window"])
        await switch_links(cluster.supervisor, ((0, 1), (2, 3)))
        await grow_heads(cluster, range(4), APART)
        await switch_links(cluster.supervisor, ())
        await watched.fires("QuorateDeepReorganisation")
        await cluster.supervisor.kill([3])
        await watched.fires("QuorateValidatorMissing", "QuorateNodeDown")
        await cluster.supervisor.restart([3])
        await watched.clears("QuorateValidatorMissing", "QuorateNodeDown")
        assert "QuorateNoNewBlock" not in await watched.prometheus.firing()
        await cluster.grows(range(4))
        await judge_dashboards(watched)


async def grow_heads(cluster: Cluster, indices: Sequence[int], blocks: int) -> None:
    """Wait until the heads of these nodes are so many blocks higher."""
    before = [await head(cluster, index) for index in indices]

    async def has_grown() -> bool:
        heads = [await head(cluster, index) for index in indices]
        return all(now >= then + blocks for now, then in zip(heads, before, strict=True))

    await eventually(has_grown, f"nodes {list(indices)} find {blocks} blocks", PATIENCE_S)


async def head(cluster: Cluster, index: int) -> int:
    """The height of a node's head; -1 where it does not answer."""
    try:
        return (await cluster.clients[index].status()).head_height
    except ClientError:
        return -1


async def test_the_command_watches_and_a_node_that_is_added_is_watched_too(tmp_path: Path) -> None:
    home, base_port = tmp_path / "net", find_base_port(2)
    url = f"http://127.0.0.1:{base_port + PORT_OFFSET}"
    options = ("--home", home, "--nodes", "1", "--base-port", str(base_port), "--monitor")
    started = await command("start", *options, "--load", "5")
    try:
        assert f"Prometheus watches: {url}" in started
        assert f"Prometheus: {url}" in await command("status", "--home", home)
        await command("add-validator", "--home", home, "--faults", "0")
        async with Prometheus(url) as prometheus:

            async def both_are_seen() -> bool:
                answers = await prometheus.query("up == 1")
                return {one.labels["node"] for one in answers} == {"validator-0", "follower-1"}

            await eventually(both_are_seen, "the new node is scraped")
    finally:
        await command("stop", "--home", home)
    async with Prometheus(url) as prometheus:
        with pytest.raises(AskingError):
            await prometheus.query("up")


async def command(*words: str | Path) -> str:
    """`quorate testnet …`, as a person would; what it said."""
    done = await asyncio.to_thread(quorate, "testnet", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
