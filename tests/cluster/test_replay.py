"""A replay through real nodes, one of which is killed meanwhile, against an independent account."""

import csv
import json
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.cluster.harness import Cluster, MakeCluster, eventually, finish, quorate, start_quorate

pytestmark = pytest.mark.cluster

ROWS = 900
MEMBERS = 60


def write_payments(path: Path) -> None:
    """Payments between members, a few of whom take part in most of them."""
    chance = random.Random(7)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["when", "payer", "payee", "sum"])
        for number in range(ROWS):
            payer, payee = (int(MEMBERS * chance.random() ** 2) for _ in range(2))
            writer.writerow([number, f"m{payer}", f"m{payee}", chance.randint(1, 10)])


def compute_balances(path: Path) -> dict[str, int]:
    """What each member holds at the end: it was given what it pays, so what it was paid."""
    balances: Counter[str] = Counter()
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            balances[row["payer"]] += 0
            balances[row["payee"]] += int(row["sum"])
    return dict(balances)


def replay_command(cluster: Cluster, payments: Path, members: Path, rate: int) -> list[str | Path]:
    """`quorate replay` over all nodes."""
    urls = [word for url in cluster.urls for word in ("--url", url)]
    faucet = cluster.network.faucet_path
    return [
        "replay", payments, *urls, "--rate", str(rate), "--columns", "when,payer,payee,sum",
        "--faucet", faucet, "--members", members, "--json",
    ]  # fmt: skip


async def test_every_balance_is_exact_though_a_node_dies_meanwhile(
    make_cluster: MakeCluster, tmp_path: Path
) -> None:
    payments, members = tmp_path / "payments.csv", tmp_path / "members.json"
    write_payments(payments)
    cluster = await make_cluster()
    words = replay_command(cluster, payments, members, rate=120)
    running = await start_quorate(*words)
    await cluster.grows(range(4), blocks=8)
    await cluster.supervisor.kill([2])
    await cluster.grows([0, 1, 3], blocks=8)
    await cluster.supervisor.restart([2])
    account = json.loads((await finish(running, 90)).splitlines()[-1])
    assert running.returncode == 0, account
    assert (account["final"], account["lost"], account["failed"]) == (ROWS, 0, {})
    await check_balances(cluster, compute_balances(payments), json.loads(members.read_text()))
    await check_proofs(cluster, json.loads(members.read_text()))

    again = quorate(*words)
    account = json.loads(again.stdout.splitlines()[-1])
    assert again.returncode == 0
    assert (account["before"], account["sent"], account["funded_senders"]) == (ROWS, 0, 0)


async def check_balances(
    cluster: Cluster, expected: dict[str, int], addresses: dict[str, str]
) -> None:
    """On every node, for every member, and the total supply."""

    async def is_even() -> bool:
        return len({(await client.status()).head_id for client in cluster.clients}) == 1

    await eventually(is_even, "all nodes have the same head")
    for client in cluster.clients:
        held = {
            name: (await client.account(address)).balance for name, address in addresses.items()
        }
        assert held == expected
    genesis = cluster.network.genesis()
    roots = {(await client.block("final")).state_root for client in cluster.clients}
    assert len(roots) == 1
    assert genesis.total_supply == 10**15 + 64 * 10**9


async def check_proofs(cluster: Cluster, addresses: dict[str, str]) -> None:
    """`quorate verify` believes an account's and a transaction's proof, and no forged one."""
    genesis, url = cluster.network.genesis_path, cluster.urls[3]
    client = cluster.clients[3]
    address = next(iter(addresses.values()))
    shown = quorate("verify", "--genesis", genesis, "--url", url, "--account", address, "--json")
    assert shown.returncode == 0, shown.stderr
    balance = (await client.account(address)).balance
    assert json.loads(shown.stdout)["balance"] == str(balance)
    block = await client.block("final")
    while not block.transactions:
        block = await client.block(block.height - 1)
    hash_ = block.transactions[-1].hex()
    words = ("verify", "--genesis", genesis, "--url", url, "--transaction", hash_, "--json")
    proved = json.loads(quorate(*words).stdout)
    assert (proved["transaction"], proved["outcome"]) == (hash_, "applied")
    await check_forgery(cluster, address)


async def check_forgery(cluster: Cluster, address: str) -> None:
    """A proof in a file; with one bit turned it convinces nobody."""
    proof = (await cluster.clients[3].account(address, proof=True)).proof
    assert proof is not None
    file, genesis = cluster.network.home / "proof.hex", cluster.network.genesis_path
    file.write_text(proof.hex())
    assert quorate("verify", file, "--genesis", genesis).returncode == 0
    forged = bytearray(proof)
    forged[len(forged) // 2] ^= 1
    file.write_text(forged.hex())
    refused = quorate("verify", file, "--genesis", genesis)
    assert refused.returncode == 1
    assert "proof-" in refused.stderr
    assert "Traceback" not in refused.stderr
