#!/usr/bin/env python3
"""Hashes a second of mining processes, and how soon they give up an old template for a new one.

For each number of workers: a template that nobody can prove is searched for a while and the hashes
are counted; then templates change again and again, and the time is taken from the order of each to
the last worker's report that it has given up the one before.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from typing import Any

from consensus import catalog
from consensus.block import Header, TreeBlock
from consensus.pow.work import Claim, encode_claim
from node.load.machine import describe_machine, read_commit
from node.mining.miner import Miner
from node.mining.orders import Left, Report

HOPELESS_BITS = 0x03000001
"""A target of 1: no hash will ever be as small."""
POLL_S = 0.001
STOP_MS_MAX = 50.0


class Bench:
    """A miner whose workers tell when they give up a template."""

    def __init__(self, engine: str, workers: int, nice: int) -> None:
        self.left = 0
        self.workers = workers
        self.miner = Miner(
            engine,
            workers=workers,
            nice=nice,
            on_found=lambda _: None,
            on_exhausted=lambda _: None,
            on_failure=lambda _: None,
            on_report=self._note,
        )
        self._templates = 0

    def _note(self, report: Report) -> None:
        self.left += isinstance(report, Left)

    def change(self) -> None:
        """Search another template."""
        self._templates += 1
        claim = encode_claim(Claim(HOPELESS_BITS, 0, 0))
        header = Header(1, bytes(32), self._templates, bytes(32), claim)
        self.miner.mine(TreeBlock(header, b""))

    async def until(self, running: int, left: int) -> None:
        """Wait until so many workers run, and have given up so many templates."""
        while self.miner.account().running < running or self.left < left:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)  # the state is the miner's own, which tells nobody


async def measure_rate(bench: Bench, seconds: float) -> float:
    """Hashes a second over a stretch that begins and ends with a change of templates."""
    bench.change()
    before, started = bench.left, time.perf_counter()
    await asyncio.sleep(seconds)
    bench.change()
    await bench.until(0, before + bench.workers)
    return bench.miner.account().hashes / (time.perf_counter() - started)


async def measure_stops(bench: Bench, changes: int) -> list[float]:
    """Milliseconds from a new template to the last worker's word that it has left the old one."""
    took_ms = []
    for _ in range(changes):
        await asyncio.sleep(0.02)
        left, started = bench.left, time.perf_counter()
        bench.change()
        await bench.until(0, left + bench.workers)
        took_ms.append((time.perf_counter() - started) * 1e3)
    return sorted(took_ms)


async def measure(workers: int, options: argparse.Namespace) -> dict[str, Any]:
    """One row of the report."""
    bench = Bench(options.engine, workers, options.nice)
    bench.miner.start()
    try:
        await bench.until(workers, 0)
        rate = await measure_rate(bench, options.seconds)
        stops_ms = await measure_stops(bench, options.changes)
    finally:
        await bench.miner.close()
    return {
        "workers": workers,
        "hashes_per_second": round(rate),
        "stop_ms": {
            "p50": round(statistics.median(stops_ms), 2),
            "p95": round(stops_ms[int(0.95 * (len(stops_ms) - 1))], 2),
            "max": round(stops_ms[-1], 2),
        },
    }


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default=first_mined(), help="which engine's proofs")
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[1, 2], metavar="N", help="default: 1 2"
    )
    parser.add_argument("--nice", type=int, default=19, help="their priority (default: 19)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of hashing (default: 5)")
    parser.add_argument("--changes", type=int, default=100, help="of templates (default: 100)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args()
    if min(options.workers) < 1 or options.seconds <= 0 or options.changes < 1:
        parser.error("--workers, --seconds and --changes must be positive")
    return options


def first_mined() -> str:
    """The first engine of the catalog that asks for proofs of work."""
    return next(name for name in catalog.names() if catalog.get(name).tree)


def main() -> int:
    """Measure each number of workers; the status is 0 if half of all stops are within 50 ms."""
    options = parse_options()
    rows = []
    for workers in options.workers:
        rows.append(asyncio.run(measure(workers, options)))
        if not options.json:
            stop_ms = rows[-1]["stop_ms"]
            print(
                f"{workers:>3} workers: {rows[-1]['hashes_per_second']:>10,} hashes/s, stopped"
                f" after ms p50 {stop_ms['p50']} p95 {stop_ms['p95']} max {stop_ms['max']}",
                flush=True,
            )
    if options.json:
        report = {"machine": describe_machine(), "commit": read_commit(), "nice": options.nice}
        print(json.dumps(report | {"engine": options.engine, "rows": rows}))
    return int(max(row["stop_ms"]["p50"] for row in rows) > STOP_MS_MAX)


if __name__ == "__main__":
    sys.exit(main())
