#!/usr/bin/env python3
"""The cost of execution, state tree and store writes, against that of verifying signatures.

For each number of accounts a chain is made in a fresh LevelDB. Then, block after block: transfers
from distinct senders to random accounts are signed (not timed); one thread verifies all signatures
(timed); the chain executes the block (timed): skip rules, balances, receipts, transaction and
receipts roots, the state tree, one atomic batch with bodies, indices and touched leaves. Both times
stand side by side in one run, so that the ratio holds on a machine that is busy or slow.
"""

import argparse
import gc
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.block import encode_payload
from ledger.chain import Chain
from ledger.genesis import Genesis
from ledger.keys import KeyPair, verify_many
from ledger.store.leveldb import LevelStore
from ledger.transaction import Envelope, Transfer, build, signing_bytes

SENDERS_MAX = 4_000
"""Accounts with keys of ours; the tree spreads them evenly by their hashes."""
BALANCE = 10**9
WARM_UP_BLOCKS = 3


class Stages:
    """Milliseconds by name, one entry per block."""

    def __init__(self) -> None:
        self.times_ms: dict[str, list[float]] = {}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Time what happens inside."""
        begin = time.perf_counter()
        yield
        self.times_ms.setdefault(stage, []).append((time.perf_counter() - begin) * 1e3)

    def median_ms(self, stage: str) -> float:
        """The median without the first blocks."""
        return statistics.median(self.times_ms[stage][WARM_UP_BLOCKS:])


class World:
    """A chain with many accounts, some of which are ours."""

    def __init__(self, folder: Path, accounts: int, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a benchmark wants the same every time
        self.keys = [KeyPair(self.random.randbytes(32)) for _ in range(min(accounts, SENDERS_MAX))]
        allocations = {key.public_key: BALANCE for key in self.keys}
        while len(allocations) < accounts:
            allocations[self.random.randbytes(32)] = BALANCE
        self.accounts = list(allocations)
        self.genesis = Genesis(
            name="bench",
            engine="none",
            validators=(self.keys[0].public_key,),
            allocations=allocations,
        )
        self.path = folder / f"accounts-{accounts}"
        self.stages = Stages()
        self.chain = self.open()

    def open(self) -> Chain:
        """Open the chain in its folder."""
        self.store = LevelStore(self.path)
        return Chain.open(self.store, self.genesis, self.stages.measure)

    def make_transfers(self, count: int) -> list[Envelope]:
        """Signed transfers of distinct senders to random accounts."""
        chain_id, chain = self.genesis.chain_id, self.chain
        return [
            build(
                chain_id,
                key,
                chain.account(key.public_key).nonce,
                1,
                chain.height + 100,
                Transfer(self.random.choice(self.accounts), 1),
            )
            for key in self.random.sample(self.keys, count)
        ]

    def run_block(self, transfers: int) -> None:
        """Verify the signatures of one block, then execute it."""
        envelopes = self.make_transfers(transfers)
        bodies = {envelope.id: envelope for envelope in envelopes}
        proposer = self.keys[0].public_key
        value = encode_payload(self.chain.height, proposer, list(bodies))
        with self.stages.measure("verify"):
            answers = verify_many(
                [
                    (e.transaction.sender, signing_bytes(e), e.transaction.signature)
                    for e in envelopes
                ]
            )
        with self.stages.measure("execute"):
            applied = self.chain.execute(self.chain.height + 1, (value,), b"", bodies.get)
        if not all(answers) or len(applied.ids) != transfers:
            raise SystemExit("the benchmark's own transactions were not all applied")


def measure_size(folder: Path, accounts: int, options: argparse.Namespace) -> dict[str, Any]:
    """One row of the report."""
    world = World(folder, accounts, options.seed)
    gc.collect()
    for _ in range(WARM_UP_BLOCKS + options.blocks):
        world.run_block(options.transfers)
    world.chain.check_total_supply()
    height = world.chain.height
    world.chain.close()
    begin = time.perf_counter()
    reopened = world.open()
    open_seconds = time.perf_counter() - begin
    assert reopened.height == height
    reopened.close()
    return describe(world, accounts, options.transfers, open_seconds)


def describe(world: World, accounts: int, transfers: int, open_seconds: float) -> dict[str, Any]:
    """The figures of a run, per block and per transfer."""
    stages = world.stages
    verify_ms, execute_ms = stages.median_ms("verify"), stages.median_ms("execute")
    tree_ms, store_ms = stages.median_ms("state-tree"), stages.median_ms("store")
    size = sum(file.stat().st_size for file in world.path.glob("*"))
    return {
        "accounts": accounts,
        "transfers": transfers,
        "verify_ms": round(verify_ms, 2),
        "execute_ms": round(execute_ms, 2),
        "state_tree_ms": round(tree_ms, 2),
        "store_ms": round(store_ms, 2),
        "rest_ms": round(execute_ms - tree_ms - store_ms, 2),
        "execute_us_per_transfer": round(execute_ms * 1e3 / transfers, 1),
        "state_tree_and_store_ratio": round((tree_ms + store_ms) / verify_ms, 3),
        "ratio": round(execute_ms / verify_ms, 3),
        "open_seconds": round(open_seconds, 2),
        "database_bytes": size,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def describe_machine() -> dict[str, Any]:
    """What the figures depend on."""
    done = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "commit": done.stdout.strip() or None,
    }


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--accounts",
        type=int,
        nargs="+",
        default=[100_000],
        metavar="N",
        help="sizes of the state (default: 100000); for growth: 10000 100000 1000000",
    )
    parser.add_argument("--transfers", type=int, default=1_000, help="per block (default: 1000)")
    parser.add_argument("--blocks", type=int, default=15, help="measured per size (default: 15)")
    parser.add_argument("--seed", type=int, default=1, help="of keys and choices (default: 1)")
    parser.add_argument(
        "--ratio-max", type=float, default=1.5, help="exit with 1 above this (default: 1.5)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    if options.transfers < 1 or options.blocks < 1:
        parser.error("--transfers and --blocks: at least 1")
    if min(options.accounts) < options.transfers or options.transfers > SENDERS_MAX:
        parser.error(f"--transfers: at most {SENDERS_MAX}, and no more than --accounts")
    return options


def show_row(row: dict[str, Any]) -> None:
    """A line for people."""
    print(
        f"{row['accounts']:>9,} accounts: verify {row['verify_ms']:.1f} ms, "
        f"execute {row['execute_ms']:.1f} ms (state tree {row['state_tree_ms']:.1f}, "
        f"store {row['store_ms']:.1f}, rest {row['rest_ms']:.1f}), ratio {row['ratio']:.2f}; "
        f"opens in {row['open_seconds']:.1f} s, peak {row['peak_memory_bytes'] >> 20} MiB",
        flush=True,
    )


def main() -> int:
    """Measure every size; the status is 0 if all ratios are within bounds."""
    options = parse_options()
    rows = []
    with tempfile.TemporaryDirectory(prefix="quorate-bench-") as folder:
        for accounts in options.accounts:
            rows.append(measure_size(Path(folder), accounts, options))
            if not options.json:
                show_row(rows[-1])
    worst = max(row["ratio"] for row in rows)
    if options.json:
        report = {"machine": describe_machine(), "blocks": options.blocks, "sizes": rows}
        print(json.dumps(report | {"ratio": worst, "ratio_max": options.ratio_max}))
    return int(worst > options.ratio_max)


if __name__ == "__main__":
    sys.exit(main())
