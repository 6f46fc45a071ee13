"""All validators killed at once between *prepared* and *committed*: what was prepared is final."""

import asyncio
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from consensus import catalog
from consensus.pbft.messages import PreparedCertificate
from ledger.chain import Chain
from ledger.store.leveldb import LevelStore
from node.journal import Journal
from node.testnet.link_control import slow_links
from node.testnet.network import Network
from node.testnet.slowness import Slowness
from node.testnet.switchboard import Slow
from tests.cluster.harness import Cluster, MakeCluster

pytestmark = pytest.mark.cluster

NODES = range(4)
ATTEMPTS_MAX = 12
RATE = 60.0
SLOW = Slow(Slowness(delay_ms=100))
"""What is prepared waits so long for the commits of others: time for a kill in between."""
WATCH_S = 10.0
POLL_S = 0.002


def read_prepared(journal_path: Path) -> dict[int, bytes]:
    """Height → digest of the prepared certificate of the highest view that a journal holds.

    The file is left as it is: it may be a living node's.
    """
    prepared: dict[int, tuple[int, bytes]] = {}
    for data in Journal(journal_path, journal_path.read_bytes()).records:
        record = catalog.get("pbft").records.decode(data)
        if isinstance(record, PreparedCertificate):
            body = record.proposal.body
            prepared[body.height] = max(
                prepared.get(body.height, (-1, b"")), (body.view, body.digest)
            )
    return {height: digest for height, (_, digest) in prepared.items()}


def read_height(network: Network, index: int) -> int:
    """The height of a stopped node's ledger."""
    store = LevelStore(network.member(index).home / "data" / "db")
    try:
        return Chain.open(store, network.genesis()).height
    finally:
        store.close()


def find_prepared_not_committed(network: Network) -> dict[int, bytes]:
    """Values that two of the dead validators had prepared, above everyone's ledger.

    Any quorum of view changes hears of a value that two prepared, so it must survive.
    """
    top = max(read_height(network, index) for index in NODES)
    votes: Counter[tuple[int, bytes]] = Counter()
    for member in network.members:
        votes.update(read_prepared(member.home / "data" / "journal").items())
    return {height: digest for (height, digest), n in votes.items() if n >= 2 and height > top}


def kill_once_two_have_prepared(cluster: Cluster) -> None:
    """Watch the journals for a height that none had prepared before, and kill all nodes at once."""
    journals = [member.home / "data" / "journal" for member in cluster.network.members]
    pids = [process.pid for process in cluster.supervisor.processes()]
    known = max(read_top(journal) for journal in journals)
    deadline = time.monotonic() + WATCH_S
    while sum(read_top(journal) > known for journal in journals) < 2:
        assert time.monotonic() < deadline, "nothing is prepared any more"
        time.sleep(POLL_S)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def read_top(journal_path: Path) -> int:
    """The last height that a journal holds a prepared certificate of."""
    return max(read_prepared(journal_path), default=0)


async def test_what_was_prepared_when_all_were_killed_is_final(make_cluster: MakeCluster) -> None:
    cluster = await make_cluster(relayed=True)
    await slow_links(cluster.supervisor, SLOW)
    await cluster.start_load(RATE)
    await cluster.grows(NODES)
    survived = 0
    for _ in range(ATTEMPTS_MAX):
        await asyncio.to_thread(kill_once_two_have_prepared, cluster)
        await cluster.supervisor.kill(NODES)  # the relays live on, and stay slow
        prepared = find_prepared_not_committed(cluster.network)
        cluster.supervisor.start()
        await cluster.supervisor.wait_ready()
        await cluster.grows(NODES)
        for height, digest in prepared.items():
            for client in cluster.clients:
                assert (await client.block(height)).payload_digest == digest
        survived += len(prepared)
        if survived >= 2:
            break
    assert survived >= 2, "no kill fell between prepared and committed"
    await cluster.settle()
