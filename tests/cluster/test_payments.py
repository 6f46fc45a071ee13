"""The whole file of real payments, while one validator is killed and then the primary is paused."""

import csv
import json
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.cluster.harness import MakeCluster, eventually, finish, start_quorate
from tests.cluster.test_faults import find_primary
from tests.cluster.test_replay import check_balances

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

RATE = 900


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
    urls = [word for url in cluster.urls for word in ("--url", url)]
    place = ("--faucet", cluster.network.faucet_path, "--members", members)
    running = await start_quorate("replay", payments, *urls, "--rate", str(RATE), *place, "--json")
    await cluster.grows(range(4), blocks=60)
    await cluster.supervisor.kill([2])
    await cluster.grows([0, 1, 3], blocks=60)
    await cluster.supervisor.restart([2])
    goal = await cluster.height(1)

    async def has_caught_up() -> bool:
        return await cluster.height(2) >= goal

    await eventually(has_caught_up, "the killed validator has caught up")
    primary = await find_primary(cluster)
    cluster.supervisor.signal([primary], signal.SIGSTOP)
    await cluster.grows([index for index in range(4) if index != primary], blocks=30)
    cluster.supervisor.signal([primary], signal.SIGCONT)
    account = json.loads((await finish(running, 240)).splitlines()[-1])
    assert running.returncode == 0, account
    assert account["final"] == account["rows"]
    assert (account["lost"], account["failed"], account["refused"]) == (0, {}, {})
    held: Counter[str] = Counter()
    with payments.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert account["rows"] == len(rows)
    for row in rows:
        held[row["to"]] += int(row["amount"])
        held[row["from"]] += 0
    await check_balances(cluster, dict(held), json.loads(members.read_text()))
