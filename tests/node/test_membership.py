"""The committee changes on live nodes: a follower becomes a validator, a validator a follower."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger.keys import KeyPair
from ledger.transaction import Envelope, Reconfigure, build
from node.api.backend import Outcome
from tests.node.support import FAR, Cluster, quick_peers, until


@pytest.fixture
async def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cluster]:
    with quick_peers(monkeypatch):
        made = Cluster.create(tmp_path / "net", followers=1)
        await made.start()
        await made.until_linked()
        try:
            yield made
        finally:
            await made.close()


def make_vote(cluster: Cluster, voter: int, add: bytes = b"", remove: bytes = b"") -> Envelope:
    """One validator's vote, under its next nonce."""
    key = KeyPair(cluster.identity(voter).seed)
    nonce = cluster.nodes[voter].service.next_nonce(key.public_key)
    return build(cluster.genesis.chain_id, key, nonce, 0, FAR, Reconfigure(add, remove, 1))


async def vote(cluster: Cluster, *voters: int, add: bytes = b"", remove: bytes = b"") -> None:
    """Hand votes in, each at its own node."""
    for voter in voters:
        await cluster.submit(voter, [make_vote(cluster, voter, add, remove)])


async def until_seated(cluster: Cluster, members: tuple[int, ...], *nodes: int) -> None:
    """Until some nodes (all that run) see this committee in office."""
    chosen = [cluster.nodes[index] for index in nodes] or cluster.running

    def is_seated() -> bool:
        return all(node.core.committee.members == members for node in chosen)

    await until(is_seated)


async def test_add_and_remove_under_load(cluster: Cluster) -> None:
    stopping = asyncio.Event()
    paid: list[Envelope] = []

    async def pay() -> None:
        while not stopping.is_set():
            envelopes = cluster.pay(3)
            answers = await cluster.nodes[1].service.submit([one.raw for one in envelopes])
            assert {answer.outcome for answer in answers} == {Outcome.ACCEPTED}
            paid.extend(envelopes)
            await asyncio.sleep(0.02)

    load = asyncio.create_task(pay())
    added = cluster.identity(4).public_key
    await vote(cluster, 0, 1, 2, add=added)
    await until_seated(cluster, (0, 1, 2, 3, 4))
    follower = cluster.nodes[4]
    await until(lambda: follower.service.status().role == "validator")
    await vote(cluster, 1, 2, 3, 4, remove=cluster.identity(0).public_key)
    await until_seated(cluster, (1, 2, 3, 4))
    assert cluster.nodes[0].service.status().role == "follower"
    stopping.set()
    await load
    await cluster.until_final(paid)
    await cluster.until_level()
    cluster.assert_agreement()
    assert all(node.service.status().alarms == () for node in cluster.running)


async def test_the_new_validator_is_needed_and_votes(cluster: Cluster) -> None:
    """With the first one gone for good, four of five are left: the added one has to be among them."""
    await vote(cluster, 0, 1, 2, add=cluster.identity(4).public_key)
    await until_seated(cluster, (0, 1, 2, 3, 4))
    await cluster.stop(0)
    envelopes = cluster.pay(5)
    await cluster.submit(2, envelopes)
    await cluster.until_final(envelopes)
    await cluster.stop(4)
    await cluster.start(4)
    more = cluster.pay(5)
    await cluster.submit(3, more)
    await cluster.until_final(more)
    cluster.assert_agreement()


async def test_a_new_follower_syncs_through_changes(cluster: Cluster) -> None:
    await vote(cluster, 0, 1, 2, add=cluster.identity(4).public_key)
    await until_seated(cluster, (0, 1, 2, 3, 4))
    await vote(cluster, 1, 2, 3, 4, remove=cluster.identity(0).public_key)
    await until_seated(cluster, (1, 2, 3, 4))
    await cluster.stop(0)
    index = cluster.add_follower()
    await cluster.start(index)
    await until_seated(cluster, (1, 2, 3, 4), index)
    await cluster.until_level()
    cluster.assert_agreement()
    await cluster.start(0)
    await cluster.until_level()
    assert cluster.nodes[0].service.status().role == "follower"


async def test_crashes_around_the_boundary(cluster: Cluster) -> None:
    """Whoever is cut off between two instants finds its place again."""
    await vote(cluster, 0, 1, 2, add=cluster.identity(4).public_key)
    for index in (1, 2, 3, 4, 1):
        before = cluster.nodes[2 if index != 2 else 3].core.chain.height
        await cluster.crash(index)
        await cluster.start(index)
        await until(lambda i=index, h=before: cluster.nodes[i].core.chain.height > h)  # type: ignore[misc]
    await until_seated(cluster, (0, 1, 2, 3, 4))
    envelopes = cluster.pay(5)
    await cluster.submit(2, envelopes)
    await cluster.until_final(envelopes)
    await cluster.until_level()
    cluster.assert_agreement()
