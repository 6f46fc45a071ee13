"""Networks that are ended whatever happens."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.testnet.monitor_process import MonitorOptions
from node.testnet.plan import Plan
from tests.cluster.harness import Cluster, MakeCluster, make_network


@pytest.fixture
async def make_cluster(tmp_path: Path) -> AsyncIterator[MakeCluster]:
    """Start a network; its options are those of `make_plan`, and how Prometheus is to watch it."""
    started: list[Cluster] = []

    async def start(
        *,
        relayed: bool = False,
        engine: str = Plan().engine,
        monitor: MonitorOptions | None = None,
        **options: int,
    ) -> Cluster:
        home = tmp_path / f"net{len(started)}"
        cluster = Cluster(make_network(home, relayed=relayed, engine=engine, **options))
        started.append(cluster)
        await cluster.open(monitor)
        return cluster

    yield start
    for cluster in started:
        await cluster.close()
