"""Networks for tests, closed in the end and checked for what they leave behind."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.node.support import Cluster, leaving_nothing, quick_peers

MakeCluster = Callable[..., Cluster]


@pytest.fixture
async def make_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MakeCluster]:
    """Makes networks; arguments as for `Cluster.create`."""
    clusters: list[Cluster] = []

    def make(*args: Any, **fields: Any) -> Cluster:
        cluster = Cluster.create(tmp_path / f"network{len(clusters)}", *args, **fields)
        clusters.append(cluster)
        return cluster

    async with leaving_nothing():
        with quick_peers(monkeypatch):
            try:
                yield make
            finally:
                for cluster in clusters:
                    await cluster.close()
