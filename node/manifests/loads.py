"""The load of a manifest: demo payments at a rate, or the rows of a file."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ledger.keys import KeyPair
from node.client import Client
from node.identity import load_identity
from node.load.tracker import Tracker
from node.manifests.manifest import Load
from node.replay.progress import Bar
from node.replay.rows import read_rows
from node.replay.run import Order, Replay, derive_seed
from node.tasks import end
from node.testnet.demo import start_demo
from node.testnet.network import Network
from node.testnet.verdict import RunningLoad


class ReplayLoad:
    """A replay as the load of a run; its senders are funded by the network's faucet first."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._loop = asyncio.get_running_loop()
        self._started_at = self._loop.time()
        self._running = asyncio.create_task(replay.run(), name="replay")

    @property
    def tracker(self) -> Tracker:
        """What became of everything so far."""
        return self._replay.tracker

    @property
    def seconds(self) -> float:
        """How long it has been on."""
        return self._loop.time() - self._started_at

    def check(self) -> None:
        """Raise what the replay failed with, if it did."""
        if self._running.done():
            self._running.result()

    async def finish(self, timeout_s: float) -> tuple[int, int]:
        """Send nothing new and wait; how many are pending even so, and how many are lost."""
        self._replay.stop()
        await asyncio.wait({self._running}, timeout=timeout_s)
        if not self._running.done():
            return len(self.tracker.waiting), 0
        account = self._running.result()
        return account.pending, account.lost

    async def close(self) -> None:
        """Stop at once."""
        await end(self._running)


async def start_load(
    load: Load, folder: Path, network: Network, clients: Sequence[Client]
) -> RunningLoad | None:
    """Start it; `folder` is where the manifest stands. None where nothing is to be sent."""
    if load.replay is None:
        return await start_demo(clients, network.demo_keys(), load.rate) if load.rate else None
    rows = read_rows(folder / load.replay, load.columns)
    faucet = load_identity(network.faucet_path).seed
    order = Order(rows, derive_seed(None, faucet), KeyPair(faucet), load.rate)
    return ReplayLoad(Replay(order, clients, Bar(Console(quiet=True))))
