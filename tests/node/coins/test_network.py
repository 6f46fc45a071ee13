"""Common coins between real nodes: sockets, databases, restarts, bad shares."""

import asyncio
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from consensus import catalog
from ledger.coin.keys import CoinKeys
from ledger.coin.log import load
from ledger.coin.shares import SecretShare
from node.node import Node
from tests.node.coins.coined import COINS, NAME, SPEC
from tests.node.conftest import MakeCluster
from tests.node.support import Cluster, until

QUICK = {"checkpoint_interval": 4, "window": 16, "idle_block_ms": 40, "resend_ms": 80}


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalog knows the tests' engine."""
    engines = {**catalog._ENGINES, NAME: SPEC}
    monkeypatch.setattr(catalog, "_ENGINES", engines)


@pytest.fixture
async def cluster(make_cluster: MakeCluster) -> Cluster:
    """Four validators, one of which may fail."""
    return make_cluster(4, parameters=QUICK, engine=NAME)


async def pay(cluster: Cluster, index: int = 0, count: int = 3) -> None:
    payments = cluster.pay(count)
    await cluster.submit(index, payments)
    await cluster.until_final(payments)


async def test_four_nodes_decide_by_coins_that_all_see_alike(cluster: Cluster) -> None:
    await cluster.start()
    await cluster.until_linked()
    for index in range(4):
        await pay(cluster, index)
    await cluster.until_level()
    cluster.assert_agreement()
    faces = [{coin.tag: coin.face for coin in node.coins.book} for node in cluster.running]
    print(faces, [p.core.chain.height for p in cluster.running])
