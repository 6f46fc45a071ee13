"""Benchmarks of networks that exist for nothing else: made, measured, stopped, removed."""

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from ledger.keys import KeyPair
from node.identity import load_identity
from node.load.benchmark import BenchmarkOptions, Report, Say, run_benchmark
from node.testnet.network import create_network
from node.testnet.plan import Plan
from node.testnet.supervisor import Supervisor


async def bench_network(
    home: Path, plan: Plan, options: BenchmarkOptions, say: Say, *, keep: bool
) -> Report:
    """Make the network in `home`, measure it, end it; raises what makes that impossible.

    The folder is removed unless it is to be kept, or something went wrong.
    """
    network = create_network(home, plan)
    supervisor = Supervisor(network)
    try:
        supervisor.start()
        say(f"{plan.validators} validators of {plan.engine} in {network.home}")
        await supervisor.wait_ready()
        urls = [member.url for member in network.members]
        faucet = KeyPair(load_identity(network.faucet_path).seed)
        report = await run_benchmark(urls, faucet, options, say)
    finally:
        await supervisor.stop()
    if not keep:
        remove(network.home)
    return report


def remove(home: Path) -> None:
    """Delete a network's folder, and the folder around it once that is empty."""
    shutil.rmtree(home, ignore_errors=True)
    with contextlib.suppress(OSError):
        home.parent.rmdir()


async def bench_all(
    folder: Path,
    plans: Sequence[Plan],
    options: BenchmarkOptions,
    say: Say,
    *,
    keep: bool = False,
) -> list[Report]:
    """One network after the other, each in a folder of its own."""
    reports = []
    for plan in plans:
        home = folder / f"{plan.engine}-{plan.validators}-validators"
        reports.append(await bench_network(home, plan, options, say, keep=keep))
    return reports
