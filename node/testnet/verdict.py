"""How a run ended: the JSON object of `quorate testnet run --for … --json`."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from node.client import Client, ClientError
from node.load.latency import summarise_latencies
from node.load.tracker import Tracker
from node.testnet.forks import count_forks

POLL_S = 0.2


class RunningLoad(Protocol):
    """A load that a run waits for, as far as its account looks."""

    @property
    def tracker(self) -> Tracker:
        """What became of everything so far."""
        ...

    @property
    def seconds(self) -> float:
        """How long it has been on."""
        ...

    def check(self) -> None:
        """Raise what the load failed with, if it did."""

    async def finish(self, timeout_s: float) -> tuple[int, int]:
        """Stop and wait, at most so long; how many are pending even so, and how many are lost."""
        ...

    async def close(self) -> None:
        """Stop at once."""


class Agreement(msgspec.Struct, frozen=True):
    """Do all nodes hold the same final block at the same height, and which height is that.

    Without agreement it is the lowest height that a node told, 0 where none answered.
    """

    agree: bool
    height: int


async def judge_agreement(clients: Sequence[Client], timeout_s: float) -> Agreement:
    """Wait, at most so long, until all nodes hold the same final block at the same height."""
    deadline = time.monotonic() + timeout_s
    while True:
        heads = await asyncio.gather(*(read_final(client) for client in clients))
        known = [head for head in heads if head is not None]
        if len(known) == len(clients) and len(set(known)) == 1:
            return Agreement(True, known[0][0])
        if time.monotonic() >= deadline:
            return Agreement(False, min((height for height, _ in known), default=0))
        await asyncio.sleep(POLL_S)


async def read_final(client: Client) -> tuple[int, bytes] | None:
    """Height and id of a node's final block; None where it does not answer."""
    try:
        block = await client.block("final")
    except ClientError:
        return None
    return block.height, block.id


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The whole account of a run; `to_plain` is its JSON form."""

    engine: str
    nodes: int
    seconds: float
    submitted: int
    final: int
    failed: int
    dropped: int
    lost: int
    tx_per_second: float
    latency_ms: dict[str, float | None]
    height: int
    forks: dict[str, int | float | None]
    agree: bool

    @property
    def is_good(self) -> bool:
        """All nodes agree, and nothing accepted was lost."""
        return self.agree and not self.lost

    def to_plain(self) -> dict[str, Any]:
        """For JSON, keys in the documented order."""
        return msgspec.structs.asdict(self)


async def reach_verdict(
    engine: str,
    clients: Sequence[Client],
    load: RunningLoad | None,
    timeout_s: float,
    seconds: float,
) -> Verdict:
    """Stop the load, wait for what was accepted and for agreement, and draw up the account.

    `submitted` counts what was accepted; `seconds` is how long the run took where there is no load.
    """
    started = time.monotonic()
    lost = 0
    if load is not None:
        seconds = load.seconds
        _, lost = await load.finish(timeout_s)
    left_s = max(timeout_s - (time.monotonic() - started), 1.0)
    agreement = await judge_agreement(clients, left_s)
    tracker = None if load is None else load.tracker
    final = tracker.final if tracker else 0
    return Verdict(
        engine=engine,
        nodes=len(clients),
        seconds=round(seconds, 3),
        submitted=tracker.accepted if tracker else 0,
        final=final,
        failed=tracker.failed.total() if tracker else 0,
        dropped=tracker.dropped.total() if tracker else 0,
        lost=lost,
        tx_per_second=round(final / seconds, 2) if seconds > 0 else 0.0,
        latency_ms=summarise_latencies(tracker.latencies_s if tracker else ()),
        height=agreement.height,
        forks=await count_forks(clients),
        agree=agreement.agree,
    )
