"""The whole file of real payments, while validators, and those that lead, are killed or paused."""

import asyncio
import csv
import json
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.cluster.harness import Cluster, MakeCluster, finish, start_quorate
from tests.cluster.test_faults import find_primary
from tests.cluster.test_leader_killed import STANDSTILL_S_MAX, catch_up, kill_leader
from tests.cluster.test_replay import check_balances

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

RATE = 900
SLOWER = 500
"""Leaves time for two restarts, also on a busy machine."""
ROWS = 35_592


@pytest.fixture
def payments(root: Path) -> Path:
    path = root.parent / "shared" / "data" / "payments.csv"
    if not path.exists():
        pytest.skip(f"the payments are not part of the project; expected in {path}")
    return path


async def test_every_payment_is_final_and_every_balance_exact(
    make_cluster: MakeCluster, tmp_path: Path, payments: Path
) -> None:
    cluster = await make_cluster()
    members = tmp_path / "members.json"
    running = await start_replay(cluster, payments, members)
    await cluster.grows(range(4), blocks=60)
    await cluster.supervisor.kill([2])
    await cluster.grows([0, 1, 3], blocks=60)
    await cluster.supervisor.restart([2])
    await catch_up(cluster, 2, 1)
    primary = await find_primary(cluster)
    cluster.supervisor.signal([primary], signal.SIGSTOP)
    await cluster.grows([index for index in range(4) if index != primary], blocks=30)
    cluster.supervisor.signal([primary], signal.SIGCONT)
    await check_account(cluster, running, payments, members)


async def start_replay(
    cluster: Cluster, payments: Path, members: Path, rate: int = RATE
) -> asyncio.subprocess.Process:
    """`quorate replay` of the file over all nodes."""
    urls = [word for url in cluster.urls for word in ("--url", url)]
    place = ("--faucet", cluster.network.faucet_path, "--members", members)
    return await start_quorate("replay", payments, *urls, "--rate", str(rate), *place, "--json")


async def check_account(
    cluster: Cluster, running: asyncio.subprocess.Process, payments: Path, members: Path
) -> None:
    """Every row is final, and every balance is the sum of the rows, on every node."""
    account = json.loads((await finish(running, 240)).splitlines()[-1])
    assert running.returncode == 0, account
    assert account["final"] == account["rows"]
    assert (account["lost"], account["failed"], account["refused"]) == (0, {}, {})
    held = compute_held(payments)
    assert account["rows"] == ROWS
    await check_balances(cluster, held, read_addresses(members))


def compute_held(payments: Path) -> dict[str, int]:
    """What each member holds at the end: it was given what it pays, so what it was paid."""
    held: Counter[str] = Counter()
    with payments.open(newline="") as stream:
        for row in csv.DictReader(stream):
            held[row["to"]] += int(row["amount"])
            held[row["from"]] += 0
    return dict(held)


def read_addresses(members: Path) -> dict[str, str]:
    """Every member's address, as the replay wrote them down."""
    addresses: dict[str, str] = json.loads(members.read_text())
    return addresses


async def test_every_payment_is_final_though_two_leaders_are_killed(
    make_cluster: MakeCluster, tmp_path: Path, payments: Path
) -> None:
    cluster = await make_cluster(engine="paxos", validators=3)
    members = tmp_path / "members.json"
    running = await start_replay(cluster, payments, members, SLOWER)
    for _ in range(2):
        await cluster.grows(range(3), blocks=30)
        assert await kill_leader(cluster, blocks=30) < STANDSTILL_S_MAX
    await check_account(cluster, running, payments, members)
