#!/usr/bin/env python3
"""What a thousand slow or dead subscribers to events cost four validators.

Rounds alternate: without subscribers, with them, without, … so that whatever else the machine does
touches both alike. Half of the subscribers read nothing, half a trickle; all want every event, and
whoever is sent away comes again at once. All call one node. In each round one rate is sent that the
network sustains (latency) and one that it does not (throughput). Told are the ratios of the medians,
and the memory of that node.
"""

import argparse
import asyncio
import json
import multiprocessing
import shutil
import statistics
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from ledger.keys import KeyPair
from node.client import Client
from node.identity import load_identity
from node.load.accounts import Drafts, open_payers
from node.load.crowd import Crowd
from node.load.machine import describe_machine, read_commit
from node.load.measure import Measurement, Range
from node.load.traffic import read_formula
from node.samples import Samples
from node.testnet.network import create_network
from node.testnet.plan import Plan
from node.testnet.supervisor import Supervisor

BATCH_SIZE = 100
ACCOUNTS = 400
RATIO_MIN = 0.95
LATENCY_RATIO_MAX = 1.25
MEGABYTE = 1024 * 1024
GROWTH_MAX_MB = 128
"""The queues' bound, what waits in a thousand connections, and the connections themselves."""


async def read_node(client: Client) -> dict[str, float]:
    """Memory, and what the node says of its subscribers."""
    samples = Samples(await client.metrics_text())
    dropped = samples.by_label("quorate_event_subscribers_dropped_total", "reason")
    return {
        "memory_mb": round(samples.value("process_resident_memory_bytes") / MEGABYTE, 1),
        "subscribers": samples.value("quorate_event_subscribers"),
        "dropped": sum(dropped.values()),
    }


class Rounds:
    """Measures in turns, with the crowd and without."""

    def __init__(self, field: Range, client: Client, options: argparse.Namespace) -> None:
        self._field = field
        self._client = client
        self._options = options
        self.rows: list[dict[str, Any]] = []

    async def measure(self, count: int) -> None:
        """One round with so many subscribers."""
        crowd = None
        before = await read_node(self._client)
        if count:
            crowd = Crowd(str(self._client.url / "v1/events"), count)
            await asyncio.to_thread(crowd.start)
        calm = await self._shoot(self._options.rate)
        full = await self._shoot(self._options.full_rate)
        during = await read_node(self._client)
        calls = 0 if crowd is None else await asyncio.to_thread(crowd.stop)
        row = {
            "subscribers": count,
            "tx_per_second": full.tx_per_second,
            "p50_ms": calm.latency_ms["p50"],
            "p95_ms": calm.latency_ms["p95"],
            "is_calm": calm.is_sustained,
            "memory_before_mb": before["memory_mb"],
            "memory_mb": during["memory_mb"],
            "held": during["subscribers"],
            "dropped": during["dropped"] - before["dropped"],
            "calls": calls,
        }
        self.rows.append(row)
        if not self._options.json:
            print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)

    async def _shoot(self, rate: float) -> Measurement:
        finding = await self._field.measure(rate, self._options.seconds)
        return finding.measurement


async def bench(home: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Make the network, measure in turns, end it."""
    plan = Plan(validators=options.nodes, engine=options.engine, base_port=options.base_port)
    network = create_network(home, plan)
    supervisor = Supervisor(network)
    try:
        supervisor.start()
        await supervisor.wait_ready()
        faucet = KeyPair(load_identity(network.faucet_path).seed)
        async with AsyncExitStack() as stack:
            urls = [member.url for member in network.members]
            clients = [await stack.enter_async_context(Client(url)) for url in urls]
            spawning = multiprocessing.get_context("spawn")
            pool = stack.enter_context(ProcessPoolExecutor(1, mp_context=spawning))
            payers = await open_payers(clients, faucet, ACCOUNTS)
            status = await clients[0].status()
            field = Range(
                clients,
                status.chain_id,
                Drafts(payers, len(clients), BATCH_SIZE),
                pool,
                BATCH_SIZE,
                formula=read_formula(options.engine, options.nodes),
            )
            rounds = Rounds(field, clients[0], options)
            await rounds.measure(0)
            warm, rounds.rows = rounds.rows, []
            del warm
            for _ in range(options.rounds):
                await rounds.measure(0)
                await rounds.measure(options.subscribers)
    finally:
        await supervisor.stop()
    return rounds.rows


def summarise(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians with over medians without, and how much memory the crowd took at most."""
    alone = [row for row in rows if not row["subscribers"]]
    crowded = [row for row in rows if row["subscribers"]]

    def ratio(name: str) -> float:
        with_them = float(statistics.median(row[name] for row in crowded))
        return with_them / float(statistics.median(row[name] for row in alone))

    return {
        "tx_per_second_ratio": round(ratio("tx_per_second"), 3),
        "p50_ratio": round(ratio("p50_ms"), 3),
        "p95_ratio": round(ratio("p95_ms"), 3),
        "memory_growth_mb": round(
            max(row["memory_mb"] for row in crowded) - max(row["memory_mb"] for row in alone), 1
        ),
        "memory_mb": [row["memory_mb"] for row in rows],
    }


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5, help="pairs of rounds")
    parser.add_argument("--for", dest="seconds", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("--rate", type=float, default=800.0, help="transactions a second, calm")
    parser.add_argument("--full-rate", type=float, default=4_000.0, help="more than is sustained")
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--engine", default="pbft")
    parser.add_argument("--base-port", type=int, default=27_000)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    return parser.parse_args()


def main() -> int:
    """Measure; the status is 0 if throughput, latency and memory are within their bounds."""
    options = parse_options()
    home = Path(tempfile.mkdtemp(prefix="quorate-bench-events-"))
    try:
        rows = asyncio.run(bench(home / "net", options))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    summary = summarise(rows)
    if options.json:
        report = {"machine": describe_machine(), "commit": read_commit()}
        print(json.dumps(report | {"summary": summary, "rows": rows}))
    else:
        print("  ".join(f"{name} {value}" for name, value in summary.items()))
    is_good = (
        summary["tx_per_second_ratio"] >= RATIO_MIN
        and summary["p50_ratio"] <= LATENCY_RATIO_MAX
        and summary["memory_growth_mb"] <= GROWTH_MAX_MB
    )
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
