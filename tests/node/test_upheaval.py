"""Anything at any time: nodes crash, close and come back under load, over links that lose frames.

What must hold in the end: everything acknowledged is final everywhere, all ledgers are equal, no
correct validator is accused, and nothing is left over in logs, queues and tables.
"""

import asyncio
import random

import pytest

from ledger.errors import LedgerError
from ledger.keys import KeyPair
from ledger.transaction import Envelope
from node.api.backend import Outcome
from node.node import Node
from node.peers.link import Link
from node.wire import Lane
from tests.node.conftest import MakeCluster
from tests.node.parts import held_heights, logged
from tests.node.support import Cluster, until

LOSS = 0.03
ROUNDS = 8


class Upheaval:
    """Clients that pay, and somebody who pulls plugs."""

    def __init__(self, cluster: Cluster, rng: random.Random) -> None:
        self.cluster = cluster
        self.rng = rng
        self.accepted: dict[bytes, Envelope] = {}
        self.is_over = False

    async def pay(self, key: KeyPair) -> None:
        """Pay without a pause, at one node or another; the same bytes again until they are in."""
        nonce = 0
        while not self.is_over:
            await asyncio.sleep(self.rng.random() * 0.05)
            index = self.rng.randrange(5)
            if (node := self.cluster.nodes.get(index)) is None:
                continue
            batch = [self.cluster.build(nonce + n, key) for n in range(self.rng.randrange(1, 20))]
            nonce += await self.submit(index, node, batch)

    async def submit(self, index: int, node: Node, batch: list[Envelope]) -> int:
        """How many of these the node has acknowledged, before anything happened to it."""
        try:
            answers = await node.service.submit([envelope.raw for envelope in batch])
        except LedgerError:
            return 0
        if self.cluster.nodes.get(index) is not node:
            return 0
        taken = 0
        for envelope, answer in zip(batch, answers, strict=True):
            if answer.outcome is Outcome.REJECTED:
                break
            self.accepted[envelope.id] = envelope
            taken += 1
        return taken

    async def pull_plugs(self) -> None:
        """One round: some nodes go, some come back."""
        up = list(self.cluster.nodes)
        gone = self.rng.sample(up, min(len(up), self.rng.choice([1, 1, 1, 2, 5])))
        if self.rng.random() < 0.7:
            await self.cluster.crash(*gone)
        else:
            await self.cluster.stop(*gone)
        await asyncio.sleep(self.rng.random() * 0.3)
        down = [index for index in range(5) if index not in self.cluster.nodes]
        await self.start(*self.rng.sample(down, self.rng.randrange(1, len(down) + 1)))

    async def start(self, *indices: int) -> None:
        for index in indices:
            await self.cluster.start(index)


@pytest.fixture
def lossy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links that lose frames, gossip most of all."""
    rng, send = random.Random(7), Link.send

    def send_or_lose(link: Link, lane: Lane, data: bytes) -> bool:
        loss = 4 * LOSS if lane is Lane.TRANSACTIONS else LOSS
        return rng.random() < loss or send(link, lane, data)

    monkeypatch.setattr(Link, "send", send_or_lose)


@pytest.mark.usefixtures("lossy")
async def test_whatever_happens_nothing_acknowledged_is_lost(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(followers=1)
    upheaval = Upheaval(cluster, random.Random())
    await cluster.start()
    await cluster.until_linked()
    clients = [
        asyncio.create_task(upheaval.pay(key))
        for key in [cluster.faucet, *cluster.network.demo_keys()[:3]]
    ]
    for _ in range(ROUNDS):
        await asyncio.sleep(upheaval.rng.random() * 0.5)
        await upheaval.pull_plugs()
        assert not any(node._failure and node._failure.done() for node in cluster.running)
    upheaval.is_over = True
    await asyncio.gather(*clients)
    await upheaval.start(*(index for index in range(5) if index not in cluster.nodes))
    assert upheaval.accepted
    await cluster.until_final(upheaval.accepted.values())
    await cluster.until_level()
    cluster.assert_agreement()
    for node in cluster.running:
        assert node.host.alarms == []
        await until(lambda node=node: is_clean(node))  # type: ignore[misc]


def is_clean(node: Node) -> bool:
    """Is nothing left over of what is settled."""
    height = node.core.chain.height
    return (
        logged(node.core.store) <= node.body_log._spared.keys()
        and not node.lifecycle._submitted
        and not node.gossip._pushed
        and node.gossip.waiting == 0
        and not any(held <= height for held in held_heights(node))
    )
